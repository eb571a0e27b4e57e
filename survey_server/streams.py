"""Files that are encrypted as they pass: backups, and uploads that are too large to wait in memory.

A backup is a line of JSON that says how its key is found, then pieces of 1 MiB under AES-256-GCM in the STREAM
construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce counts the pieces and marks the last, so that no
piece can be changed, moved, repeated or cut off unnoticed. An upload is kept under AES-256 in counter mode with a
key that lives in this process's memory and nowhere else.
"""

from __future__ import annotations

import base64
import io
import json
import secrets
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from survey_server.crypto import MasterKeys, SealBrokenError

FORMAT = "zoufang-sealed/1"
PIECE = 1 << 20
TAG = 16
LONGEST_HEADER = 1_000
SCRYPT = {"n": 1 << 17, "r": 8, "p": 1}
"""RFC 7914; 128 MiB and about half a second for each guess at a passphrase."""


def master_header(masters: MasterKeys) -> dict[str, Any]:
    """The header of a file that opens with the newest master key."""
    return {"format": FORMAT, "master_key": masters.fingerprints[0], "salt": _salt()}


def passphrase_header() -> dict[str, Any]:
    """The header of a file that opens with a passphrase."""
    return {"format": FORMAT, "scrypt": SCRYPT, "salt": _salt()}


def key_for(header: dict[str, Any], masters: MasterKeys | None, passphrase: str) -> bytes:
    """The key of a sealed file; raises :class:`SealBrokenError` where it needs what was not given."""
    salt = base64.b64decode(header["salt"])
    if "master_key" in header:
        if masters is None:
            raise SealBrokenError("it was sealed with a master key, and none is set")
        return masters.backup_key(header["master_key"], salt)
    if header.get("scrypt") != SCRYPT:
        raise SealBrokenError("its header is none of ours")
    if not passphrase:
        raise SealBrokenError("it needs its passphrase")
    return Scrypt(salt=salt, length=32, **SCRYPT).derive(passphrase.encode())


def read_header(source: BinaryIO) -> dict[str, Any]:
    """The header, with the file left where the pieces begin; raises :class:`SealBrokenError`."""
    line = source.readline(LONGEST_HEADER)
    try:
        header = json.loads(line)
    except ValueError as error:
        raise SealBrokenError("it is no sealed file of ours") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise SealBrokenError("it is no sealed file of ours")
    return header


class SealingWriter(io.RawIOBase):
    """Encrypts what is written to it into ``target``; whole only after ``close``."""

    def __init__(self, target: BinaryIO, header: dict[str, Any], key: bytes) -> None:
        self._target = target
        self._aead = AESGCM(key)
        self._line = json.dumps(header).encode() + b"\n"
        self._waiting = bytearray()
        self._number = 0
        target.write(self._line)

    def writable(self) -> bool:
        """It is written to."""
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        """Take some more."""
        self._waiting += data
        while len(self._waiting) > PIECE:
            self._emit(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]
        return len(data)

    def finish(self) -> None:
        """Write the last piece; without it the file does not open."""
        self._emit(bytes(self._waiting), last=True)

    def _emit(self, plain: bytes, *, last: bool) -> None:
        self._target.write(self._aead.encrypt(_nonce(self._number, last=last), plain, self._line))
        self._number += 1


class OpeningReader(io.RawIOBase):
    """Decrypts ``source``, which stands behind its header; raises :class:`SealBrokenError` as it reads."""

    def __init__(self, source: BinaryIO, header: dict[str, Any], key: bytes) -> None:
        self._source = source
        self._aead = AESGCM(key)
        self._line = json.dumps(header).encode() + b"\n"
        self._open = b""
        self._next = source.read(PIECE + TAG)
        self._number = 0

    def readable(self) -> bool:
        """It is read from."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any buffer
        """Give as much as is open, opening the next piece where nothing is."""
        if not self._open and self._next:
            self._open = self._decrypt()
        size = min(len(buffer), len(self._open))
        buffer[:size], self._open = self._open[:size], self._open[size:]
        return size

    def _decrypt(self) -> bytes:
        piece, self._next = self._next, self._source.read(PIECE + TAG)
        try:
            plain = self._aead.decrypt(_nonce(self._number, last=not self._next), piece, self._line)
        except InvalidTag as error:
            raise SealBrokenError("it was changed or cut off, or this is not its key") from error
        self._number += 1
        return plain


class Spool(io.RawIOBase):
    """An upload while it is read: in memory while it is small, else in a nameless file that nobody else can read.

    The file is unlinked as it is made (on Windows: deleted as it is closed) and holds ciphertext only, so that neither
    a crash nor a copy of the disk leaves a readable roster or recording behind.
    """

    IN_MEMORY = 1 << 20

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: Any = io.BytesIO()
        self._key: bytes | None = None

    def readable(self) -> bool:
        """It is read from."""
        return True

    def writable(self) -> bool:
        """It is written to."""
        return True

    def seekable(self) -> bool:
        """It can go to any place."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        """The place."""
        return int(self._file.tell())

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any buffer
        """Read what lies here."""
        place = self.tell()
        data = self._file.read(len(buffer))
        buffer[: len(data)] = self._through(data, place)
        return len(data)

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        """Write here; what grows large goes to the disk, encrypted."""
        if self._key is None and self.tell() + len(data) > self.IN_MEMORY:
            self._roll_over()
        return int(self._file.write(self._through(bytes(data), self.tell())))

    def close(self) -> None:
        """Forget it."""
        self._file.close()
        super().close()

    @property
    def on_disk(self) -> bool:
        """Whether it went to the disk."""
        return self._key is not None

    def _roll_over(self) -> None:
        held = self._file
        self._key = secrets.token_bytes(32)
        self._file = tempfile.TemporaryFile(dir=private_folder(self._folder))  # noqa: SIM115 - closed by close()
        place = held.tell()
        self._file.write(self._through(held.getvalue(), 0))
        self._file.seek(place)

    def _through(self, data: bytes, place: int) -> bytes:
        """Encrypt or decrypt bytes that lie at ``place``."""
        if self._key is None:
            return data
        block, skip = divmod(place, 16)
        stream = Cipher(algorithms.AES(self._key), modes.CTR(block.to_bytes(16, "big"))).encryptor()
        stream.update(bytes(skip))
        return stream.update(data)


def private_folder(folder: Path) -> Path:
    """A folder that only its owner enters, made where it is not there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _salt() -> str:
    return base64.b64encode(secrets.token_bytes(16)).decode("ascii")
