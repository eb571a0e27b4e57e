"""What reports say of working papers: interviews by topic, comments on the draft with what became of them."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flask_babel import gettext

from analysis.report.document import Table
from analysis.report.workbook import Column
from survey_server.work import Work
from survey_server.workpapers.comments import ADOPTED, DECISIONS, PARTLY, Sent, sent_of
from survey_server.workpapers.documents import ARRIVED, count_of
from survey_server.workpapers.interviews import interviews_of, points_of, roles, topics
from survey_server.workpapers.models import Interview

TABLES = ("interviews", "comments")
TOPIC = "interview."


@dataclass(frozen=True)
class Annexes:
    """A study's working papers as a report reads them; what a report does not name is not read."""

    work: Work
    study_id: uuid.UUID

    @cached_property
    def interviews(self) -> Sequence[Interview]:
        """The interviews, their words sealed."""
        return interviews_of(self.work, self.study_id)

    @cached_property
    def sent(self) -> Sequence[Sent]:
        """The drafts that were sent, with their comments."""
        return sent_of(self.work, self.study_id)

    @cached_property
    def points(self) -> dict[str, list[tuple[Interview, str]]]:
        """The points of the interviews by topic."""
        return points_of(self.work, self.study_id)

    def facts(self) -> dict[str, str]:
        """Names for an outline; empty where there is nothing to say."""
        rows, comments = self.interviews, [comment for one in self.sent for comment in one.comments]
        days = sorted(row.held_on for row in rows)
        decided = Counter(comment.decision for comment in comments)
        documents = count_of(self.work, self.study_id)
        return {
            "interviews": _count(len(rows)),
            "interview_counties": _count(len({row.county for row in rows if row.county})),
            "interview_roles": "、".join(f"{roles()[role]}{count}人次" for role, count in self.by_role()),
            "interview_from": f"{days[0]:%Y年%-m月%-d日}" if days else "",
            "interview_to": f"{days[-1]:%Y年%-m月%-d日}" if days else "",
            "drafts_sent": _count(len(self.sent)),
            "drafts_answered": _count(sum(one.answered for one in self.sent)),
            "comments": _count(len(comments)),
            "comments_adopted": str(decided[ADOPTED]),
            "comments_partly": str(decided[PARTLY]),
            "documents_asked": _count(sum(documents.values())),
            "documents_arrived": str(documents.get(ARRIVED, 0)),
        }

    def topic_facts(self) -> dict[str, str]:
        """How many points the interviews have by topic, under the name that their sentences have."""
        return {f"{TOPIC}{code}": _count(len(points)) for code, points in self.points.items()}

    def by_role(self) -> list[tuple[str, int]]:
        """How many interviews were held with each role, in the order of the guide."""
        found = Counter(row.role for row in self.interviews)
        return [(role, found[role]) for role in roles() if found[role]]

    def table(self, name: str) -> Table:
        """A table by its name, one of TABLES."""
        return {"interviews": self._interviews, "comments": self._comments}[name]()

    def sentences(self, name: str) -> list[str]:
        """The points of a topic, each with the number of its interview."""
        return [f"{point}（{row.county}{row.number}）" for row, point in self.points[name.removeprefix(TOPIC)]]

    def _interviews(self) -> Table:
        headers = (gettext("Number"), gettext("County"), gettext("Role"), gettext("Unit"), gettext("Date"))
        rows = [
            [row.number, row.county, roles()[row.role], row.unit, f"{row.held_on:%Y-%m-%d}"] for row in self.interviews
        ]
        return Table(gettext("Interviews held"), [Column(header) for header in headers], rows)

    def _comments(self) -> Table:
        headers = (gettext("Unit"), gettext("Comment"), gettext("Decision"), gettext("Reason, or what was changed"))
        rows = []
        for one in self.sent:
            for comment in one.comments:
                decision = gettext(DECISIONS[comment.decision]) if comment.decision else gettext("not decided yet")
                where = f"{comment.part}：" if comment.part else ""
                rows.append([str(comment.number), one.row.unit, f"{where}{comment.text}", decision, comment.answer])
            if not one.comments:
                said = gettext("no comment") if one.row.no_comment_on else gettext("no answer")
                rows.append(["", one.row.unit, said, "", ""])
        columns = [Column(gettext("No.")), *(Column(header) for header in headers)]
        return Table(gettext("Comments on the draft and what became of them"), columns, rows)


def sentence_names() -> tuple[str, ...]:
    """What an outline may name as sentences: a topic of the interviews each."""
    return tuple(f"{TOPIC}{code}" for code in topics())


def _count(number: int) -> str:
    return str(number) if number else ""
