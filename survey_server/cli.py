"""``zoufang``: everything that is done from a terminal."""

from __future__ import annotations

import logging
from gettext import NullTranslations

import click
from rich.console import Console
from sqlalchemy.exc import OperationalError, ProgrammingError

from survey_server import logs
from survey_server.accounts.links import password_address
from survey_server.accounts.second_factor import remove_all
from survey_server.accounts.service import any_person, create_person, person_named
from survey_server.actors import Role
from survey_server.closing.cli import study
from survey_server.config import ConfigurationError, Settings
from survey_server.console.language import catalog
from survey_server.db import migrate
from survey_server.errors import ZoufangError
from survey_server.exports.cli import archive
from survey_server.operations.cli import COMMANDS
from survey_server.reports.cli import trace_command
from survey_server.rosters.cli import roster
from survey_server.samples.cli import sample
from survey_server.scores.cli import scores
from survey_server.work import Services

out = Console(highlight=False)
UNMIGRATED = (
    "数据库不能用。请先运行 zoufang migrate，并核对 ZOUFANG_DATA、ZOUFANG_DATABASE_URL。\n"
    "The database cannot be used. Run zoufang migrate first, and check ZOUFANG_DATA and ZOUFANG_DATABASE_URL."
)


class Plain(click.Group):
    """Says a problem in Chinese and English, with its remedy, instead of a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ZoufangError as error:
            raise click.ClickException(in_both_languages(error)) from error
        except (OperationalError, ProgrammingError) as error:
            raise click.ClickException(UNMIGRATED) from error
        except ConfigurationError as error:
            raise click.ClickException(str(error)) from error


def in_both_languages(error: ZoufangError) -> str:
    """A problem's sentence and remedy in Chinese, then in English."""
    said = []
    for words in (catalog("zh_Hans_CN"), NullTranslations()):
        fields = {name: words.gettext(str(value)) if value else "" for name, value in error.fields.items()}
        kind = error.problem.value
        said += [words.gettext(kind.title) % fields, words.gettext(kind.remedy)]
    return "\n".join(said)


@click.group(cls=Plain, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Zoufang 走访: field surveys for judging social assistance."""
    logs.install()


def open_services() -> Services:
    """The services of the installation that the environment describes."""
    return Services.open(Settings())


@main.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest shape."""
    migrate(Settings())
    out.print("数据库已是最新 · the database is up to date")


@main.command()
@click.option("--lan", is_flag=True, help="Serve the local network over TLS, for phones.")
@click.option("--demo/--no-demo", default=True, help="Make the demonstration study at the first start.")
def run(*, lan: bool, demo: bool) -> None:
    """Serve a demonstration study: the quickest way to see what this is."""
    from survey_server.serving import prepare, serve  # noqa: PLC0415 - the other commands need no web server

    settings, certificate = prepare(Settings(), lan=lan)
    migrate(settings)
    services = Services.open(settings)
    with services.read() as work:
        empty = not any_person(work)
    if demo and empty:
        from survey_server.demo.small import seed_demonstration  # noqa: PLC0415

        out.print("正在准备演示评价…… · preparing the demonstration study …")
        seed_demonstration(services, out)
    serve(settings, certificate, out)


@main.command("serve")
def serve_command() -> None:
    """Serve this installation."""
    from survey_server.serving import serve  # noqa: PLC0415

    settings = Settings()
    migrate(settings)
    serve(settings, None, out)


@main.command()
def worker() -> None:
    """Do what the outbox holds, as it comes."""
    from survey_server.handlers import open_queue  # noqa: PLC0415

    logging.basicConfig(level=logging.WARNING)
    queue, _wake = open_queue(open_services())
    queue.create_consumer(workers=1, periodic=True, initial_delay=0.1, max_delay=1.0).run()


@main.group()
def person() -> None:
    """People who may sign in."""


@person.command("add")
@click.argument("username")
@click.option("--name", default="", help="The name that others see.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in Role]))
@click.option("--staff-no", default="")
@click.password_option()
def add_person(username: str, name: str, roles: tuple[str, ...], staff_no: str, password: str) -> None:
    """Add a person."""
    with open_services().write() as work:
        create_person(work, username=username, name=name, password=password, roles=map(Role, roles), staff_no=staff_no)
    out.print(f"已添加 · added: {username}")


@person.command("password-link")
@click.argument("username")
def make_password_link(username: str) -> None:
    """Print a link by which somebody sets a new password: for the owner whom no other owner can help."""
    with open_services().write() as work:
        address = password_address(work, person_named(work, username).id)
    out.print(address, soft_wrap=True)


@person.command("remove-second-factor")
@click.argument("username")
def remove_second_factor(username: str) -> None:
    """Forget app, passkeys and recovery codes of somebody who lost them all; the password alone is enough then."""
    with open_services().write() as work:
        remove_all(work, person_named(work, username).id)
    out.print(f"已移除两步验证 · second factor removed: {username}")


@main.command()
@click.option("--city", is_flag=True, help="A city of 400,200 rows in forty township files.")
def demo(*, city: bool) -> None:
    """Make a demonstration study."""
    settings = Settings()
    migrate(settings)
    services = Services.open(settings)
    if city:
        from survey_server.demo.city import run_city  # noqa: PLC0415

        run_city(services, out)
        return
    from survey_server.demo.small import seed_demonstration  # noqa: PLC0415

    seed_demonstration(services, out)


for command in (roster, sample, study, archive, *COMMANDS):
    main.add_command(command)
main.add_command(scores)
main.add_command(trace_command)
