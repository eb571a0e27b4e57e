"""Figures of a running server for Prometheus: how much, how fast, how late. No personal data, no addresses.

One process serves SQLite; on PostgreSQL several do, and each writes its counts into a folder of their own
(``PROMETHEUS_MULTIPROC_DIR``, set by :mod:`survey_server.serving`), so that whichever answers tells the sum. What
stands in the database (the outbox, the worker's heartbeat) is read when somebody asks.
"""

from __future__ import annotations

import datetime as dt
import hmac
import ipaddress
import os
import time
from collections.abc import Iterator
from dataclasses import replace

import sqlalchemy as sa
from flask import Flask, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlmodel import col
from werkzeug.wrappers import Response

from survey_server.errors import Problem, ZoufangError
from survey_server.operations.chores import Chore
from survey_server.outbox import LAST_ATTEMPT, OutboxRow
from survey_server.work import Services

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
TYPE = "text/plain; version=0.0.4; charset=utf-8"
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
FORWARDED = ("X-Forwarded-For", "X-Real-Ip", "Forwarded")


class Metrics:
    """The figures of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("route", "method", "status")
        self.requests = Counter("zoufang_requests", "Requests answered", labels, registry=self.registry)
        self.seconds = Histogram(
            "zoufang_request_seconds",
            "Time until an answer was ready",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.acts = Counter(
            "zoufang_acts",
            "Acts in the record, by name: submission_receive counts the answers received",
            ("act",),
            registry=self.registry,
        )
        self.errors = Counter("zoufang_errors", "Requests that failed on our side", ("route",), registry=self.registry)

    def note_act(self, action: str) -> None:
        """One more act of this name is in the record."""
        self.acts.labels(action).inc()

    def note_answer(self, response: Response) -> Response:
        """One more request was answered."""
        route = request.endpoint or "none"
        self.requests.labels(route, request.method, str(response.status_code)).inc()
        if "asked_at" in g:
            self.seconds.labels(route).observe(time.perf_counter() - g.asked_at)
        if response.status_code >= 500:
            self.errors.labels(route).inc()
        return response

    def text(self, services: Services) -> bytes:
        """Everything, of all processes, as Prometheus reads it."""
        counted = self.registry
        if FOLDER in os.environ:
            counted = CollectorRegistry()
            MultiProcessCollector(counted)
        stored = CollectorRegistry()
        stored.register(StoredFigures(services))
        return generate_latest(counted) + generate_latest(stored)


class StoredFigures(Collector):
    """What the database tells of the work that waits and of the worker."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Read it now."""
        with self._services.read() as work:
            open_rows = col(OutboxRow.done_at).is_(None)
            stuck = sa.func.sum(sa.case((col(OutboxRow.attempts) >= LAST_ATTEMPT, 1), else_=0))
            query = sa.select(sa.func.count(), sa.func.coalesce(stuck, 0)).where(open_rows)
            waiting, stuck_rows = work.session.execute(query).one()
            oldest = work.session.execute(sa.select(sa.func.min(col(OutboxRow.created_at))).where(open_rows)).scalar()
            chores = work.session.execute(sa.select(col(Chore.name), col(Chore.done_at), col(Chore.well))).all()
        now = work.now
        yield GaugeMetricFamily("zoufang_outbox_waiting", "Rows of the outbox that are not done", waiting)
        yield GaugeMetricFamily("zoufang_outbox_stuck", "Rows of the outbox that were given up", stuck_rows)
        yield GaugeMetricFamily("zoufang_outbox_oldest_seconds", "Age of the oldest of them", _age(now, oldest))
        age = GaugeMetricFamily("zoufang_chore_age_seconds", "Time since a chore was done", labels=["chore"])
        well = GaugeMetricFamily("zoufang_chore_well", "Whether it went well", labels=["chore"])
        for name, done_at, went_well in chores:
            age.add_metric([name], _age(now, done_at))
            well.add_metric([name], float(went_well))
        yield age
        yield well


def install(app: Flask, services: Services) -> Services:
    """Count what this application answers; returns the services that count acts too."""
    metrics = Metrics()
    app.extensions["zoufang.metrics"] = metrics

    @app.before_request
    def start() -> None:
        g.asked_at = time.perf_counter()

    app.after_request(metrics.note_answer)
    return replace(services, noted=metrics.note_act)


def require_reader(token: str) -> None:
    """Let in who shows the token, or who asks from this machine itself and through no proxy; raises NOT_FOUND."""
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(shown.encode(), token.encode()):
        return
    address = request.environ.get("REMOTE_ADDR", "")
    if any(name in request.headers for name in FORWARDED) or not _is_loopback(address):
        raise ZoufangError(Problem.NOT_FOUND)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _age(now: dt.datetime, moment: dt.datetime | None) -> float:
    return (now - moment).total_seconds() if moment else 0.0
