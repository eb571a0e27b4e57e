"""The certificate's page for everybody, and why one household was drawn or not."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace

from flask import Blueprint, Response, render_template, request
from sqlmodel import col, select

from survey_server.console.routing import ANYONE, view
from survey_server.fieldwork.models import Case
from survey_server.rosters.models import Household
from survey_server.samples import proof
from survey_server.work import Work

pages = Blueprint("proof", __name__, template_folder="templates")
SAMPLE_NUMBER = re.compile(r"[Aa]-?(\d{1,9})")


@view(pages, "/proof/<token>", who=ANYONE)
def show_proof(work: Work, token: str) -> str:
    """Digest, seed, counts; and for a number that is asked, why that household was drawn or not."""
    shown = proof.shown_by_token(work, token)
    asked = request.args.get("number", "").strip()[:80]
    return render_template(
        "fieldwork/proof.html",
        shown=shown,
        token=token,
        asked=asked,
        answer=_answer(work, shown, asked),
        blocks=proof.explanation(),
    )


@view(pages, "/proof/<token>/certificate.pdf", who=ANYONE)
def public_certificate(work: Work, token: str) -> Response:
    """The certificate to print; it holds counts and no household."""
    pdf = proof.certificate_pdf(work, proof.shown_by_token(work, token))
    return Response(pdf, content_type="application/pdf")


def _answer(work: Work, shown: proof.Shown, asked: str) -> proof.Answer | None:
    """By a number of the frame with the whole computation; by a sample number without what would tell the stratum."""
    if not asked or shown.draw is None:
        return None
    sample_number = SAMPLE_NUMBER.fullmatch(asked)
    if sample_number is None:
        return proof.answer_for(work, shown.draw, asked)
    unit_id = _unit_of(work, shown.study.id, f"A-{sample_number[1]}")
    answer = proof.answer_for(work, shown.draw, unit_id) if unit_id else None
    return replace(answer, unit_id="", order=0) if answer else None


def _unit_of(work: Work, study_id: uuid.UUID, sample_id: str) -> str | None:
    query = (
        select(Household.unit_id)
        .join(Case, col(Case.household_id) == Household.id)
        .where(Case.study_id == study_id, Case.sample_id == sample_id)
    )
    return work.session.exec(query).first()
