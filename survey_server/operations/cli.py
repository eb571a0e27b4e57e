"""``zoufang audit``, ``keys``, ``blobs``, ``backup``, ``restore`` and ``doctor``: keeping an installation."""

from __future__ import annotations

import shutil
from gettext import NullTranslations
from pathlib import Path

import click

from survey_server.archive import back_up
from survey_server.archive import restore as bring_back
from survey_server.audit.chain import link_events
from survey_server.audit.heads import Head, HeadsUnreadableError, heads_file, read_heads, write_head
from survey_server.audit.service import record
from survey_server.audit.verifying import REMEDY, Verdict, export, verify, verify_file
from survey_server.clock import system_clock
from survey_server.config import ConfigurationError, Settings, new_master_key
from survey_server.console.language import catalog
from survey_server.operations import keys as rotation
from survey_server.operations.chores import BACKUP, HEAD, VERIFY, note
from survey_server.operations.doctor import Finding, Level, examine
from survey_server.operations.sweeping import sweep
from survey_server.work import Services

NEW_FILE = click.Path(path_type=Path, dir_okay=False)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)


def both(text: str, **fields: object) -> str:
    """A sentence in Chinese, then in English."""
    said = [words.gettext(text) % fields for words in (catalog("zh_Hans_CN"), NullTranslations())]
    return " · ".join(dict.fromkeys(said))


def open_services() -> Services:
    """The services of the installation that the environment describes."""
    return Services.open(Settings())


# -- the record ------------------------------------------------------------------------------------------


@click.group()
def audit() -> None:
    """The record of what was done: sign, verify, export."""


@audit.command("head")
def head_command() -> None:
    """Sign the record as it stands, print the head, and add it to the file of heads."""
    services = open_services()
    link_events(services, None)
    head = write_head(services)
    note(services, HEAD, well=True, count=head.count)
    click.echo(f"{head.count} {head.body['hash']} {head.key_id}")
    click.echo(f"已签名，请把这个文件存一份在别处 · signed; keep a copy elsewhere: {heads_file(services.settings)}")


@audit.command("verify")
@click.option("--heads", "kept", type=FILE, help="Heads that were kept elsewhere; else those of the data folder.")
@click.option("--file", "exported", type=FILE, help="Verify an exported record instead of the database; needs no key.")
@click.pass_context
def verify_command(context: click.Context, kept: Path | None, exported: Path | None) -> None:
    """Find any change, removal or other order in the record."""
    if exported is not None:
        heads = _heads(kept) if kept else []
        verdict = verify_file(exported, heads)
    else:
        services = open_services()
        own = heads_file(services.settings)
        heads = _heads(kept) if kept else (_heads(own) if own.exists() else [])
        verdict = verify(services, heads)
        fault = {"fault": verdict.found.fault.name} if verdict.found else {}
        note(services, VERIFY, well=verdict.found is None, count=verdict.count, **fault)
    _tell(verdict)
    context.exit(1 if verdict.found else 0)


@audit.command("export")
@click.argument("target", type=NEW_FILE)
def export_command(target: Path) -> None:
    """Write the whole record to TARGET, to be kept apart from the data for at least three years."""
    services = open_services()
    with services.write() as work:
        record(work, "audit.export", "installation", "record")
    link_events(services, None)
    head = export(services, target)
    click.echo(f"已导出 {head.count} 条，签名密钥 {head.key_id} · exported, signed by {head.key_id}: {target}")


def _heads(path: Path) -> list[Head]:
    try:
        return read_heads(path)
    except HeadsUnreadableError as error:
        raise click.ClickException(f"链头文件读不出来 · the heads cannot be read: {error}") from error


def _tell(verdict: Verdict) -> None:
    click.echo(f"核验了 {verdict.count} 环，对照 {verdict.heads} 个链头 · links verified, against so many heads")
    click.echo(f"{verdict.hash.hex()}")
    if verdict.found is None:
        click.echo("记录完好 · the record is whole")
        return
    found = verdict.found
    click.echo("✗ " + both(found.fault.value, seq=found.seq, event=found.event), err=True)
    click.echo(both(REMEDY), err=True)


# -- keys ------------------------------------------------------------------------------------------------


@click.group("keys")
def keys_group() -> None:
    """The master key and the signing key."""


@keys_group.command("show")
def show_keys() -> None:
    """How many keys hang on each master key, and which key signs."""
    services = open_services()
    for fingerprint, count in rotation.hanging(services).items():
        click.echo(f"{fingerprint}\t{count}")
    click.echo(f"签名 · signs: {services.vault.key_id}")


