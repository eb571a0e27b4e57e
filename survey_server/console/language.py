"""The reader's language and the reader's time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.support import Translations
from flask import Blueprint, Flask, has_app_context, request
from flask_babel import Babel, force_locale, get_locale
from werkzeug.wrappers import Response

from survey_server.console.routing import local_address, see_other
from survey_server.work import Services

LANGUAGES = {"zh_Hans_CN": "中文", "en": "English"}
COOKIE = "language"
YEAR = 365 * 24 * 3600

pages = Blueprint("language", __name__)


def install(app: Flask, services: Services) -> None:
    """Translations of every room, and filters for times."""
    _with_words(app)
    app.jinja_env.filters["local_time"] = local_time_filter(ZoneInfo(services.settings.timezone))
    words: dict[str, Any] = {"languages": LANGUAGES, "language": lambda: str(get_locale())}
    app.jinja_env.globals.update(words)
    app.register_blueprint(pages)


def _with_words(app: Flask) -> None:
    rooms = sorted(Path(__file__).parents[1].glob("*/translations"))
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(map(str, rooms))
    app.config["BABEL_DEFAULT_LOCALE"] = "zh_Hans_CN"
    Babel(app, locale_selector=chosen_language)


@contextmanager
def speaking(language: str = "zh_Hans_CN") -> Generator[None]:
    """Everything said inside is said in this language, also by the worker, which answers no request."""
    with ExitStack() as stack:
        if not has_app_context():
            app = Flask("worker")
            _with_words(app)
            stack.enter_context(app.app_context())
        stack.enter_context(force_locale(language))
        yield


def chosen_language() -> str:
    """What the reader chose, else Chinese."""
    wanted = request.cookies.get(COOKIE, "")
    return wanted if wanted in LANGUAGES else "zh_Hans_CN"


def local_time_filter(zone: ZoneInfo):  # noqa: ANN201 - a filter for Jinja
    """A filter that writes a stored UTC moment as the office's clock shows it."""

    def local_time(moment: dt.datetime | None, pattern: str = "%Y-%m-%d %H:%M") -> str:
        return moment.astimezone(zone).strftime(pattern) if moment else ""

    return local_time


def catalog(language: str) -> Translations:
    """Every room's words in one language, for who is not at a page (the terminal)."""
    words = Translations()
    for room in sorted(Path(__file__).parents[1].glob("*/translations")):
        found = Translations.load(room, [language])
        if isinstance(found, Translations):
            words.merge(found)
    return words


@pages.get("/language/<code>")
def choose_language(code: str) -> Response:
    """Remember the language and go back."""
    response = see_other(local_address(request.args.get("next")))
    if code in LANGUAGES:
        response.set_cookie(COOKIE, code, max_age=YEAR, samesite="Lax", httponly=True)
    return response
