"""A large upload waits encrypted and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Flask, request

from survey_server.actors import Actor
from survey_server.console.routing import ANYONE, handler
from survey_server.streams import Spool
from survey_server.work import Services

CONTENT = "张三,身份证号\n".encode() * 200_000
pages = Blueprint("upload_trial", __name__)
seen: dict[str, object] = {}


@handler(pages, "/trial/upload", methods=["POST"], who=ANYONE)
def take(services: Services, _actor: Actor) -> str:
    upload = request.files["file"]
    stream = upload.stream
    seen.update(kind=type(stream), on_disk=stream.on_disk, same=stream.read() == CONTENT)
    seen["left"] = list((services.settings.folder / "spool").iterdir())
    stream.seek(0)
    upload.save(services.settings.folder / "saved")
    return "taken"


def test_a_roster_never_lies_readable_in_a_temporary_folder(app: Flask, tmp_path: Path) -> None:
    app.register_blueprint(pages)
    part = 'Content-Disposition: form-data; name="file"; filename="roster.csv"'
    body = b"--edge\r\n" + part.encode() + b"\r\n\r\n" + CONTENT + b"\r\n--edge--\r\n"
    answer = app.test_client().post("/trial/upload", data=body, content_type="multipart/form-data; boundary=edge")
    assert answer.text == "taken"
    assert seen == {"kind": Spool, "on_disk": True, "same": True, "left": []}
    assert (tmp_path / "saved").read_bytes() == CONTENT
