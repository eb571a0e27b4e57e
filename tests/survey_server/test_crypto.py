from __future__ import annotations

import base64
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from survey_server.crypto import SealBrokenError, Vault

VAULT = Vault.derived(bytes(32))
STUDY, ROW, OTHER = (uuid.UUID(bytes=bytes([n]) * 16) for n in (1, 2, 3))


def test_what_is_sealed_for_a_row_opens_only_for_that_row() -> None:
    cipher = VAULT.cipher(STUDY, VAULT.new_study_key(STUDY))
    sealed = cipher.seal(ROW, "王某".encode())
    assert cipher.open(ROW, sealed).decode() == "王某"
    with pytest.raises(SealBrokenError):
        cipher.open(OTHER, sealed)


def test_a_changed_byte_is_noticed() -> None:
    cipher = VAULT.cipher(STUDY, VAULT.new_study_key(STUDY))
    sealed = bytearray(cipher.seal(ROW, b"answer"))
    sealed[-1] ^= 1
    with pytest.raises(SealBrokenError):
        cipher.open(ROW, bytes(sealed))


def test_equal_texts_are_sealed_differently() -> None:
    cipher = VAULT.cipher(STUDY, VAULT.new_study_key(STUDY))
    assert cipher.seal(ROW, b"answer") != cipher.seal(ROW, b"answer")


def test_a_study_key_does_not_open_for_another_study_or_under_another_master_key() -> None:
    wrapped = VAULT.new_study_key(STUDY)
    with pytest.raises(SealBrokenError):
        VAULT.cipher(OTHER, wrapped)
    with pytest.raises(SealBrokenError):
        Vault.derived(bytes([1]) * 32).cipher(STUDY, wrapped)


def test_the_index_finds_equal_numbers_and_tells_kinds_apart() -> None:
    assert VAULT.index("phone", "1") == VAULT.index("phone", "1")
    assert VAULT.index("phone", "1") != VAULT.index("id_number", "1")
    assert VAULT.index("phone", "1") != Vault.derived(bytes([1]) * 32).index("phone", "1")


def test_a_token_names_its_subject_only_for_its_purpose() -> None:
    token = VAULT.token("case", ROW)
    assert VAULT.read_token("case", token) == ROW
    assert VAULT.read_token("place", token) is None


@pytest.mark.parametrize("forged", ["", "x", "A" * 38, "é", "A" * 10_000, "=" * 40])
def test_a_forged_token_names_nobody(forged: str) -> None:
    assert VAULT.read_token("case", forged) is None


def test_a_token_with_another_subject_in_it_names_nobody() -> None:
    mine, other = VAULT.token("case", ROW), VAULT.token("case", OTHER)
    assert VAULT.read_token("case", other[:20] + mine[20:]) is None


def test_anybody_with_the_public_key_can_verify_a_signature() -> None:
    signature = base64.b64decode(VAULT.sign(b"receipt"))
    Ed25519PublicKey.from_public_bytes(VAULT.public_key).verify(signature, b"receipt")


def test_a_page_state_that_was_changed_is_refused() -> None:
    state = VAULT.seal_state("q", b"{}")
    assert VAULT.open_state("q", state) == b"{}"
    for wrong in (state[:-4], "x" + state[1:], "", "é"):
        with pytest.raises(SealBrokenError):
            VAULT.open_state("q", wrong)
    with pytest.raises(SealBrokenError):
        VAULT.open_state("other", state)
