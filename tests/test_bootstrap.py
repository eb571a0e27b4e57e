"""The script that everybody starts with."""

from __future__ import annotations

import ast
import gettext
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap
from bootstrap import Stop, Tree

ROOT = Path(bootstrap.__file__).parent
SOURCE = (ROOT / "bootstrap.py").read_text("utf-8")
TRANSLATION = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Households"
msgstr "{}"
"""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    for name in ("bootstrap.lock", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text(name)
    return Tree(tmp_path)


def pretend_installed(tree: Tree) -> None:
    tree.python.parent.mkdir(parents=True)
    tree.python.touch()
    tree.stamp.write_text(tree.fingerprint())


def write_translation(tree: Tree, text: str) -> Path:
    path = tree.root / "survey_server/rosters/translations/zh_Hans_CN/LC_MESSAGES/messages.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TRANSLATION.format(text), "utf-8")
    return path


def test_it_needs_the_standard_library_alone() -> None:
    names = {
        name.split(".")[0]
        for node in ast.parse(SOURCE).body
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert "subprocess" in names
    assert names <= sys.stdlib_module_names


def test_an_old_python_can_read_it_so_that_it_can_be_told() -> None:
    ast.parse(SOURCE, feature_version=(3, 8))

    with pytest.raises(Stop, match=r"Python 3\.11 or newer is needed; this is 3\.9"):
        bootstrap.check_python((3, 9))
    bootstrap.check_python((3, 11))


def test_the_installer_is_pinned_by_hash_and_by_no_address() -> None:
    lock = (ROOT / "bootstrap.lock").read_text("ascii")

    assert re.findall(r"^(\w+)==[\d.]+ ", lock, re.MULTILINE) == ["uv"]
    assert "--hash=sha256:" in lock
    assert "://" not in lock


def test_nothing_is_installed_again_while_the_locks_stay(tree: Tree) -> None:
    assert not tree.is_installed()

    pretend_installed(tree)

    assert tree.is_installed()
    bootstrap.install(tree)  # would fail here: these locks are no locks


@pytest.mark.parametrize("name", ["bootstrap.lock", "requirements.lock", "pyproject.toml"])
def test_a_changed_lock_is_installed(tree: Tree, name: str) -> None:
    pretend_installed(tree)
    (tree.root / name).write_text("changed")

    assert not tree.is_installed()


def test_an_environment_that_lost_its_python_is_installed_again(tree: Tree) -> None:
    pretend_installed(tree)
    tree.python.unlink()

    assert not tree.is_installed()


def test_where_debian_left_venv_out_one_line_says_what_to_install(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)

    with pytest.raises(Stop, match="sudo apt install python3-venv"):
        bootstrap.make_venv(tree)


def test_a_failing_step_stops_everything_and_is_named(tree: Tree) -> None:
    with pytest.raises(Stop, match=r"^uv .*failed"):
        bootstrap.run(tree, [sys.executable, "-c", "raise SystemExit(3)"], "uv")


def test_translations_are_compiled_when_they_change_and_only_then(tree: Tree) -> None:
    source = write_translation(tree, "户")
    assert bootstrap.stale_catalogs(tree.root) == [source]

    bootstrap.compile_catalogs(tree.root)

    assert bootstrap.stale_catalogs(tree.root) == []
    with source.with_suffix(".mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Households") == "户"

    write_translation(tree, "家庭")
    later = source.with_suffix(".mo").stat().st_mtime_ns + 1
    os.utime(source, ns=(later, later))
    assert bootstrap.stale_catalogs(tree.root) == [source]


@pytest.mark.parametrize(
    ("words", "handed"),
    [
        (["run", "--lan"], ["-m", "survey_server", "run", "--lan"]),
        (["sample", "verify", "a.xlsx"], ["-m", "survey_server", "sample", "verify", "a.xlsx"]),
        (["interop", "-x"], ["-m", "pytest", "-m", "interop", "-x"]),
        (["bench", "draw"], ["-m", "tests.performance.runner", "draw"]),
    ],
)
def test_each_word_is_handed_to_the_program_that_knows_it(tree: Tree, words: list[str], handed: list[str]) -> None:
    assert bootstrap.command(tree, *words) == [str(tree.python), *handed]


def test_the_tests_leave_out_what_needs_more_than_python(tree: Tree) -> None:
    words = bootstrap.command(tree, "test", "-k", "tickets")

    assert words[1:5] == ["-m", "pytest", "-m", "not interop and not performance"]
    assert words[-2:] == ["-k", "tickets"]


def test_interop_says_which_programs_are_missing_and_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None if name == "soffice" else f"/usr/bin/{name}")
    (line,) = bootstrap.missing_programs()
    assert "缺少 soffice" in line
    assert "libreoffice-calc" in line


REPORT = """{"dependencies": [
  {"name": "flask", "version": "3.1.3", "vulns": []},
  {"name": "x", "version": "1.0", "vulns": [{"id": "CVE-2026-0001", "fix_versions": ["1.1", "2.0"]}]},
  {"name": "y", "skip_reason": "not found"}
], "fixes": []}"""
UNKNOWN = '{"dependencies": [{"name": "y", "skip_reason": "not found"}]}'


def test_what_is_known_of_the_locked_packages_is_read() -> None:
    assert bootstrap.advisories(REPORT) == [[], ["x 1.0: CVE-2026-0001, mended in 1.1, 2.0"]]
    assert bootstrap.advisories(UNKNOWN) == []
    assert bootstrap.advisories("Traceback") is None


@pytest.mark.parametrize(
    ("answer", "complaint", "passes", "said"),
    [
        (REPORT, "", False, "✗ pip-audit\nx 1.0: CVE-2026-0001"),
        (
            REPORT.replace('"vulns": [{"id": "CVE-2026-0001", "fix_versions": ["1.1", "2.0"]}]', '"vulns": []'),
            "",
            True,
            "✓",
        ),
        (UNKNOWN, "", True, "no advisories can be reached"),
        ("", "requests.exceptions.ConnectionError: no route", True, "no advisories can be reached"),
        ("", "unknown option", False, "unknown option"),
    ],
)
def test_a_flaw_that_is_known_fails_and_advisories_out_of_reach_are_said(
    tree: Tree, capsys: pytest.CaptureFixture[str], answer: str, complaint: str, passes: bool, said: str
) -> None:
    """An environment whose pip_audit answers so."""
    module = tree.root / "pip_audit.py"
    module.write_text(f"import sys; sys.stdout.write({answer!r}); sys.stderr.write({complaint!r}); sys.exit(1)")
    tree.scripts.mkdir(parents=True)
    tree.python.symlink_to(sys.executable)

    assert bootstrap.audit(tree) is passes
    assert said in capsys.readouterr().out


def test_every_program_trusts_the_certificates_of_the_system(tree: Tree) -> None:
    found = bootstrap.environment(tree)

    assert found["UV_SYSTEM_CERTS"] == "1"
    assert found["NODE_USE_SYSTEM_CA"] == "1"
    assert found["PATH"].split(os.pathsep)[0] == str(tree.scripts)


def test_a_mirror_that_pip_was_told_of_is_used_by_uv_too(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.scripts.mkdir(parents=True)
    tree.python.symlink_to(sys.executable)
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://mirror.example/simple")

    assert bootstrap.index_of_pip(tree) == {"UV_DEFAULT_INDEX": "http://mirror.example/simple"}


def test_without_a_command_it_tells_what_there_is() -> None:
    done = subprocess.run(
        [sys.executable, "-I", ROOT / "bootstrap.py"], capture_output=True, check=True, encoding="utf-8"
    )

    for word in ("run", "run --lan", "test", "interop", "lint", "bench"):
        assert f"bootstrap.py {word} " in done.stdout
