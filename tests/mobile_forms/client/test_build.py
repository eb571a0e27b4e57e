"""The phone's program as it is built: whole, small, pinned, and its own tests."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from mobile_forms import build

SHELL_LIMIT = 60 * 1024
DESK = "src/desk/main.tsx"


@pytest.fixture(scope="module")
def dist() -> Path:
    return build.build()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give the sources and the last build in a place of their own."""
    build.build()
    copied = tmp_path / "client"
    shutil.copytree(build.CLIENT, copied, ignore=shutil.ignore_patterns("node_modules", "build"))
    return copied


def _manifest(dist: Path) -> dict[str, Any]:
    return json.loads((dist / build.MANIFEST).read_text())


def _with_imports(manifest: dict[str, Any], name: str) -> set[str]:
    entry = manifest[name]
    found = {entry["file"], *entry.get("css", [])}
    for other in entry.get("imports", []):
        found |= _with_imports(manifest, other)
    return found


def _compressed(dist: Path, names: set[str]) -> int:
    return sum(len(gzip.compress((dist / name).read_bytes())) for name in names)


def test_the_build_holds_the_program_the_desk_and_the_service_worker(dist: Path) -> None:
    assert {"index.html", "sw.js", "manifest.webmanifest", "icon.svg", "icon-192.png", "icon-512.png"} <= {
        path.name for path in (dist / "visit").iterdir()
    }
    desk = _manifest(dist)[DESK]
    assert (dist / desk["file"]).is_file()
    assert desk["css"]


def test_shell_and_list_are_at_most_60_kb_compressed(dist: Path) -> None:
    names = _with_imports(_manifest(dist), "visit/index.html") | {"visit/index.html"}
    assert _compressed(dist, names) <= SHELL_LIMIT


def test_the_service_worker_keeps_every_file_of_the_program_and_nothing_else(dist: Path) -> None:
    worker = (dist / "visit/sw.js").read_text()
    kept = set(re.findall(r"[`\"'](/visit/[^`\"']*)[`\"']", worker)) - {"/visit/api/"}
    program = {f"/{path.relative_to(dist).as_posix()}" for path in (dist / "visit").rglob("*") if path.is_file()}
    assert kept == program - {"/visit/index.html", "/visit/sw.js"} | {"/visit/"}


def test_the_page_needs_no_inline_script_or_style(dist: Path) -> None:
    page = (dist / "visit/index.html").read_text()
    assert "<style" not in page
    assert "style=" not in page
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []


def test_the_desks_styles_touch_nothing_outside_the_interview(dist: Path) -> None:
    rules = "".join((dist / name).read_text() for name in _manifest(dist)[DESK]["css"])
    selectors = re.findall(r"(?:^|[{}])\s*([^{}@]+)\{", rules)
    assert selectors
    assert [each for each in selectors if not all("#interview" in one for one in each.split(","))] == []


def test_the_program_names_no_other_host_than_the_maps_that_a_person_opens(dist: Path) -> None:
    shell = _with_imports(_manifest(dist), "visit/index.html")
    words = "".join((dist / name).read_text() for name in shell if name.endswith(".js"))
    hosts = {host for host in re.findall(r"https?://([\w.-]+)", words) if not host.endswith("w3.org")}
    assert hosts <= {"uri.amap.com"}


def test_the_lock_holds_hashes_and_no_addresses() -> None:
    lock = json.loads((build.CLIENT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not any("resolved" in entry for entry in packages.values())


def test_a_build_of_the_same_sources_is_not_repeated(copy: Path) -> None:
    assert build.is_built(copy)
    stamp = (copy / "dist/visit/sw.js").stat().st_mtime_ns
    assert build.build(copy) == copy / "dist"
    assert (copy / "dist/visit/sw.js").stat().st_mtime_ns == stamp


@pytest.mark.parametrize("changed", ["src/i18n/zh.json", "package-lock.json", "visit/index.html"])
def test_a_changed_source_asks_for_a_new_build(copy: Path, changed: str) -> None:
    with (copy / changed).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert not build.is_built(copy)


def test_a_build_that_lost_a_file_is_not_taken_for_one(copy: Path) -> None:
    (copy / "dist/visit/sw.js").unlink()
    assert not build.is_built(copy)


def test_a_new_build_takes_the_place_of_the_last_one_whole(tmp_path: Path) -> None:
    copied = tmp_path / "client"
    shutil.copytree(build.CLIENT, copied, ignore=shutil.ignore_patterns("node_modules", "build"))
    (copied / "node_modules").symlink_to(build.CLIENT / "node_modules", target_is_directory=True)
    (copied / "dist/left over").touch()
    with (copied / "src/i18n/zh.json").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert build.is_built(copied) is False
    build.build(copied)
    assert build.is_built(copied)
    assert not (copied / "dist/left over").exists()
    assert list((copied / "build").iterdir()) == []


def test_a_script_that_fails_is_told_in_its_own_words(tmp_path: Path) -> None:
    script = tmp_path / "bad.js"
    script.write_text("console.error('缺了一个文件'); process.exit(3)")
    with pytest.raises(build.BuildError, match=r"bad\.js now failed \(3\):\n缺了一个文件"):
        build.Node.find().run(script, "now", cwd=tmp_path)


def test_both_languages_have_every_sentence() -> None:
    catalogs = [json.loads((build.CLIENT / f"src/i18n/{name}.json").read_text()) for name in ("zh", "en")]
    assert catalogs[0].keys() == catalogs[1].keys()
    for key, sentence in catalogs[0].items():
        assert set(re.findall(r"\{\w+\}", sentence)) == set(re.findall(r"\{\w+\}", catalogs[1][key])), key


def test_the_clients_own_tests_pass() -> None:
    build.run_tests(build.CLIENT)
