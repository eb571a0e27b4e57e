"""The commands that keep an installation, as they are typed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from survey_server.cli import main

Zoufang = Callable[..., Result]
PASSWORD = "a long password"


def in_folder(folder: Path, **more: str) -> Zoufang:
    """``zoufang`` with its key in a file of the data folder."""
    environment = {"ZOUFANG_DATA": str(folder), **dict.fromkeys(CLEARED), **more}
    return lambda *words, typed="": CliRunner().invoke(main, words, input=typed, env=environment)


CLEARED = ("ZOUFANG_MASTER_KEY", "ZOUFANG_MASTER_KEY_FILE", "ZOUFANG_DATABASE_URL", "ZOUFANG_BLOB_URL")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def zoufang(folder: Path) -> Zoufang:
    """An installation with one person, so that the record has an event."""
    run = in_folder(folder)
    assert run("migrate").exit_code == 0
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    assert run("person", "add", "wang", "--role", "owner", typed=typed).exit_code == 0
    return run


def tamper(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "zoufang.db")) as database:
        for act in ("update", "delete"):
            database.execute(f"DROP TRIGGER event_no_{act}")
        database.execute(statement)
        database.commit()


def test_a_record_is_signed_verified_and_exported(zoufang: Zoufang, folder: Path, tmp_path: Path) -> None:
    said = zoufang("audit", "head")
    assert said.exit_code == 0
    kept = tmp_path / "kept.jsonl"
    kept.write_bytes((folder / "audit-heads" / "heads.jsonl").read_bytes())
    assert said.output.split()[1] == json.loads(kept.read_text())["hash"]

    for words in ((), ("--heads", str(kept))):
        said = zoufang("audit", "verify", *words)
        assert (said.exit_code, "记录完好 · the record is whole" in said.output) == (0, True)

    exported = tmp_path / "record.jsonl"
    assert zoufang("audit", "export", str(exported)).exit_code == 0
    alone = in_folder(tmp_path / "another machine")
    said = alone("audit", "verify", "--file", str(exported), "--heads", str(kept))
    assert said.exit_code == 0, said.output
    assert "person.create" in exported.read_text()
    assert not (tmp_path / "another machine").exists()


def test_a_tampered_record_is_told_in_both_languages_with_the_row_and_the_remedy(
    zoufang: Zoufang, folder: Path
) -> None:
    assert zoufang("audit", "head").exit_code == 0
    tamper(folder, "UPDATE event SET action = 'person.forged' WHERE id = 1")
    said = zoufang("audit", "verify")
    assert said.exit_code == 1
    for words in ("事件 1 被改动过", "event 1 was changed", "请停止一切改动", "Stop changing anything"):
        assert words in said.output
    assert "操作记录核验不通过" in zoufang("doctor").output


def test_a_removed_tail_is_told_against_the_kept_heads(zoufang: Zoufang, folder: Path) -> None:
    assert zoufang("audit", "head").exit_code == 0
    tamper(folder, "DELETE FROM event")
    with closing(sqlite3.connect(folder / "zoufang.db")) as database:
        database.execute("DROP TRIGGER event_link_no_delete")
        database.execute("DELETE FROM event_link")
        database.commit()
    said = zoufang("audit", "verify")
    assert (said.exit_code, "最新的事件被删除" in said.output) == (1, True)


def test_heads_that_cannot_be_read_are_told_by_file_and_line(zoufang: Zoufang, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text("not a head\n")
    said = zoufang("audit", "verify", "--heads", str(broken))
    assert (said.exit_code, "broken.jsonl, line 1" in said.output) == (1, True)


def test_the_master_key_is_rotated_by_two_commands(zoufang: Zoufang, folder: Path) -> None:
    old = (folder / "master.key").read_text()
    (line,) = [line for line in zoufang("keys", "show").output.splitlines() if "\t" in line]
    assert zoufang("keys", "rotate").exit_code == 0
    newest, oldest = [line for line in zoufang("keys", "show").output.splitlines() if "\t" in line]
    assert newest.split("\t")[1] == line.split("\t")[1]
    assert oldest == f"{line.split()[0]}\t0"
    assert zoufang("keys", "retire").exit_code == 0
    assert old.strip() not in (folder / "master.key").read_text()
    assert zoufang("audit", "verify").exit_code == 0
    assert zoufang("keys", "renew-signature").exit_code == 0
    assert zoufang("audit", "head").exit_code == 0
    assert zoufang("audit", "verify").exit_code == 0


def test_a_rotation_that_was_interrupted_goes_on_without_a_third_key(zoufang: Zoufang, folder: Path) -> None:
    path = folder / "master.key"
    new = zoufang("keys", "new").output.strip()
    path.write_text(f"{new}\n{path.read_text()}")
    assert zoufang("keys", "rotate").exit_code == 0
    assert path.read_text().split()[0] == new
    assert len(path.read_text().split()) == 2


def test_one_key_in_the_environment_is_not_rotated_but_told_how(zoufang: Zoufang, folder: Path) -> None:
    key = (folder / "master.key").read_text().strip()
    by_environment = in_folder(folder, ZOUFANG_MASTER_KEY=key)
    said = by_environment("keys", "rotate")
    assert (said.exit_code, "zoufang keys new" in said.output) == (1, True)
    new = zoufang("keys", "new").output.strip()
    both = in_folder(folder, ZOUFANG_MASTER_KEY=f"{new} {key}")
    assert both("keys", "rotate").exit_code == 0
    said = both("keys", "retire")
    assert (said.exit_code, "leave only the first" in said.output) == (1, True)
    assert in_folder(folder, ZOUFANG_MASTER_KEY=new)("audit", "verify").exit_code == 0


def test_a_backup_under_a_passphrase_of_a_file_is_restored_where_the_master_key_is(
    zoufang: Zoufang, folder: Path, tmp_path: Path
) -> None:
    words, archive, elsewhere = tmp_path / "words", tmp_path / "backup.zf", tmp_path / "elsewhere"
    words.write_text("四个 随机 的词\n")
    said = zoufang("backup", str(archive), "--passphrase-file", str(words))
    assert said.exit_code == 0, said.output
    elsewhere.mkdir()
    (elsewhere / "master.key").write_bytes((folder / "master.key").read_bytes())
    run = in_folder(elsewhere)
    assert run("restore", str(archive)).exit_code == 1
    assert run("restore", str(archive), "--passphrase", typed="wrong\n").exit_code == 1
    assert run("restore", str(archive), "--passphrase", typed="四个 随机 的词\n").exit_code == 0
    assert run("audit", "verify").exit_code == 0
    assert "✓ 两天内有备份" not in run("doctor").output


def test_the_doctor_s_status_says_whether_something_is_wrong(zoufang: Zoufang, folder: Path) -> None:
    said = zoufang("doctor")
    assert said.exit_code == 1
    for words in ("✗ 从来没有备份过 · no backup was ever made", "✓ 主密钥在", "→"):
        assert words in said.output
    assert "Traceback" not in said.output
    (folder / "master.key").unlink()
    assert "✗ 主密钥" in zoufang("doctor").output


def test_sweeping_tells_how_many(zoufang: Zoufang) -> None:
    assert "swept: 0" in zoufang("blobs", "sweep").output
