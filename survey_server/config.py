"""What an installation may set, read once and never changed: environment variables ``ZOUFANG_…``."""

from __future__ import annotations

import base64
import binascii
import itertools
import os
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MASTER_KEY_BYTES = 32


class ConfigurationError(ValueError):
    """A setting that cannot be used; the message names it and the remedy."""


class Settings(BaseSettings):
    """One installation. Frozen: a running server never changes its mind."""

    model_config = SettingsConfigDict(env_prefix="ZOUFANG_", frozen=True, extra="ignore")

    data: Path = Path("var")
    database_url: str = ""
    blob_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = ""
    master_key: str = ""
    """The master key in base64; during a rotation several, the newest first, with blanks between."""
    master_key_file: Path | None = None
    """Where the master key stands, a key a line, the newest first; ``master.key`` in the data folder unless set."""
    metrics_token: str = ""
    """Who shows this as a bearer token reads ``/metrics`` from elsewhere; this machine needs none."""
    worker_beside: bool = True
    """Whether ``serve`` runs the worker beside itself; systemd runs it as a service of its own."""
    workers: int = Field(default=1, ge=1, le=64)
    threads: int = Field(default=8, ge=1, le=64)
    timezone: str = "Asia/Shanghai"
    session_hours: int = Field(default=12, ge=1)
    require_second_factor: bool = False
    """Whether owners and evaluators can do nothing before they have set up a second factor."""
    proxies: int = Field(default=0, ge=0, le=3)
    """How many reverse proxies stand before the server, whose word on the caller's address is taken."""
    api_requests_per_minute: int = Field(default=120, ge=1)
    max_upload_bytes: int = 256 * 1024 * 1024
    max_submission_bytes: int = 64 * 1024 * 1024

    @property
    def folder(self) -> Path:
        """The data folder, absolute."""
        return self.data.resolve()

    @property
    def url(self) -> str:
        """The database's address; SQLite inside the data folder unless another is set."""
        return self.database_url or f"sqlite:///{self.folder / 'zoufang.db'}"

    @property
    def processes(self) -> int:
        """How many processes serve: SQLite is served by one, whatever ``workers`` says."""
        return 1 if self.url.startswith("sqlite") else self.workers

    @property
    def public_url(self) -> str:
        """The address that goes into QR codes, without a closing slash."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def secure(self) -> bool:
        """Whether people reach us over TLS, so that cookies may be marked Secure."""
        return self.public_url.startswith("https://")

    @property
    def key_file(self) -> Path:
        """The file that holds the master key where the environment does not."""
        return self.master_key_file or self.folder / "master.key"

    def master_keys(self) -> tuple[bytes, ...]:
        """The master keys, newest first: from the environment, else from their file; raises ConfigurationError."""
        if self.master_key:
            return _decode_keys(self.master_key, "ZOUFANG_MASTER_KEY")
        try:
            text = self.key_file.read_text("ascii")
        except (FileNotFoundError, PermissionError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{self.key_file}: the master key cannot be read ({error})") from error
        return _decode_keys(text, str(self.key_file))

    def load_master_keys(self) -> tuple[bytes, ...]:
        """The master keys, newest first; at the first start a key is made in the data folder."""
        if not self.master_key and self.master_key_file is None and not self.key_file.exists():
            _write_new_key(self.key_file)
        return self.master_keys()


def new_master_key() -> str:
    """A master key as it is written: base64 of 32 random bytes."""
    return base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES)).decode("ascii")


def _decode_keys(text: str, place: str) -> tuple[bytes, ...]:
    keys = tuple(_decode_key(word, place) for word in text.split())
    if not keys:
        raise ConfigurationError(f"{place}: no master key stands here")
    return keys


def _decode_key(text: str, place: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise ConfigurationError(f"{place}: a master key must be {MASTER_KEY_BYTES} bytes in base64")
    if is_guessable(key):
        raise ConfigurationError(
            f"{place}: this master key is not random (zeros, a row, or words that somebody typed); "
            "make one with: openssl rand -base64 32"
        )
    return key


def is_guessable(key: bytes) -> bool:
    """Whether a key is none that chance makes: few different bytes, equal steps, or nothing but typed letters.

    A random key of 32 bytes looks like this once in 10^14.
    """
    steps = {(after - before) % 256 for before, after in itertools.pairwise(key)}
    return len(set(key)) < len(key) // 2 or len(steps) == 1 or (key.isascii() and key.decode("ascii").isprintable())


def _write_new_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(new_master_key() + "\n")


def write_keys(path: Path, lines: Sequence[str]) -> None:
    """Replace a key file whole, readable by its owner only; what was there stays until the new one is on the disk."""
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=".master-")
    with os.fdopen(descriptor, "w") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    Path(part).replace(path)
