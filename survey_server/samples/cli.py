"""``zoufang sample``: checking a draw without a database."""

from __future__ import annotations

from pathlib import Path

import click
import pandas as pd

from sampling import CertificateError, FrameError, read_certificate
from sampling import verify as verify_draw


@click.group()
def sample() -> None:
    """Samples and their certificates."""


@sample.command()
@click.argument("roster", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("certificate", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def verify(roster: Path, certificate: Path) -> None:
    """Draw again from ROSTER and compare with CERTIFICATE; no database is needed."""
    try:
        stated = read_certificate(certificate.read_bytes())
        drawn = verify_draw(read_roster(roster), stated)
    except (CertificateError, FrameError) as error:
        raise click.ClickException(f"不符 · it does not agree: {error}") from error
    main = int((drawn.sample["role"] == "main").sum())
    click.echo(f"相符：{main} 户样本与证书一致 · it agrees: the {main} drawn units are those of the certificate")


def read_roster(path: Path) -> pd.DataFrame:
    """A published frame, .csv or .xlsx, every cell as text."""
    if path.suffix.lower() in {".xlsx", ".xls"}:
        return pd.read_excel(path, dtype=str, engine="calamine", keep_default_na=False)
    return pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
