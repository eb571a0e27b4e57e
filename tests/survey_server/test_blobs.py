from __future__ import annotations

from pathlib import Path

import pytest

from survey_server.blobs import BlobStore, open_blobs


@pytest.fixture(params=["folder", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """The store of a small installation, and the one that speaks to storage services (here one in memory)."""
    return open_blobs("memory:///" if request.param == "bucket" else "", tmp_path / "blobs")


def test_what_was_put_comes_back_byte_by_byte(blobs: BlobStore) -> None:
    contents = {"submissions/a": b"", "submissions/b": bytes(range(256)) * 9, "rosters/2026/c": "名册".encode()}
    for name, content in contents.items():
        blobs.put(name, content)
    assert {name: blobs.get(name) for name in blobs.names()} == contents


def test_the_same_name_again_replaces(blobs: BlobStore) -> None:
    blobs.put("submissions/a", b"a long first content")
    blobs.put("submissions/a", b"second")
    assert blobs.get("submissions/a") == b"second"
    assert blobs.names() == ["submissions/a"]


def test_what_was_removed_is_gone_and_may_be_removed_again(blobs: BlobStore) -> None:
    blobs.put("submissions/a", b"x")
    for _ in range(2):
        blobs.delete("submissions/a")
    assert blobs.names() == []
    with pytest.raises(FileNotFoundError):
        blobs.get("submissions/a")


def test_a_name_that_was_never_put_is_not_found(blobs: BlobStore) -> None:
    with pytest.raises(FileNotFoundError):
        blobs.get("submissions/never")


def test_a_write_that_fails_leaves_the_old_content_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = open_blobs("", tmp_path)
    blobs.put("a", b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        blobs.put("a", b"new")
    assert blobs.get("a") == b"old"


def test_a_put_that_fails_leaves_nothing_and_a_part_left_by_a_crash_is_not_listed(tmp_path: Path) -> None:
    store = open_blobs("", tmp_path)
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        store.put("taken", b"x")
    (tmp_path / ".part-crash").write_bytes(b"half")
    assert store.names() == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [".part-crash", "taken"]
