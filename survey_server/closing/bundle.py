"""The bundle for the client (移交包): one file that opens with its passphrase and without our software.

Format ``zoufang-bundle/1``: the line ``zoufang-bundle/1`` and a newline (17 bytes); 16 bytes of salt; 12 bytes of
nonce; then AES-256-GCM of a ZIP file, its tag of 16 bytes at the end, with those 45 bytes as associated data. The key
is scrypt (RFC 7914) of the passphrase in UTF-8 (NFC) with the salt, N = 2^15, r = 8, p = 1, 32 bytes.
"""

from __future__ import annotations

import io
import secrets
import unicodedata
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from survey_server.errors import N_, Problem, ZoufangError

MAGIC = b"zoufang-bundle/1\n"
SALT, NONCE, KEY = 16, 12, 32
HEADER = len(MAGIC) + SALT + NONCE
SHORTEST = 12
WRITTEN = (1980, 1, 1, 0, 0, 0)
"""Equal content gives an equal ZIP."""


def seal_bundle(files: Mapping[str, bytes], passphrase: str) -> bytes:
    """Pack files by name and seal them; raises INVALID_FIELD for a passphrase of fewer than 12 characters."""
    if len(passphrase) < SHORTEST:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Passphrase"), why=N_("it needs at least 12 characters"))
    salt, nonce = secrets.token_bytes(SALT), secrets.token_bytes(NONCE)
    header = MAGIC + salt + nonce
    return header + AESGCM(_key(passphrase, salt)).encrypt(nonce, _pack(files), header)


def open_bundle(sealed: bytes, passphrase: str) -> dict[str, bytes]:
    """The files of a bundle by name; raises INVALID_FIELD for another file, a wrong passphrase or a changed bundle."""
    if not sealed.startswith(MAGIC) or len(sealed) < HEADER:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Bundle"), why=N_("this is no bundle of ours"))
    header = sealed[:HEADER]
    salt, nonce = header[len(MAGIC) : len(MAGIC) + SALT], header[-NONCE:]
    try:
        packed = AESGCM(_key(passphrase, salt)).decrypt(nonce, sealed[HEADER:], header)
    except InvalidTag as error:
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Bundle"), why=N_("the passphrase is wrong, or the file was changed")
        ) from error
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def unpack(files: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Write the files into a folder; a name that leads out of it is taken by its last part."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in files.items():
        path = folder / PurePosixPath(name.replace("\\", "/")).name
        path.write_bytes(content)
        written.append(path)
    return written


def _pack(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, WRITTEN), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _key(passphrase: str, salt: bytes) -> bytes:
    typed = unicodedata.normalize("NFC", passphrase).encode()
    return Scrypt(salt=salt, length=KEY, n=2**15, r=8, p=1).derive(typed)
