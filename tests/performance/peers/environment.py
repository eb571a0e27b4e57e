"""The virtual environment in which svy and samplics run: `.venv-bench`, from requirements-bench.lock, made once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LOCK = ROOT / "requirements-bench.lock"
ENOUGH_SECONDS = 900


class NotMadeError(Exception):
    """The environment cannot be made here; the message says why in a few words."""


def python_of_peers() -> Path:
    """The Python of the environment, made where it is not there yet. Raises NotMadeError."""
    place = ROOT / ".venv-bench"
    scripts = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    python, stamp = place / scripts, place / "installed-from"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text("utf-8") == wanted:
        return python
    pinned = ["--require-hashes", "--only-binary", ":all:", "--quiet", "--disable-pip-version-check"]
    for words in (
        [sys.executable, "-m", "venv", "--clear", str(place)],
        [str(python), "-m", "pip", "install", *pinned, "-r", str(LOCK)],
    ):
        try:
            done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=ENOUGH_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise NotMadeError("the registry was too slow") from error
        if done.returncode:
            raise NotMadeError((done.stderr.strip().splitlines() or ["pip failed"])[-1][:80])
    (place / ".gitignore").write_text("*\n", "utf-8")
    stamp.write_text(wanted, "utf-8")
    return python
