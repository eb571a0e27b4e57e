"""A respondent's page as it travels: in their language, compressed, the first one in a single answer with its style."""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from flask import make_response, render_template, request
from flask_babel import force_locale, get_locale
from werkzeug.wrappers import Response

from survey_server.console.headers import POLICY
from survey_server.public.interview import Sitting
from survey_server.public.items import code_of, direction_of, items_of
from survey_server.public.screens import plan_of
from survey_server.public.subjects import Subject, presets
from survey_server.studies import forms
from survey_server.studies.models import Study
from survey_server.work import Services

STATIC = Path(__file__).with_name("static")
STYLE = (STATIC / "public.css").read_text("utf-8")
STYLE_DIGEST = sha256(STYLE.encode()).hexdigest()[:12]
SCRIPT_DIGEST = sha256((STATIC / "public.js").read_bytes()).hexdigest()[:12]
STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode("ascii")
LOCALES = {"zh": "zh_Hans_CN", "en": "en"}
WORTH_PACKING = 1024
"""Bytes; a shorter page is one packet anyway."""


def frame(language: str, study: Study | None) -> dict[str, object]:
    """What every page of a respondent needs."""
    return {
        "language_code": code_of(language),
        "direction": direction_of(language),
        "study": study,
        "style": STYLE_DIGEST,
        "script": SCRIPT_DIGEST,
        "dial": "".join(sign for sign in (study.hotline if study else "") if sign.isdigit() or sign == "+"),
    }


def screen_page(services: Services, sitting: Sitting, errors: Mapping[str, str], *, opened: bool = False) -> Response:
    """The shown screen; ``opened``: it is what the code opens, and carries its style, so that one answer is enough."""
    form = forms.definition_of(sitting.form)
    language, here = sitting.interview.language, sitting.interview.screen
    items, title = list(items_of(sitting, errors)), sitting.screen.title
    first = sitting.before(here) is None
    with _locale(language):
        page = render_template(
            "public/screen.html",
            items=items,
            errors=errors,
            heading=sitting.shown.label(title.name, language) if title else "",
            form_title=form.title,
            first=first,
            opened=opened,
            asks_helper=first and sitting.subject.case_id is not None,
            helped=sitting.interview.helped,
            photos=any(item.kind == "photo" for item in items),
            rows=_rows(sitting),
            last=sitting.is_last(),
            step=here + 1,
            steps=len(sitting.plan.screens) + 1,
            state=sitting.interview.seal(services.vault, sitting.subject.token),
            languages=[name for name in form.languages if name != language] if len(form.languages) > 1 else [],
            code_of=code_of,
            inline=STYLE if opened else "",
            **frame(language, sitting.subject.study),
        )
    response = packed(page)
    if opened:
        policy = POLICY.replace("style-src 'self'", f"style-src 'self' 'sha256-{STYLE_HASH}'")
        response.headers["Content-Security-Policy"] = policy
    return response


def thanks_page(subject: Subject, language: str, number: str, code: str) -> Response:
    """Thanks, with the number and the code with which the answers are taken back."""
    form = forms.definition_of(subject.form)
    closing = plan_of(form, presets(form, subject.number)).closing
    with _locale(language):
        page = render_template(
            "public/thanks.html",
            number=number,
            code=code,
            household=subject.case_id is not None,
            closing=[note.label[language].plain for note in closing if language in note.label],
            form_title=form.title,
            **frame(language, subject.study),
        )
    return packed(page)


def packed(page: str) -> Response:
    """A page, compressed where the browser takes that; all of it changes from visitor to visitor."""
    response = make_response(page)
    response.headers["Vary"] = "Accept-Encoding, Cookie"
    content = response.get_data()
    if len(content) >= WORTH_PACKING and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.set_data(gzip.compress(content, 6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _rows(sitting: Sitting) -> int | None:
    """How many rows the page offers; None where their number is not the reader's to change."""
    repeat = sitting.screen.repeat
    return sitting.rows if repeat is not None and not repeat.count else None


def _locale(language: str):  # noqa: ANN202 - a context manager of Flask-Babel
    return force_locale(LOCALES.get(code_of(language), str(get_locale())))
