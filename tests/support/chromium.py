"""Which browser the tests drive, and where it comes from.

``ZOUFANG_BROWSER`` names one (a path, or ``npm`` for the packaged one). Else it is the machine's own
Chromium, Chrome or Edge, else one that Playwright installed, else the one that npm packages for Linux.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from tests.support import nodejs

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tests" / "browser"
UNPACKED = ROOT / "var" / "browser"
VARIABLE = "ZOUFANG_BROWSER"
PACKAGED = "npm"
REMEDY = (
    "没有浏览器可用于测试。请安装 Chromium、Chrome 或 Edge(Debian: apt install chromium),"
    f"或用 {VARIABLE} 指明其路径。 No browser to test with: install Chromium, Chrome or Edge, "
    f"or name one by {VARIABLE}."
)

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
MAC_APPLICATIONS = ("Google Chrome", "Chromium", "Microsoft Edge")
WINDOWS_PROGRAMS = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe")
PLAYWRIGHT_FOLDERS = (
    "~/.cache/ms-playwright",
    "~/Library/Caches/ms-playwright",
    "~/AppData/Local/ms-playwright",
)
PLAYWRIGHT_PROGRAMS = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
    "chromium-*/chrome-win*/chrome.exe",
)

UNPACK = """
import chromium from "@sparticuz/chromium";
console.log(JSON.stringify(await chromium.executablePath()));
"""


class NoBrowserError(RuntimeError):
    """No browser can be had; the message says what to do."""


@dataclass(frozen=True)
class Chromium:
    """A browser's program and the variables that it alone needs."""

    program: Path
    environment: dict[str, str] = field(default_factory=dict)


def find() -> Chromium:
    """The browser to drive; raises :class:`NoBrowserError`."""
    named = os.environ.get(VARIABLE, "")
    if named == PACKAGED:
        return bring()
    if named:
        if not Path(named).is_file():
            raise NoBrowserError(f"{VARIABLE}={named}: 没有这个文件 no such file. {REMEDY}")
        return Chromium(Path(named))
    installed = next(candidates(), None)
    return Chromium(installed) if installed else bring()


def candidates() -> Iterator[Path]:
    """Every browser that the machine has, the likeliest first."""
    yield from (Path(found) for name in NAMES if (found := shutil.which(name)))
    usual = [Path(f"/Applications/{name}.app/Contents/MacOS/{name}") for name in MAC_APPLICATIONS]
    for variable in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData"):
        usual += [Path(os.environ.get(variable, "")) / name for name in WINDOWS_PROGRAMS]
    yield from (path for path in usual if path.is_absolute() and path.is_file())
    for folder in PLAYWRIGHT_FOLDERS:
        for pattern in PLAYWRIGHT_PROGRAMS:
            yield from sorted(Path(folder).expanduser().glob(pattern), reverse=True)


def bring() -> Chromium:
    """Install and unpack the browser of last resort; once, however many processes ask."""
    UNPACKED.mkdir(parents=True, exist_ok=True)
    with FileLock(UNPACKED / "lock"):
        try:
            if not (PACKAGE / "node_modules" / "@sparticuz").exists():
                nodejs.run_npm("ci", folder=PACKAGE)
            program = unpack()
        except (subprocess.CalledProcessError, OSError) as error:
            raise NoBrowserError(f"{REMEDY} ({getattr(error, 'stderr', '') or error})") from error
    return Chromium(program, packaged_environment())


def unpack() -> Path:
    """Unpack the packaged browser with its libraries, unless that is done, and name its program."""
    # the runtime's name makes it unpack the system libraries that a bare machine lacks
    settings = {"TMPDIR": str(UNPACKED), "AWS_LAMBDA_JS_RUNTIME": "nodejs24.x"}
    return Path(json.loads(nodejs.run_node("--input-type=module", "--eval", UNPACK, folder=PACKAGE, **settings)))


def packaged_environment() -> dict[str, str]:
    """Its libraries are for the browser alone; its fonts only where the machine has none."""
    fonts = {} if Path("/etc/fonts/fonts.conf").exists() else {"FONTCONFIG_PATH": str(UNPACKED / "fonts")}
    return {"LD_LIBRARY_PATH": str(UNPACKED / "al2023" / "lib"), **fonts}