@keys_group.command("new")
def new_key() -> None:
    """Print a new master key, for ZOUFANG_MASTER_KEY or the first line of a key file."""
    click.echo(new_master_key())


@keys_group.command("rotate")
def rotate_keys() -> None:
    """Put a new master key before the others and wrap every key with it, while the server runs."""
    settings = Settings()
    added = rotation.add_key(settings) if len(settings.load_master_keys()) == 1 else False
    services = open_services()
    if not added and len(services.vault.masters.fingerprints) == 1:
        raise ConfigurationError(
            "ZOUFANG_MASTER_KEY 里只有一个密钥：先用 zoufang keys new 生成一个，"
            "写在旧密钥前面，以空格分开，重启后再轮换。\n"
            "ZOUFANG_MASTER_KEY holds one key: make another with zoufang keys new, write it before the old one with a "
            "blank between, restart the server, and rotate again."
        )
    count = rotation.rewrap(services)
    click.echo(f"已用新主密钥重新包裹 {count} 个密钥 · keys wrapped anew: {count}")
    click.echo(
        "核对无误后运行 zoufang keys retire；旧备份仍需旧密钥 · then zoufang keys retire; old backups need the old key"
    )


@keys_group.command("retire")
def retire_keys() -> None:
    """Take old master keys out of the key file, once nothing hangs on them."""
    count = rotation.retire(open_services())
    click.echo(f"已停用 {count} 个旧主密钥 · old master keys taken out: {count}")


@keys_group.command("renew-signature")
def renew_signature() -> None:
    """Sign receipts with a new key from the next start of the server; old receipts stay verifiable."""
    click.echo(
        f"新签名密钥，重启服务后生效 · new signing key, used from the next start: {rotation.renew(open_services())}"
    )


# -- files, backup, health -------------------------------------------------------------------------------


@click.group()
def blobs() -> None:
    """Stored files."""


@blobs.command("sweep")
def sweep_command() -> None:
    """Remove files that no row names and that are a day old."""
    click.echo(f"已清除 · swept: {len(sweep(open_services()))}")


@click.command()
@click.argument("target", type=NEW_FILE)
@click.option("--passphrase", is_flag=True, help="Ask for a passphrase and seal with it, instead of the master key.")
@click.option("--passphrase-file", type=FILE, help="Seal with the first line of this file.")
def backup(target: Path, passphrase_file: Path | None, *, passphrase: bool) -> None:
    """Write everything but the master key into one encrypted archive."""
    services = open_services()
    words = _passphrase(passphrase_file, ask=passphrase, twice=True)
    with services.write() as work:
        record(work, "backup.write", "installation", "backup", sealed_with="passphrase" if words else "master key")
    back_up(services, target, words)
    note(services, BACKUP, well=True, bytes=target.stat().st_size)
    click.echo(f"已备份（已加密）· backed up, encrypted: {target}")
    click.echo("主密钥不在其中，请另行保管 · the master key is not in it: keep it elsewhere")


@click.command("restore")
@click.argument("source", type=FILE)
@click.option("--passphrase", is_flag=True, help="Ask for the passphrase that it was sealed with.")
@click.option("--passphrase-file", type=FILE, help="The first line of this file is the passphrase.")
def restore_command(source: Path, passphrase_file: Path | None, *, passphrase: bool) -> None:
    """Bring an archive back into an empty installation; set the master key of that time first."""
    bring_back(Settings(), source, _passphrase(passphrase_file, ask=passphrase, twice=False))
    click.echo("已恢复，请运行 zoufang doctor 和 zoufang audit verify · restored; run these two next")


def _passphrase(file: Path | None, *, ask: bool, twice: bool) -> str:
    if file is not None:
        return file.read_text("utf-8").partition("\n")[0].strip()
    if ask:
        return str(click.prompt("口令 · passphrase", hide_input=True, confirmation_prompt=twice))
    return ""


@click.command()
@click.pass_context
def doctor(context: click.Context) -> None:
    """Say what is wrong with this installation, and how to mend it."""
    found = []
    for finding in examine(Settings(), system_clock()):
        found.append(finding.level)
        _tell_finding(finding)
    context.exit(1 if Level.BAD in found else 0)


def _tell_finding(finding: Finding) -> None:
    click.echo(f"{finding.level.value} {both(finding.seen, **finding.fields)}")
    if finding.remedy:
        width = shutil.get_terminal_size().columns
        click.echo(click.wrap_text(both(finding.remedy, **finding.fields), width, "    → ", "      "))


COMMANDS = (audit, keys_group, blobs, backup, restore_command, doctor)
