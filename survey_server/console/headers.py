"""What every answer says to the browser about safety."""

from __future__ import annotations

from flask import Flask, request
from werkzeug.wrappers import Response

from survey_server.work import Services

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
UNUSED = (
    *("accelerometer", "autoplay", "bluetooth", "browsing-topics", "display-capture", "gyroscope", "hid"),
    *("idle-detection", "magnetometer", "midi", "payment", "serial", "usb", "xr-spatial-tracking"),
)
# A form may ask for a photograph, a recording or a place; no other page does.
ASKED_BY_FORMS = ("camera", "geolocation", "microphone")
# The form engine's grammar is WebAssembly; nothing else needs it.
ENGINE_PATHS = ("/visit/", "/call/")


def install(app: Flask, services: Services) -> None:
    """Add the headers to every answer."""
    secure = services.settings.secure

    @app.after_request
    def protect(response: Response) -> Response:
        policy = POLICY
        if request.path.startswith(ENGINE_PATHS):
            policy = policy.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", _permissions(request.path))
        response.headers.setdefault("Cache-Control", "private, no-cache")
        if secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response


def _permissions(path: str) -> str:
    """What the page may ask the device for."""
    asked = ASKED_BY_FORMS if path.startswith(ENGINE_PATHS) else ("geolocation",) if path.startswith("/q/") else ()
    mine = {name: "(self)" if name in asked else "()" for name in ASKED_BY_FORMS}
    return ", ".join([*(f"{name}=()" for name in UNUSED), *(f"{name}={mine[name]}" for name in ASKED_BY_FORMS)])
