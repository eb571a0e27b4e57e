from __future__ import annotations

import base64
import hashlib
import secrets
import stat
from pathlib import Path

import pytest

from survey_server.app import create_app
from survey_server.config import ConfigurationError, Settings, is_guessable


def test_the_first_start_makes_a_key_that_only_its_owner_may_read(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    key = settings.load_master_keys()[0]
    assert len(key) == 32
    assert settings.load_master_keys()[0] == key
    assert stat.S_IMODE((tmp_path / "master.key").stat().st_mode) == 0o600


def test_a_key_in_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = hashlib.sha256(b"any").digest()
    monkeypatch.setenv("ZOUFANG_MASTER_KEY", base64.b64encode(key).decode())
    assert Settings(data=tmp_path).load_master_keys()[0] == key
    assert not (tmp_path / "master.key").exists()


@pytest.mark.parametrize("bad", ["short", base64.b64encode(b"k" * 16).decode(), "!" * 44])
def test_a_key_that_is_no_key_is_refused_by_name(tmp_path: Path, bad: str) -> None:
    with pytest.raises(ConfigurationError, match="ZOUFANG_MASTER_KEY"):
        Settings(data=tmp_path, master_key=bad).load_master_keys()[0]


GUESSABLE = {
    "zeros": bytes(32),
    "one letter": b"k" * 32,
    "two letters": b"ab" * 16,
    "a row": bytes(range(32)),
    "words": b"change-me-change-me-this-is-bad!",
}


@pytest.mark.parametrize("key", GUESSABLE)
def test_a_server_does_not_start_with_a_key_that_somebody_could_guess(sqlite_settings: Settings, key: str) -> None:
    settings = sqlite_settings.model_copy(update={"master_key": base64.b64encode(GUESSABLE[key]).decode()})
    with pytest.raises(ConfigurationError, match="ZOUFANG_MASTER_KEY: this master key is not random"):
        create_app(settings)


def test_keys_made_by_chance_are_never_called_guessable() -> None:
    assert not any(is_guessable(secrets.token_bytes(32)) for _ in range(2_000))


def test_cookies_are_marked_secure_only_where_people_come_over_tls(tmp_path: Path) -> None:
    assert not Settings(data=tmp_path).secure
    assert Settings(data=tmp_path, base_url="https://192.0.2.1:8000").secure
