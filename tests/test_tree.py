"""What every file of the tree is held to."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[1]
SERVER = ROOT / "survey_server"
OURS = ("sampling", "analysis", "mobile_forms", "survey_server", "tests", ".ci")
NOT_OURS = {"node_modules", "dist", "vendor", "__pycache__"}
LANGUAGE = "zh_Hans_CN"

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60

# in pieces, for this file is held to the rule as well
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmmirror", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("archive", "ubuntu", "com"),
    )
)

ALONE = """
import importlib, pkgutil, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"flask", "werkzeug", "sqlalchemy", "sqlmodel", "survey_server"}:
            raise ImportError(f"{name} is not for a pure package")

sys.meta_path.insert(0, Refuse())
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
    print(module.name)
"""


def files(*suffixes: str) -> Iterator[Path]:
    """Our files that end in one of ``suffixes``, or all of them."""
    found = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]
    for folder in OURS:
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in found:
        if NOT_OURS.isdisjoint(path.parts) and (not suffixes or path.suffix in suffixes):
            yield path


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_is_longer_than_a_person_reads_in_one_go() -> None:
    lengths = {name(path): len(path.read_bytes().splitlines()) for path in files(".py", ".ts", ".tsx", ".css")}

    assert len(lengths) > 10
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES_OF_A_FILE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    lengths = {
        f"{name(path)}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in files(".py")
        if "versions" not in path.parts  # a migration is a list of tables
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert len(lengths) > 50
    assert {place: lines for place, lines in lengths.items() if lines > MOST_LINES_OF_A_FUNCTION} == {}


def test_lock_files_pin_by_hash_and_by_no_address() -> None:
    python = list(ROOT.glob("*.lock"))
    node = [path for path in files(".json") if path.name == "package-lock.json"]
    assert len(python) == 3
    assert len(node) == 2

    for path in python:
        text = path.read_text("utf-8")
        assert "://" not in text, name(path)
        for pinned in re.findall(r"^[\w.-]+==[^\n]*(?:\n    [^\n]*)*", text, re.MULTILINE):
            assert "--hash=sha256:" in pinned, (name(path), pinned)
    for path in node:
        assert '"resolved"' not in path.read_text("utf-8"), name(path)


def test_no_file_names_a_package_registry() -> None:
    named = [
        f"{name(path)}: {host}" for path in files() for host in REGISTRIES if host.encode() in path.read_bytes().lower()
    ]

    assert named == []


@pytest.mark.parametrize("package", ["sampling", "analysis", "mobile_forms"])
def test_a_pure_package_needs_no_flask_and_no_database(package: str) -> None:
    done = subprocess.run([sys.executable, "-c", ALONE, package], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert f"{package}." in done.stdout


# -- every word that a user sees ---------------------------------------------------------------------


@cache
def messages() -> dict[str, set[str]]:
    """Every message of the server and the files where it stands."""
    methods = [
        ("**/templates/**", "jinja2.ext:babel_extract"),
        ("**.py", "python"),
    ]
    keywords = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2)}
    options = {"**/templates/**": {"silent": "false", "trimmed": "true"}}
    found: dict[str, set[str]] = defaultdict(set)
    for file, _line, message, *_ in extract_from_dir(SERVER, methods, options, keywords, strip_comment_tags=True):
        found[message if isinstance(message, str) else message[0]].add(file)
    return found


@cache
def catalogs() -> dict[Path, Catalog]:
    """The Chinese catalog of every room."""
    found = {}
    for path in SERVER.glob(f"*/translations/{LANGUAGE}/LC_MESSAGES/messages.po"):
        with path.open("rb") as source:
            found[path] = read_po(source, locale=LANGUAGE, abort_invalid=True)
    return found


def translated() -> Iterator[tuple[Path, str, Message]]:
    """Every entry that has a translation, by its catalog and its English."""
    for path, catalog in catalogs().items():
        for message in catalog:
            if message.id and message.string and not message.fuzzy:
                yield path, message.id if isinstance(message.id, str) else message.id[0], message


def test_every_word_that_a_user_sees_is_translated_into_chinese() -> None:
    known = {english for _, english, _ in translated()}
    missing = [f"{min(places)}: {english}" for english, places in messages().items() if english not in known]

    assert len(messages()) > 50
    assert missing == [], "\n".join(missing)


def test_no_translation_is_left_of_words_that_are_gone() -> None:
    assert [english for _, english, _ in translated() if english not in messages()] == []


def test_rooms_that_share_words_agree_on_their_translation() -> None:
    chinese: dict[str, set[str]] = defaultdict(set)
    for _, english, message in translated():
        chinese[english].add(str(message.string))

    assert {english: texts for english, texts in chinese.items() if len(texts) > 1} == {}


def test_translations_keep_the_places_for_names_and_numbers() -> None:
    broken = [
        f"{name(path)}: {english}: {error}" for path, english, message in translated() for error in message.check()
    ]
    places = [
        f"{name(path)}: {english}"
        for path, english, message in translated()
        if isinstance(message.string, str)
        and set(re.findall(r"%\(\w+\)\w", english)) != set(re.findall(r"%\(\w+\)\w", message.string))
    ]

    assert broken == []
    assert places == []


def test_a_per_cent_sign_of_a_page_is_written_twice() -> None:
    """Jinja takes every message of a page as a format, so that a single sign breaks the page."""

    class Anything(dict[str, int]):
        def __missing__(self, key: str) -> int:
            return 1

    def is_format(text: str) -> bool:
        try:
            return bool(text % Anything())
        except (TypeError, ValueError):
            return False

    pages = {english for english, places in messages().items() if any(place.endswith(".html") for place in places)}
    chinese = {str(message.string) for _, english, message in translated() if english in pages}

    assert [text for text in sorted(pages | chinese) if not is_format(text)] == []
