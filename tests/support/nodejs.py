"""Node and npm as pip delivers them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from mobile_forms.build import Node


def run_node(*words: str | Path, folder: Path, **settings: str) -> str:
    """Run Node in ``folder`` and return what it prints; raises CalledProcessError."""
    program = Node.find().executable
    path = os.pathsep.join([str(program.parent), os.environ.get("PATH", os.defpath)])
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ, "PATH": path, **settings}
    done = subprocess.run([program, *words], cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


def run_npm(*words: str, folder: Path) -> str:
    """Run npm in ``folder``: its own script, for the wheel's ``npm`` program is broken."""
    return run_node(Node.find().npm, *words, folder=folder)
