"""Files that are encrypted as they pass."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey_server import streams
from survey_server.crypto import MasterKeys, SealBrokenError
from survey_server.streams import OpeningReader, SealingWriter, Spool, key_for, master_header, read_header

KEY = bytes(range(32))
MASTERS = MasterKeys(lambda: [b"m" * 32])
SMALL = 64


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PIECE", SMALL)


def sealed(content: bytes) -> bytes:
    target = io.BytesIO()
    writer = SealingWriter(target, {"format": streams.FORMAT}, KEY)
    writer.write(content)
    writer.finish()
    return target.getvalue()


def opened(content: bytes) -> bytes:
    source = io.BytesIO(content)
    return OpeningReader(source, read_header(source), KEY).readall()


@pytest.mark.parametrize("size", [0, 1, SMALL - 1, SMALL, SMALL + 1, 2 * SMALL, 1000])
def test_what_is_sealed_opens_whatever_its_size(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    assert opened(sealed(content)) == content
    assert size < 16 or content[:16] not in sealed(content)


def test_no_piece_can_be_left_out_repeated_or_moved() -> None:
    whole = sealed(bytes(4 * SMALL))
    start, piece = whole.index(b"\n") + 1, SMALL + streams.TAG
    head, first, second, rest = (
        whole[:start],
        whole[start:][:piece],
        whole[start + piece :][:piece],
        whole[start + 2 * piece :],
    )
    assert opened(head + first + second + rest) == bytes(4 * SMALL)
    for wrong in (
        head + second + rest,
        head + first + rest,
        head + first + first + second + rest,
        head + second + first + rest,
        head + first + second,
    ):
        with pytest.raises(SealBrokenError):
            opened(wrong)


def test_the_header_is_part_of_what_is_sealed() -> None:
    changed = sealed(b"answers").replace(b'"}\n', b'", "salt": ""}\n', 1)
    with pytest.raises(SealBrokenError):
        opened(changed)


@pytest.mark.parametrize(
    "content", [b"", b"{}\n", b"[]\n", b"\x1f\x8b" + bytes(50), b"x" * 5000, b'{"format": "other"}\n']
)
def test_another_file_is_told_apart(content: bytes) -> None:
    with pytest.raises(SealBrokenError, match="no sealed file"):
        read_header(io.BytesIO(content))


def test_a_costlier_passphrase_than_ours_is_not_computed() -> None:
    header = {"format": streams.FORMAT, "scrypt": {"n": 1 << 30, "r": 8, "p": 1}, "salt": ""}
    with pytest.raises(SealBrokenError, match="none of ours"):
        key_for(header, MASTERS, "words")


def test_each_backup_has_a_key_of_its_own() -> None:
    first, second = master_header(MASTERS), master_header(MASTERS)
    assert key_for(first, MASTERS, "") == key_for(first, MASTERS, "")
    assert key_for(first, MASTERS, "") != key_for(second, MASTERS, "")


# -- uploads ---------------------------------------------------------------------------------------------


def test_a_small_upload_stays_in_memory(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool") as spool:
        spool.write(b"small")
        spool.seek(0)
        assert spool.read() == b"small"
        assert not (tmp_path / "spool").exists()


def test_a_large_upload_lies_encrypted_in_a_nameless_file_of_a_private_folder(tmp_path: Path) -> None:
    content = "张三 身份证".encode() * 100_000
    folder = tmp_path / "spool"
    with Spool(folder) as spool:
        for start in range(0, len(content), 65_537):
            spool.write(content[start : start + 65_537])
        assert spool.on_disk
        assert list(folder.iterdir()) == []
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        spool._file.seek(0)
        on_the_disk = spool._file.read()
        assert len(on_the_disk) == len(content)
        assert "张三".encode() not in on_the_disk
        spool.seek(0)
        assert spool.read() == content


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["read", "write", "seek"]), st.integers(0, 200)), max_size=30))
def test_an_upload_reads_like_any_file_wherever_one_goes(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    plain = io.BytesIO()
    with Spool(tmp_path_factory.getbasetemp() / "spool") as spool:
        spool.IN_MEMORY = 50
        for number, (step, size) in enumerate(steps):
            if step == "write":
                data = bytes([number]) * size
                assert spool.write(data) == plain.write(data)
            elif step == "seek":
                place = min(size, len(plain.getvalue()))
                assert spool.seek(place) == plain.seek(place)
            else:
                assert spool.read(size) == plain.read(size)
            assert spool.tell() == plain.tell()
