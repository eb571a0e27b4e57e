"""What the API is asked and answers. Strict: what is documented is what is sent, to the letter."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

MOST = 500
Fraction = Annotated[float, Field(ge=0, le=1)]


class Strict(BaseModel):
    """Nothing is converted, nothing is let through that is not named."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Nothing(Strict):
    """No parameters."""


class PageQuery(Strict):
    """A page of a list."""

    limit: int = Field(100, ge=1, le=MOST, description="How many items at most.")
    cursor: str | None = Field(
        None, min_length=1, max_length=1000, description="`next` of the page before; opaque, good for this list alone."
    )


class SubmissionQuery(PageQuery):
    """A page of submissions, with their answers where these are asked for."""

    answers: bool = Field(
        default=False,
        description="Whether coded answers are sent too; needs the scope `answers:read`, and is recorded.",
    )


class Page(Strict):
    """A page; `next` is the cursor of the following one, null on the last."""

    next: str | None


class Problem(Strict):
    """What went wrong (RFC 9457), with its number in our table and what to do."""

    type: str
    title: str
    status: int
    detail: str
    number: int
    remedy: str


class Study(Strict):
    """One evaluation. `definitions` are the 口径 that are locked at `locked_at`."""

    id: uuid.UUID
    name: str
    practice: bool
    client: str
    company: str
    indicator_table: str
    definitions: dict[str, Any]
    locked_at: dt.datetime | None
    created_at: dt.datetime


class StudyPage(Page):
    """Studies, oldest first."""

    items: list[Study]


class Case(Strict):
    """One drawn unit, without a personal fact. `population` is the N of its stratum."""

    id: uuid.UUID
    sample_id: str
    stratum: str
    county: str
    category: str
    role: str
    draw_order: int
    population: int
    probability: Fraction | None
    released_at: dt.datetime | None
    status: str
    outcome: str | None
    outcome_class: str | None
    outcome_channel: str | None
    attempts: int
    last_attempt_at: dt.datetime | None
    withdrawn: bool


class CasePage(Page):
    """Cases, by sample number."""

    items: list[Case]


class Stratum(Strict):
    """Counts of released cases; null where a count is not shown (`hidden`)."""

    county: str
    category: str
    released: int | None
    attempted: int | None
    complete: int | None
    partial: int | None
    refused: int | None
    open: int | None


class Progress(Strict):
    """How the fieldwork stands, by stratum and in all; `hidden` counts are under 5 or would give one away."""

    strata: list[Stratum]
    total: Stratum
    hidden: int


class Estimate(Strict):
    """One printed figure. A rate is a fraction between 0 and 1, a score points; null: nothing to print."""

    metric: str
    denominator: str
    domain: str
    county: str
    category: str
    rate: bool
    estimate: float | None
    low: float | None
    high: float | None
    method: str
    n: int
    yes: int | None
    missing: int | None
    interviews: int | None
    unit: str
    hidden: bool


class EstimatePage(Page):
    """Figures, by metric, denominator, domain, county and category; an empty county or category means all."""

    items: list[Estimate]


class Line(Strict):
    """A line of the indicator table (评分表), in points; `metric` is the figure that it is scored from."""

    level: int
    name: str
    weight: float | None
    score: float | None
    low: float | None
    high: float | None
    metric: str | None
    estimate: float | None


class Scores(Strict):
    """The indicator table as far as the survey can score it, and what contradicts itself in it."""

    title: str
    lines: list[Line]
    checks: list[str]


class Flag(Strict):
    """A rule of the questionnaire that the answers break, and at which question."""

    rule: str
    question: str


class Submission(Strict):
    """One handed-in set of answers; `answers` are codes by question, null where not asked for or not kept."""

    id: uuid.UUID
    instance_id: str
    corrects: str | None
    sample_id: str | None
    channel: str
    form_id: str
    form_version: str
    received_at: dt.datetime
    outcome: str | None
    outcome_class: str | None
    headline: bool
    flags: list[Flag]
    unusable: str
    withdrawn: bool
    answers: dict[str, str | int | None] | None


class SubmissionPage(Page):
    """Submissions in the order in which they came."""

    items: list[Submission]


class Person(Strict):
    """Somebody who works here."""

    id: uuid.UUID
    name: str
    staff_no: str
    active: bool
    roles: list[str]


class PersonPage(Page):
    """People."""

    items: list[Person]


class Event(Strict):
    """One act of the record (操作记录)."""

    id: int
    at: dt.datetime
    actor_kind: str
    actor_id: uuid.UUID | None
    action: str
    subject_kind: str
    subject_id: str
    study_id: uuid.UUID | None
    details: dict[str, Any]


class EventPage(Page):
    """Events, oldest first."""

    items: list[Event]
