"""What an installation may set, read once and never changed: environment variables ``ZOUFANG_…``."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
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
    workers: int = Field(default=1, ge=1, le=64)
    threads: int = Field(default=8, ge=1, le=64)
    timezone: str = "Asia/Shanghai"
    session_hours: int = Field(default=12, ge=1)
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

    def load_master_key(self) -> bytes:
        """The master key: from ``ZOUFANG_MASTER_KEY`` (base64), else from a file made at first start."""
        if self.master_key:
            return _decode_key(self.master_key, "ZOUFANG_MASTER_KEY")
        path = self.folder / "master.key"
        if not path.exists():
            _write_new_key(path)
        return _decode_key(path.read_text("ascii").strip(), str(path))


def _decode_key(text: str, place: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise ConfigurationError(f"{place}: the master key must be {MASTER_KEY_BYTES} bytes in base64")
    return key


def _write_new_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES)) + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
