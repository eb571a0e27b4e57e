"""Personal columns are read in few functions, and each of them is known with its reason.

``python -m tests.support.personal`` says where they are read elsewhere. What is sealed is of use to nobody before it is
opened; so every function is found that takes a cipher, opens with one, names a sealed column of a table, calls one of
the functions that open, or reads a file among the blobs. ``KNOWN`` says of each why it may and what records it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SERVER = Path(__file__).resolve().parents[2] / "survey_server"
OPENERS: Mapping[str, str] = {
    "cipher_of": "survey_server.privacy.service",
    "clue_cipher_of": "survey_server.privacy.service",
    "facts_of": "survey_server.fieldwork.service",
    "open_answers": "survey_server.results.dataset",
    "open_case": "survey_server.rights.opening",
    "open_clue": "survey_server.submissions.clues",
    "problems_of": "survey_server.rosters.service",
}
"""Functions that open, and where they are from: another of the same name is none."""
COLUMNS: Mapping[str, frozenset[str]] = {
    "Household": frozenset({"personal"}),
    "StagedUnit": frozenset({"personal"}),
    "UnitFacts": frozenset({"personal"}),
    "Submission": frozenset({"xml", "answers"}),
    "Attempt": frozenset({"note"}),
    "Clue": frozenset({"content"}),
    "Interview": frozenset({"content"}),
    "Finding": frozenset({"content"}),
    "FindingStep": frozenset({"content"}),
    "BaseData": frozenset({"contacts"}),
    "Import": frozenset({"problems"}),
}
"""Tables and their sealed columns."""
FEW = frozenset({"personal"})
"""Columns whose name no other thing has: read from anything."""

KNOWN: Mapping[str, str] = {
    "api.reading._answers": "coded answers that may leave the house; api.endpoint records results.read_by_api",
    "api.reading.submissions": "defers the sealed columns: they are not fetched",
    "archive._fill": "a backup: everything stays sealed",
    "cards.complaints._open": "complaint.read, complaint.handle",
    "cards.complaints.answer": "seals; recorded as complaint.handle",
    "cards.complaints.complain": "seals only",
    "cards.service.add_letter": "seals only",
    "cards.service.issue": "seals only",
    "cards.service.letter_picture": "the client's public letter",
    "cards.service.photo_of": "staff's own photograph on the public card",
    "closing.service.clues_of_study": "each by open_clue, with a reason; clue.hand_over",
    "closing.service.counts_of": "counts notes",
    "demo.small._interview": "invented people",
    "desk.drafts._open": "by desk.routes.show_draft, call.open",
    "desk.drafts.keep_draft": "seals only",
    "desk.handing_over.answer": "seals; recorded as handover.answer",
    "desk.handing_over.hand_over": "seals; recorded as handover.make",
    "desk.handing_over.open_words": "handover.open",
    "desk.numbers._from_roster": "seals only; shown masked, in full by call.dial",
    "desk.numbers._row": "seals only",
    "desk.numbers.lines": "masked; the full number only by call.dial",
    "desk.quotas._from_answers": "counts coded answers",
    "desk.recalls._first": "compared; recall.open, recall.done",
    "desk.recalls.close_recall": "seals; recorded as recall.done",
    "desk.recalls.differences": "counts coded answers",
    "desk.recalls.open_recall": "recall.open",
    "desk.recordings.attach": "seals only",
    "desk.recordings.listen": "recording.listen",
    "desk.recordings.mark": "seals; recorded as recording.mark",
    "desk.recordings.marks_of": "a listener's own words",
    "desk.telephony.connect": "seals the secret of the telephone system",
    "desk.telephony._ask": "the number that call.dial showed goes to the telephone system",
    "desk.telephony.take_event": "the secret of the telephone system",
    "desk.routes._case_page": "masked; the full number only by call.dial",
    "desk.routes.households": "the one case in the operator's hands, call.take",
    "exports.archive._submissions": "coded answers that are not personal; export.ask, export.made, results.export",
    "exports.bringing._cases": "seals only; archive.bring_in",
    "exports.bringing._submissions": "seals only; archive.bring_in",
    "exports.making.make_export": "seals the file; export.made",
    "exports.service.ask": "asks whether the study is open; export.ask",
    "exports.service.content_of": "a de-identified file for whoever asked; results.export",
    "findings.collecting._values": "only what the questionnaire marks, sealed again in the ledger",
    "findings.evidence._content": "finding.read, by open_finding",
    "findings.evidence._step": "finding.read, by open_finding",
    "findings.evidence.read_file": "finding.take",
    "findings.evidence.take_file": "seals only",
    "findings.evidence.words_of_all": "finding.export with a reason, by routes.download_words",
    "findings.examined._opened": "keeps a bit a check: whether one of its questions was answered",
    "findings.service.sealed": "seals only",
    "fieldwork.progress.case_page": "masked; case.view",
    "fieldwork.service.CaseFacts.address": "a part of facts_of",
    "fieldwork.service.CaseFacts.as_item": "a part of facts_of",
    "fieldwork.service.CaseFacts.name": "a part of facts_of",
    "fieldwork.service.CaseFacts.phones": "a part of facts_of",
    "fieldwork.service.facts_of": "the one function that opens the roster's facts; each caller is known here",
    "fieldwork.service.note_attempt": "seals only",
    "fieldwork.special.forget": "blanks a household that is erased; roster.erase",
    "fieldwork.special._frame": "read to draw; special.draw",
    "fieldwork.special._keep": "seals only; special.draw",
    "fieldwork.special._opened": "masked by special.print, in full by special.open with a reason",
    "fieldwork.tasks._lists": "tasks.print, tasks.open",
    "fieldwork.tasks._spot": "a village's mean alone is printed; tasks.print, tasks.open",
    "imports.keying._lists": "the one household of the form in a keyer's hands; paper.open",
    "imports.keying._open": "what was typed from a paper form, for its keyer or who settles it; paper.open",
    "imports.keying._seal": "seals only",
    "imports.linking._add_names": "compares names, which nobody is shown; answers.take",
    "imports.rates._answers": "counts answers by code; answers.take",
    "imports.service.decisions_of": "values of choices as a file writes them; page.use",
    "imports.service.keep_decisions": "seals only",
    "imports.service.open_file": "the file of whoever uploads it: values of choices with their counts; page.use",
    "imports.service.upload": "seals only",
    "imports.taking._taker": "fills the form's household list; nobody is shown it; answers.take",
    "openrosa.service._households": "phone.households",
    "privacy.service.clue_cipher_of": "gives the cipher; each caller is known here",
    "public.classes._opened": "a part of trainees_of, enrol and sign_in",
    "public.classes.enrol": "compares names with those that are there; class.enrol",
    "public.classes.sign_in": "the trainee's own name; class.sign_in",
    "public.classes.trainees_of": "class.view",
    "public.pictures.held": "the visitor's own photographs, on their way into their submission",
    "public.pictures.hold": "seals only",
    "public.subjects._household": "the household's own page; name, amount and category are left out",
    "results.dataset._opened": "codes, and the telling words of open answers without names and numbers",
    "results.dataset.open_answers": "the one function that opens answers; each caller is known here",
    "results.kept._read": "figures alone, without cases and answers; small cells are suppressed as the page is shown",
    "results.kept.keep": "seals only: figures, without cases and answers",
    "results.microdata.coded_answers": "coded answers that are not personal; results.export",
    "rights.inventory._of_fieldwork": "counts notes",
    "rights.opening._answers": "case.open",
    "rights.opening._notes": "case.open",
    "rights.opening._content": "case.open",
    "rights.opening.open_case": "case.open",
    "rights.purposes._files": "to find the files to delete; consent.withdraw",
    "rights.routes.open_clue": "clue.open",
    "rights.routes.show_opened": "case.open",
    "rights.withdrawal._erase_roster": "seals nothing over what was there",
    "rosters.cli._read": "problems hold masked values",
    "rosters.routes._problems": "problems hold masked values",
    "rosters.routes.download_problems": "problems hold masked values",
    "rosters.service._content": "read by the import, which shows nobody anything",
    "rosters.service.problems_of": "problems hold masked values",
    "rosters.service.read_import": "the import",
    "rosters.service.upload": "seals only",
    "reports.issuing._open": "issued reports and de-identified snapshots: results.report, results.trace",
    "scores.papers.add_evidence": "seals only",
    "scores.papers.read_evidence": "evidence.take",
    "submissions.clues.new_clue": "seals only",
    "submissions.clues.open_clue": "clue.open, for the named few",
    "submissions.reading._facts": "a form is checked against the household's facts; nobody sees them",
    "submissions.reading.look_up": "seals only",
    "visit.service._study": "phone.day",
    "visit.service.households_csv": "phone.households",
    "workpapers.base_data._contact": "masked on pages and in files; in full by base_data.contact, with a reason",
    "workpapers.base_data.take_table": "seals only",
    "workpapers.documents.read_file": "document.take",
    "workpapers.documents.take_file": "seals only",
    "workpapers.interviews._keep": "seals only",
    "workpapers.interviews._opened": "interview.read; in reports the points alone, without names, by results.report",
}
"""By module and function: what records the reading, or why nothing personal is shown by it."""


@dataclass(frozen=True)
class Reading:
    """One place where something personal is read."""

    where: str
    """Module and function: ``fieldwork.service.facts_of``."""
    line: int
    what: str


def readings(source: str, module: str) -> Iterator[Reading]:
    """Every place of a module's source that reads something personal."""
    tree = ast.parse(source)
    imported = {
        alias.asname or alias.name: node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    yield from _Finder(module, imported).find(tree, ())


class _Finder:
    def __init__(self, module: str, imported: Mapping[str, str]) -> None:
        self._module = module
        self._imported = imported

    def find(self, node: ast.AST, inside: tuple[str, ...]) -> Iterator[Reading]:
        what = _read_by(node, self._imported)
        if what:
            yield Reading(".".join((self._module, *inside)), getattr(node, "lineno", 0), what)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            inside = (*inside, node.name)
        for child in ast.iter_child_nodes(node):
            yield from self.find(child, inside)


def _read_by(node: ast.AST, imported: Mapping[str, str]) -> str:
    """What a node reads, in words; empty where it reads nothing personal."""
    if isinstance(node, ast.Call):
        return _called(node, imported)
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        table = node.value.id if isinstance(node.value, ast.Name) else ""
        if node.attr in COLUMNS.get(table, ()) or node.attr in FEW:
            return f"{table or '…'}.{node.attr}"
    return ""


def _called(call: ast.Call, imported: Mapping[str, str]) -> str:
    function = call.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    if name in OPENERS and imported.get(name, OPENERS[name]) == OPENERS[name]:
        return f"{name}()"
    if not isinstance(function, ast.Attribute):
        return ""
    of = ast.unparse(function.value)
    if name == "open" and len(call.args) == 2 and of not in {"os", "Services"}:
        return f"{of}.open()"
    return f"{of}.get()" if name == "get" and of.endswith("blobs") else ""


def server_readings(folder: Path = SERVER) -> list[Reading]:
    """Every place of the server."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        module = ".".join(path.relative_to(folder).with_suffix("").parts)
        found += readings(path.read_text("utf-8"), module)
    return found


def faults(found: list[Reading], known: Mapping[str, str] = KNOWN) -> list[str]:
    """Readings that nobody gave a reason for, and reasons that are not needed any more."""
    unknown = [
        f"survey_server: {one.where} (line {one.line}) reads {one.what}: read it through a function that records, or "
        "say in tests/support/personal.py why this one may"
        for one in found
        if one.where not in known
    ]
    idle = sorted(set(known) - {one.where for one in found})
    return unknown + [
        f"tests/support/personal.py: {where} reads nothing personal any more: remove it" for where in idle
    ]


def main() -> int:
    """Print the faults; the exit status says whether there are any."""
    wrong = faults(server_readings())
    sys.stdout.writelines(f"{fault}\n" for fault in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
