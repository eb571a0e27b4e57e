"""The archive of a study (归档): a ZIP that opens without our software, and imports into another installation.

Format ``zoufang-study/1``: ``manifest.json`` (what it is, its files by SHA-256) with ``signature.json``; ``forms/``
(each questionnaire as XForm and workbook); ``design.json`` (design, seed, certificate with the frame's digest);
``cases.jsonl``; ``submissions.jsonl`` (coded answers of questions that are marked as not personal); ``scores.json``;
``figures.json``, which the importing side computes again and compares. No name, number, address, text or file of a
respondent is in it; towns and villages are numbered, sums of money become whether they agree.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import uuid
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import defer
from sqlmodel import col, select

from survey_server import __version__
from survey_server.exports.workbook import Made, Tell
from survey_server.fieldwork.models import Case
from survey_server.privacy.service import cipher_of
from survey_server.results.dataset import open_answers
from survey_server.results.deidentify import Removed
from survey_server.results.figures import Figure
from survey_server.results.measures import TAGS, definition_of
from survey_server.results.microdata import left_out, may_leave
from survey_server.results.service import Results
from survey_server.rosters.models import Household
from survey_server.samples.models import Draw
from survey_server.scores.models import ExpertScore, ScoreEntry, StudyTable
from survey_server.scores.sheet import card_of
from survey_server.studies.forms import definition_of as form_of
from survey_server.studies.models import FormVersion, Study
from survey_server.submissions.models import Submission
from survey_server.submissions.receipts import canonical
from survey_server.work import Work

FORMAT = "zoufang-study/1"
WRITTEN = (1980, 1, 1, 0, 0, 0)
"""Equal content gives an equal ZIP."""
CASE_FIELDS = (
    "sample_id",
    "stratum",
    "county",
    "category",
    "role",
    "draw_order",
    "population",
    "probability",
    "released_at",
    "status",
    "outcome",
    "outcome_class",
    "outcome_channel",
)
SUBMISSION_FIELDS = (
    "channel",
    "instance_id",
    "corrects",
    "received_at",
    "outcome",
    "outcome_class",
    "headline",
    "unusable",
    "withdrawn_at",
)
STUDY_FIELDS = (
    "name",
    "client",
    "company",
    "practice",
    "indicator_table",
    "definitions",
    "locked_at",
    "first_answer_at",
    "created_at",
)
FORM_FIELDS = (
    "purpose",
    "form_id",
    "version",
    "title",
    "media",
    "digest",
    "published_at",
)
AGREED, OTHERWISE = "1000", "2000"
"""What stands for two sums of money that agree, and for one that does not."""
AMOUNT = definition_of("PAY_AMOUNT_OK")


def archive_file(work: Work, results: Results, _words: str, tell: Tell) -> Made:
    """The archive as bytes."""
    study = results.study
    files = _forms(work, study.id)
    files["design.json"] = _json(_design(results.draw))
    files["cases.jsonl"] = _lines(_cases(work, study.id))
    tell(1)
    files["submissions.jsonl"] = _lines(_submissions(work, study.id))
    tell(2)
    files["scores.json"] = _json(_scores(work, study.id))
    files["figures.json"] = _json(stated(work, results))
    manifest = {
        "format": FORMAT,
        "software": __version__,
        "made_at": work.now.isoformat(),
        "study_id": str(study.id),
        "study": _facts(study, STUDY_FIELDS),
        "left_out": left_out(work, results),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    public_key = base64.b64encode(work.vault.public_key).decode("ascii")
    signature = {"signature": work.vault.sign(canonical(manifest)), "public_key": public_key}
    files |= {"manifest.json": _json(manifest), "signature.json": _json(signature)}
    tell(3)
    return Made(_packed(files), Removed(questions=manifest["left_out"]))


def stated(work: Work, results: Results) -> dict[str, Any]:
    """Every figure and the score as text, to the last digit; what an importing side must come to as well."""
    return {
        "figures": sorted((_figure(figure) for figure in results.figures), key=json.dumps),
        "volunteers": _figure(results.volunteers),
        "score": str(card_of(work, results.study.id).scored.total),
    }


def _figure(figure: Figure) -> dict[str, Any]:
    numbers = {name: str(getattr(figure, name)) for name in ("estimate", "low", "high")}
    counts = {name: getattr(figure, name) for name in ("n", "yes", "missing", "interviews", "method")}
    return {**figure.keys, **numbers, **counts}


def _forms(work: Work, study_id: uuid.UUID) -> dict[str, bytes]:
    versions = work.session.exec(
        select(FormVersion).where(FormVersion.study_id == study_id).order_by(col(FormVersion.published_at))
    ).all()
    listed = [{"id": str(version.id), **_facts(version, FORM_FIELDS)} for version in versions]
    files = {"forms.json": _json(listed)}
    for version in versions:
        files |= {f"forms/{version.id}.xml": version.xform, f"forms/{version.id}.xlsx": version.workbook}
    return files


def _design(draw: Draw | None) -> dict[str, Any]:
    return {} if draw is None else _facts(draw, ("design", "seed", "certificate", "drawn_at", "wish"))


def _cases(work: Work, study_id: uuid.UUID) -> Iterator[dict[str, Any]]:
    """Every drawn case; its town and village only as numbers, which keep who lives together."""
    query = (
        sa.select(Case, col(Household.town), col(Household.village), col(Household.category_name), col(Household.unit))
        .join(Household, col(Household.id) == col(Case.household_id))
        .where(col(Case.study_id) == study_id)
        .order_by(Case.sample_id)
    )
    towns: dict[str, str] = {}
    villages: dict[tuple[str, str], str] = {}
    for case, town, village, category_name, unit in work.session.execute(query):
        yield {
            **_facts(case, CASE_FIELDS),
            "town": towns.setdefault(town, f"T{len(towns) + 1}"),
            "village": villages.setdefault((town, village), f"V{len(villages) + 1}"),
            "category_name": category_name,
            "unit": unit,
        }


def _submissions(work: Work, study_id: uuid.UUID) -> Iterator[dict[str, Any]]:
    """What was handed in, in the order in which it came; of what was withdrawn, that it was."""
    sealed: tuple[Any, ...] = Submission.xml, Submission.answers  # typed as the values that they hold
    query = (
        sa.select(Submission, col(Case.sample_id))
        .outerjoin(Case, col(Case.id) == col(Submission.case_id))
        .where(col(Submission.study_id) == study_id)
        .order_by(col(Submission.received_at), col(Submission.instance_id))
        .options(*(defer(column) for column in sealed))
    )
    rows = work.session.execute(query).all()
    kept = [row.id for row, _ in rows if row.withdrawn_at is None]
    opened = dict(open_answers(work, cipher_of(work, study_id), kept))
    allowed = _allowed(work, study_id)
    for row, sample_id in rows:
        content = opened.get(row.id, {"values": {}, "tags": {}})
        yield {
            **_facts(row, SUBMISSION_FIELDS),
            "sample_id": sample_id,
            "form": str(row.form_version_id),
            "values": {
                name: given for name, given in content["values"].items() if name in allowed[row.form_version_id]
            },
            "tags": _safe_tags(content["tags"]),
        }


def _allowed(work: Work, study_id: uuid.UUID) -> Mapping[uuid.UUID, Collection[str]]:
    """The questions of each questionnaire whose answers may leave."""
    versions = work.session.exec(select(FormVersion).where(FormVersion.study_id == study_id)).all()
    return {
        version.id: {question.name for question in form_of(version).questions if may_leave(question)}
        for version in versions
    }


def _safe_tags(tags: Mapping[str, Any]) -> dict[str, Any]:
    """The codes that figures are made of; of two sums of money only whether they agree."""
    kept = {name: tags[name] for name in TAGS if tags.get(name)}
    paid, due = AMOUNT.tags
    if paid in kept and due in kept:
        agree = _agree(str(kept[paid]), str(kept[due]))
        if agree is not None:
            kept |= {paid: AGREED if agree else OTHERWISE, due: AGREED}
    elif due in kept:
        kept[due] = AGREED
    return kept


def _agree(paid: str, due: str) -> bool | None:
    """None where no sum was given (98, 99)."""
    try:
        amounts = Decimal(paid), Decimal(due)
    except InvalidOperation:
        return None
    return None if amounts[0] in AMOUNT.missing else abs(amounts[0] - amounts[1]) <= Decimal(str(AMOUNT.tolerance))


def _scores(work: Work, study_id: uuid.UUID) -> dict[str, Any]:
    """The indicator table, and what was entered by hand; experts only by number."""
    own = work.session.get(StudyTable, study_id)
    entries = work.session.exec(select(ScoreEntry).where(ScoreEntry.study_id == study_id)).all()
    points = work.session.exec(select(ExpertScore).where(ExpertScore.study_id == study_id)).all()
    experts: dict[uuid.UUID, int] = {}
    return {
        "table": own.source if own else None,
        "entries": [
            _facts(entry, [name for name in ScoreEntry.model_fields if name not in UNNAMED]) for entry in entries
        ],
        "points": [
            {
                **_facts(point, [name for name in ExpertScore.model_fields if name not in UNNAMED]),
                "expert": experts.setdefault(point.person_id, len(experts) + 1),
            }
            for point in points
        ],
    }


UNNAMED = frozenset({"study_id", "person_id"})


def _facts(
    row: Study | FormVersion | Draw | Case | Submission | ScoreEntry | ExpertScore, names: Sequence[str]
) -> dict[str, Any]:
    told = row.model_dump(mode="json", include=set(names))
    return {name: told[name] for name in names}


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(row, ensure_ascii=False, separators=(',', ':'))}\n" for row in rows).encode()


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def _packed(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, WRITTEN), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
