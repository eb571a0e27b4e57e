"""All cryptography stands in this file: keys, sealing at rest, keyed look-up, signatures, tokens.

The master key (file or environment) wraps one random key per study; rows are sealed with AES-256-GCM
under their study's key, with the row's id as associated data, so that no sealed value can be moved to
another row. Look-up is by HMAC. Receipts are signed with Ed25519. Every other key is derived from the
master key by HKDF (RFC 5869) with its purpose as ``info``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
TAG_BYTES = 12


class SealBrokenError(ValueError):
    """A sealed value was changed, moved to another row, or sealed under another key."""


class StudyCipher:
    """Seals and opens what belongs to one study."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, row_id: uuid.UUID, plain: bytes) -> bytes:
        """Encrypt ``plain`` for the row ``row_id``."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain, row_id.bytes)

    def open(self, row_id: uuid.UUID, sealed: bytes) -> bytes:
        """Decrypt what was sealed for the row ``row_id``; raises :class:`SealBrokenError`."""
        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], row_id.bytes)
        except InvalidTag as error:
            raise SealBrokenError("a sealed value does not open for this row") from error


class Vault:
    """Everything that needs the master key."""

    def __init__(self, master: bytes) -> None:
        self._wrapping = AESGCM(_derive(master, b"wrap"))
        self._index = _derive(master, b"index")
        self._token = _derive(master, b"token")
        self._receipt = _derive(master, b"receipt-hmac")
        self._signer = Ed25519PrivateKey.from_private_bytes(_derive(master, b"receipt-signature"))
        self._forms = AESGCM(_derive(master, b"form-state"))

    def new_study_key(self, study_id: uuid.UUID) -> bytes:
        """A new random study key, wrapped for storing."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._wrapping.encrypt(nonce, AESGCM.generate_key(256), study_id.bytes)

    def cipher(self, study_id: uuid.UUID, wrapped: bytes) -> StudyCipher:
        """The cipher of a study from its wrapped key; raises :class:`SealBrokenError`."""
        try:
            key = self._wrapping.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], study_id.bytes)
        except InvalidTag as error:
            raise SealBrokenError("the study's key does not open with this master key") from error
        return StudyCipher(key)

    def index(self, kind: str, value: str) -> bytes:
        """The keyed index of a personal number (``kind`` such as ``id_number``), 16 bytes."""
        return _mac(self._index, kind, value)[:16]

    def pseudonym(self, kind: str, value: str) -> str:
        """A stable name for something personal, of 16 letters and digits, that says nothing about it."""
        return base64.b32encode(_mac(self._index, f"pseudonym/{kind}", value)[:10]).decode("ascii").lower()

    def token(self, purpose: str, subject: uuid.UUID) -> str:
        """An address part that names ``subject`` and that nobody else can make."""
        mac = _mac(self._token, purpose, subject.hex)[:TAG_BYTES]
        return base64.urlsafe_b64encode(subject.bytes + mac).decode("ascii").rstrip("=")

    def read_token(self, purpose: str, token: str) -> uuid.UUID | None:
        """The subject of a token made by :meth:`token`, or None where it is not ours."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            subject = uuid.UUID(bytes=raw[:16])
        except ValueError:
            return None
        expected = _mac(self._token, purpose, subject.hex)[:TAG_BYTES]
        return subject if hmac.compare_digest(raw[16:], expected) else None

    def fingerprint(self, content: bytes) -> str:
        """HMAC-SHA-256 of received bytes, hexadecimal: equal bytes have equal fingerprints."""
        return hmac.new(self._receipt, content, hashlib.sha256).hexdigest()

    def sign(self, message: bytes) -> str:
        """Ed25519 signature, base64."""
        return base64.b64encode(self._signer.sign(message)).decode("ascii")

    @property
    def public_key(self) -> bytes:
        """The 32 bytes with which anybody can verify our receipts."""
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        return self._signer.public_key().public_bytes(*raw)

    @property
    def key_id(self) -> str:
        """A short name of the signing key."""
        return hashlib.sha256(self.public_key).hexdigest()[:16]

    def seal_state(self, purpose: str, plain: bytes) -> str:
        """Encrypt a page's state that travels through a visitor's browser."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self._forms.encrypt(nonce, plain, purpose.encode())
        return base64.urlsafe_b64encode(sealed).decode("ascii")

    def open_state(self, purpose: str, text: str) -> bytes:
        """Open what :meth:`seal_state` made; raises :class:`SealBrokenError`."""
        try:
            sealed = base64.urlsafe_b64decode(text)
            return self._forms.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
        except (ValueError, InvalidTag) as error:
            raise SealBrokenError("the page's state was changed") from error


def new_secret() -> str:
    """A secret for a session, a device or a link: 256 random bits, safe in an address."""
    return secrets.token_urlsafe(32)


def digest_secret(secret: str) -> str:
    """What is stored of a secret; 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _derive(master: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"zoufang/1/" + purpose).derive(master)


def _mac(key: bytes, kind: str, value: str) -> bytes:
    return hmac.new(key, f"{kind}\n{value}".encode(), hashlib.sha256).digest()
