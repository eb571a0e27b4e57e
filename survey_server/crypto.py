"""All cryptography stands in this file and in :mod:`survey_server.streams` (files that are encrypted as they pass).

What hangs on what::

    master key (file or environment; several during a rotation, the newest first)
      ├─ wraps the key of each study      (table study_key)   rows, answers and files
      ├─ wraps the roots                  (table secret)      look-up, tokens in printed codes, receipts, the record
      └─ derives the key of a backup      (its header)

Rows are sealed with AES-256-GCM under their study's key, with the row's id as associated data, so that no sealed
value can be moved to another row. Look-up is by HMAC. Receipts and heads of the record are signed with Ed25519.
The roots are random and never change, so that a rotation of the master key breaks no printed code, no index, no
receipt and no line of the record; an installation from before there were roots keeps the keys that it derived
from its first master key by HKDF (RFC 5869).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
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


class MasterKeys:
    """The master keys, newest first: the newest wraps, every one unwraps.

    Where none opens what was wrapped, they are read again: a rotation may have put a newer one before them while
    this process was running.
    """

    def __init__(self, read: Callable[[], Sequence[bytes]]) -> None:
        self._read = read
        self._keys = self._known()

    def _known(self) -> tuple[tuple[bytes, AESGCM], ...]:
        return tuple((master, AESGCM(_derive(master, b"wrap"))) for master in self._read())

    def wrap(self, owner: bytes, key: bytes) -> bytes:
        """Encrypt a key under the newest master key; ``owner`` says whose it is and is needed to open it.

        The keys are read again for this, so that nothing new hangs on a key that is being retired.
        """
        self._keys = self._known()
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._keys[0][1].encrypt(nonce, key, owner)

    def unwrap(self, owner: bytes, wrapped: bytes) -> bytes:
        """Decrypt what one of the master keys wrapped; raises :class:`SealBrokenError`."""
        return self._open(owner, wrapped)[1]

    def opener(self, owner: bytes, wrapped: bytes) -> str:
        """The fingerprint of the master key that wrapped this; raises :class:`SealBrokenError`."""
        return fingerprint_of(self._open(owner, wrapped)[0])

    def newest_opens(self, owner: bytes, wrapped: bytes) -> bool:
        """Whether the newest master key wrapped this, so that the older ones are not needed for it."""
        return self._open(owner, wrapped)[0] == self._keys[0][0]

    def _open(self, owner: bytes, wrapped: bytes) -> tuple[bytes, bytes]:
        for _ in range(2):
            for master, aead in self._keys:
                try:
                    return master, aead.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], owner)
                except InvalidTag:
                    continue
            self._keys = self._known()
        raise SealBrokenError("a key does not open with any master key that is set")

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """A short public name of each, newest first."""
        return tuple(fingerprint_of(master) for master, _ in self._keys)

    def backup_key(self, fingerprint: str, salt: bytes) -> bytes:
        """The key of a backup under the master key of this name; raises :class:`SealBrokenError` where none is."""
        for master, _ in self._keys:
            if fingerprint_of(master) == fingerprint:
                return _derive(master, b"backup/" + salt)
        raise SealBrokenError(f"the master key {fingerprint} is not set")


ROOTS = ("index", "token", "receipt-hmac", "receipt-signature", "form-state", "audit", "bureau")
"""What must outlive a rotation, by its purpose."""


def fresh_roots() -> dict[str, bytes]:
    """Random roots, for a new installation."""
    return {purpose: secrets.token_bytes(32) for purpose in ROOTS}


def derived_roots(master: bytes) -> dict[str, bytes]:
    """The keys that an installation from before there were roots derived from its master key."""
    return {purpose: _derive(master, purpose.encode()) for purpose in ROOTS}


class Vault:
    """Everything that needs the master key or the roots."""

    def __init__(self, masters: MasterKeys, roots: Mapping[str, bytes]) -> None:
        self.masters = masters
        self._index = roots["index"]
        self._token = roots["token"]
        self._receipt = roots["receipt-hmac"]
        self._signer = Ed25519PrivateKey.from_private_bytes(roots["receipt-signature"])
        self._forms = AESGCM(roots["form-state"])
        self._audit = roots["audit"]
        self._bureau = roots["bureau"]

    @classmethod
    def derived(cls, master: bytes) -> Vault:
        """A vault without a database: its roots hang on the one master key."""
        return cls(MasterKeys(lambda: [master]), derived_roots(master))

    def new_study_key(self, study_id: uuid.UUID) -> bytes:
        """A new random study key, wrapped for storing."""
        return self.masters.wrap(study_id.bytes, AESGCM.generate_key(256))

    def cipher(self, study_id: uuid.UUID, wrapped: bytes) -> StudyCipher:
        """The cipher of a study from its wrapped key; raises :class:`SealBrokenError`."""
        return StudyCipher(self.masters.unwrap(study_id.bytes, wrapped))

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

    def event_mac(self, content: bytes) -> bytes:
        """The keyed code that an event of the record carries from the moment it is written."""
        return hmac.new(self._audit, content, hashlib.sha256).digest()

    def bureau_pseudonym(self, bureau: str, index: bytes) -> bytes:
        """The name under which a client bureau's households are remembered, from the bureau and their keyed index.

        It hangs on no study's key, says nothing about the household, and differs from bureau to bureau.
        """
        return _mac(self._bureau, bureau, index.hex())[:16]

    @property
    def public_key(self) -> bytes:
        """The 32 bytes with which anybody can verify our receipts."""
        return public_half(self._signer.private_bytes_raw())

    @property
    def key_id(self) -> str:
        """A short name of the signing key."""
        return key_id_of(self.public_key)

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


def public_half(signing_key: bytes) -> bytes:
    """The 32 public bytes of an Ed25519 key."""
    return Ed25519PrivateKey.from_private_bytes(signing_key).public_key().public_bytes_raw()


def key_id_of(public_key: bytes) -> str:
    """A short name of a signing key."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def signed_by(public_key: bytes, signature: str, message: bytes) -> bool:
    """Whether an Ed25519 signature (base64) over ``message`` is of this key."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(base64.b64decode(signature), message)
    except (ValueError, InvalidSignature):
        return False
    return True


def fingerprint_of(master: bytes) -> str:
    """A short public name of a master key, from which nothing can be learnt of it."""
    return _derive(master, b"fingerprint")[:6].hex()


def new_secret() -> str:
    """A secret for a session, a device or a link: 256 random bits, safe in an address."""
    return secrets.token_urlsafe(32)


def digest_secret(secret: str) -> str:
    """What is stored of a secret; 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _derive(master: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"zoufang/1/" + purpose).derive(master)


def _mac(key: bytes, kind: str, value: str) -> bytes:
    return hmac.new(key, f"{kind}\n{value}".encode(), hashlib.sha256).digest()
