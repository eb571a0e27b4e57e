"""The commands, as they are typed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from survey_server.accounts.models import Authenticator
from survey_server.accounts.service import people
from survey_server.accounts.sessions import waiting_session
from survey_server.accounts.signing_in import reset_password, sign_in
from survey_server.actors import Role
from survey_server.cli import main
from survey_server.work import Services
from tests.support.installation import MASTER_KEY, make_settings
from tests.support.studies import PASSWORD

Zoufang = Callable[..., Result]


def in_folder(folder: Path) -> Zoufang:
    """``zoufang`` with an environment that names only a data folder and a key."""

    def zoufang(*words: str, typed: str = "") -> Result:
        environment = {
            "ZOUFANG_DATA": str(folder),
            "ZOUFANG_MASTER_KEY": MASTER_KEY,
            "ZOUFANG_DATABASE_URL": None,
            "ZOUFANG_BLOB_URL": None,
        }
        return CliRunner().invoke(main, words, input=typed, env=environment)

    return zoufang


def opened(folder: Path) -> Services:
    return Services.open(make_settings(f"sqlite:///{folder / 'zoufang.db'}", folder))


@pytest.fixture
def zoufang(tmp_path: Path) -> Zoufang:
    """An installation whose database is there."""
    run = in_folder(tmp_path / "var")
    assert run("migrate").exit_code == 0
    return run


def add(run: Zoufang, username: str, *more: str, password: str = PASSWORD) -> Result:
    return run("person", "add", username, *more, typed=f"{password}\n{password}\n")


def test_migrate_makes_the_database_and_may_be_repeated(tmp_path: Path) -> None:
    run = in_folder(tmp_path / "new")
    for _ in range(2):
        said = run("migrate")
        assert (said.exit_code, "数据库已是最新" in said.output) == (0, True)
    with closing(sqlite3.connect(tmp_path / "new" / "zoufang.db")) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"person", "study", "case", "submission", "event", "alembic_version"} <= tables


def test_a_person_is_added_and_signs_in(zoufang: Zoufang, tmp_path: Path) -> None:
    said = add(zoufang, "Wang", "--name", "王老师", "--role", "owner", "--role", "evaluator", "--staff-no", "K7")
    assert said.exit_code == 0, said.output
    assert PASSWORD not in said.output
    services = opened(tmp_path / "var")
    assert sign_in(services, "wang", PASSWORD)
    with services.read() as work:
        ((made, held),) = people(work)
    services.database.dispose()
    assert (made.name, made.staff_no, held) == ("王老师", "K7", [Role.EVALUATOR, Role.OWNER])


def test_a_password_typed_differently_a_second_time_is_asked_for_again(zoufang: Zoufang) -> None:
    typed = f"{PASSWORD}\nanother one\n{PASSWORD}\n{PASSWORD}\n"
    said = zoufang("person", "add", "wang", "--role", "evaluator", typed=typed)
    assert said.exit_code == 0, said.output


@pytest.mark.parametrize("words", [["wang"], ["wang", "--role", "king"], ["--role", "evaluator"]])
def test_a_person_without_a_name_or_a_role_that_we_know_is_refused(zoufang: Zoufang, words: list[str]) -> None:
    said = add(zoufang, *words)
    assert said.exit_code == 2
    assert "Usage:" in said.output


def test_neither_a_name_in_use_nor_a_short_password_makes_a_person(zoufang: Zoufang, tmp_path: Path) -> None:
    assert add(zoufang, "wang", "--role", "evaluator").exit_code == 0
    again = add(zoufang, "wang", "--role", "owner")
    assert again.exit_code == 1
    assert "已有人使用" in again.output
    assert "in use already" in again.output
    assert add(zoufang, "li", "--role", "evaluator", password="short").exit_code == 1
    services = opened(tmp_path / "var")
    with services.read() as work:
        assert [(made.username, roles) for made, roles in people(work)] == [("wang", [Role.EVALUATOR])]
    services.database.dispose()


def test_a_backup_is_restored_into_an_empty_folder_and_over_nothing(zoufang: Zoufang, tmp_path: Path) -> None:
    add(zoufang, "wang", "--role", "evaluator")
    archive = tmp_path / "backup.tar.gz"
    said = zoufang("backup", str(archive))
    assert (said.exit_code, "主密钥不在其中" in said.output) == (0, True)

    elsewhere = in_folder(tmp_path / "elsewhere")
    assert elsewhere("restore", str(archive)).exit_code == 0
    services = opened(tmp_path / "elsewhere")
    assert sign_in(services, "wang", PASSWORD)
    services.database.dispose()

    assert elsewhere("restore", str(archive)).exit_code == 1
    assert elsewhere("restore", str(tmp_path / "nothing.tar.gz")).exit_code == 2


def test_every_command_says_what_it_does() -> None:
    said = CliRunner().invoke(main, ["-h"])
    assert said.exit_code == 0
    lines = said.output.split("Commands:")[1].strip().splitlines()
    commands = {line.split()[0]: line.split()[1:] for line in lines}
    assert {"run", "serve", "worker", "migrate", "person", "backup", "restore", "demo", "roster", "sample"} <= set(
        commands
    )
    assert all(commands.values())


def test_without_a_database_the_remedy_is_told_and_no_traceback(tmp_path: Path) -> None:
    said = add(in_folder(tmp_path / "empty"), "wang", "--role", "evaluator")
    assert said.exit_code == 1
    assert "zoufang migrate" in said.output
    assert "Traceback" not in said.output


def test_who_lost_password_and_second_factor_is_let_in_again_from_the_terminal(
    zoufang: Zoufang, tmp_path: Path
) -> None:
    add(zoufang, "wang", "--role", "owner")
    services = opened(tmp_path / "var")
    with services.write() as work:
        (made,) = [one for one, _ in people(work)]
        work.session.add(Authenticator(person_id=made.id, sealed="", last_step=0, created_at=work.now))
    link = zoufang("person", "password-link", "Wang").output.strip()
    assert zoufang("person", "remove-second-factor", "wang").exit_code == 0
    address, _, secret = link.partition("#")
    assert address.endswith("/password")
    reset_password(services, secret, "three stones and a bridge", "")
    with services.read() as work:
        assert waiting_session(work, sign_in(services, "wang", "three stones and a bridge")) is None
    services.database.dispose()
    assert "没有这个用户名" in zoufang("person", "password-link", "nobody").output
