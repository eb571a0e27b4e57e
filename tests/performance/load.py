"""Phones that hand in as fast as they are answered: ``python -m tests.performance.load ORDER.json``.

It runs in a process of its own and is cheap, so that what is measured is the server: one thread, a kept-open
connection for each client, requests of ready parts, answers read no further than needed. The order says how many
clients and for how long; the result goes to standard output as JSON.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

ANSWER_SECONDS = 30


@dataclass(frozen=True)
class Order:
    """What to hand in where: ``visits`` are pairs of a case's id and a finished form, in whose instanceID
    ``placeholder`` stands; ``tokens`` are the phones' secrets, one for each client."""

    host: str
    port: int
    tokens: Sequence[str]
    visits: Sequence[tuple[str, str]]
    placeholder: str
    seconds: float


@dataclass
class Outcome:
    """Seconds that each accepted submission took, the statuses of those that were not, and the whole time."""

    latencies: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    seconds: float = 0.0


async def hand_in(order: Order) -> Outcome:
    """All clients at once until the time is over; what was begun is waited for."""
    outcome = Outcome()
    began = time.perf_counter()
    async with asyncio.TaskGroup() as clients:
        for number, token in enumerate(order.tokens):
            requests = _requests(order, token, random.Random(number))
            clients.create_task(_client(order, requests, began + order.seconds, outcome))
    outcome.seconds = time.perf_counter() - began
    return outcome


async def _client(order: Order, requests: Iterator[bytes], end: float, outcome: Outcome) -> None:
    reader, writer = await asyncio.open_connection(order.host, order.port)
    while (began := time.perf_counter()) < end:
        writer.write(next(requests))
        status = await asyncio.wait_for(_status(reader), ANSWER_SECONDS)
        if status == 201:
            outcome.latencies.append(time.perf_counter() - began)
        else:
            outcome.refused.append(status)
    writer.close()
    await writer.wait_closed()


async def _status(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
    await reader.readexactly(int(fields[b"content-length"]))
    return int(head.split(b" ", 2)[1])


def _requests(order: Order, token: str, chance: random.Random) -> Iterator[bytes]:
    visits = [(case_id.encode(), xml.encode()) for case_id, xml in order.visits]
    chance.shuffle(visits)
    placeholder = order.placeholder.encode()
    for case_id, xml in itertools.cycle(visits):
        fresh = str(uuid.uuid4()).encode()
        yield _request(order, token.encode(), case_id, xml.replace(placeholder, fresh))


def _request(order: Order, token: bytes, case_id: bytes, xml: bytes) -> bytes:
    boundary = f"----WebKitFormBoundary{random.getrandbits(64):016x}".encode()  # a browser takes a new one each time
    part = b"--" + boundary + b'\r\nContent-Disposition: form-data; name="'
    body = (
        part + b'case_id"\r\n\r\n' + case_id + b"\r\n" + part + b'xml_submission_file"; filename="visit.xml"\r\n'
        b"Content-Type: text/xml\r\n\r\n" + xml + b"\r\n--" + boundary + b"--\r\n"
    )
    head = (
        f"POST /visit/api/submissions HTTP/1.1\r\nHost: {order.host}:{order.port}\r\n"
        f"Content-Type: multipart/form-data; boundary={boundary.decode()}\r\nContent-Length: {len(body)}\r\n"
    )
    return head.encode() + b"Authorization: Bearer " + token + b"\r\n\r\n" + body


def main(path: Path) -> None:
    """Do what the order says and print the outcome."""
    order = Order(**json.loads(path.read_text("utf-8")))
    print(json.dumps(asdict(asyncio.run(hand_in(order)))))  # noqa: T201 - to our parent


if __name__ == "__main__":
    main(Path(sys.argv[1]))
