"""From bytes to answers held against their form: all that happens before anything is stored."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree
from sqlmodel import select

from analysis.outcomes import load_outcomes
from mobile_forms.answers import Checked, UnreadableSubmission, parse_submission
from mobile_forms.definition import FormDefinition
from mobile_forms.flatten import flatten
from mobile_forms.instance import Identity, identity_of
from survey_server.crypto import StudyCipher
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import CaseFacts, facts_of
from survey_server.privacy.service import cipher_of, clue_cipher_of
from survey_server.studies.forms import form_version, rules_of
from survey_server.studies.models import Channel, FormVersion, Place
from survey_server.submissions.clues import asks_clues, take_out
from survey_server.submissions.consents import Given, consents_in, unusable, withheld_files
from survey_server.submissions.marks import marks_in
from survey_server.submissions.pictures import is_picture
from survey_server.work import Work

WHY = {
    "malformed": N_("it is not well-formed XML"),
    "too_large": N_("it is too large"),
    "too_deep": N_("it is nested too deeply"),
    "forbidden": N_("it holds a construct that is not allowed"),
    "unknown_form": N_("it belongs to another questionnaire"),
    "no_instance_id": N_("it has no number of its own (instanceID)"),
}
UNNAMED_FILE, NOT_A_PICTURE = "unnamed_file", "not_a_picture"
FILE_RULES = frozenset({UNNAMED_FILE, NOT_A_PICTURE})
"""What can be wrong with a file: no answer names it, or a photograph that is none."""
Lists = Mapping[str, list[dict[str, str]]]
FORMS_HELD = 64
_forms: dict[tuple[uuid.UUID, str, str], FormVersion] = {}


@dataclass(frozen=True)
class Envelope:
    """What a channel hands in."""

    study_id: uuid.UUID
    xml: bytes
    files: Mapping[str, bytes]
    channel: Channel
    case_id: uuid.UUID | None
    place_id: uuid.UUID | None


@dataclass(frozen=True)
class LookedUp:
    """What the database knows about it, beside the answers as parsed."""

    document: etree._Element
    form: FormVersion
    cipher: StudyCipher
    clue_cipher: StudyCipher
    facts: CaseFacts | None
    lists: Lists


@dataclass(frozen=True)
class Reading:
    """The answers, held against their form."""

    form_version_id: uuid.UUID
    case_id: uuid.UUID | None
    checked: Checked
    answers: dict[str, Any]
    flags: list[dict[str, Any]]
    outcome_class: str | None
    cipher: StudyCipher
    clue_cipher: StudyCipher | None
    """Seals the raw answers too where the questionnaire asks what only a named few may read."""
    clues: list[list[str]]
    consents: list[Given]
    unusable: str
    files: Mapping[str, bytes]
    marked: bool = False
    """Whether an answer is a sign of a problem (:mod:`survey_server.submissions.marks`)."""


def look_up(work: Work, envelope: Envelope) -> LookedUp:
    """The form, the keys and the household's facts.

    Raises FORM_UNKNOWN, SUBMISSION_UNREADABLE, NOT_FOUND, WITHDRAWN, STUDY_CLOSED.
    """
    try:
        document = parse_submission(envelope.xml)
    except UnreadableSubmission as error:
        raise _unreadable(error) from error
    form = _form(work, envelope.study_id, identity_of(document))
    facts = _facts(work, envelope, form, document)
    lists: dict[str, list[dict[str, str]]] = {}
    if facts is not None:
        public = envelope.channel is Channel.QR_HOUSEHOLD
        lists["households.csv"] = [facts.as_public_item() if public else facts.as_item()]
    if envelope.place_id is not None:
        place = work.session.get_one(Place, envelope.place_id)
        item = {"name": place.code, "label": place.label, "p_county": place.county}
        lists |= {"places.csv": [item], "sessions.csv": [item]}
    ciphers = cipher_of(work, envelope.study_id), clue_cipher_of(work, envelope.study_id)
    return LookedUp(document, form, *ciphers, facts, lists)


def read(envelope: Envelope, looked_up: LookedUp) -> Reading:
    """Check the answers; whatever they break becomes a flag. Raises SUBMISSION_UNREADABLE."""
    rules = rules_of(looked_up.form)
    try:
        checked = rules.check_document(looked_up.document, looked_up.lists)
    except UnreadableSubmission as error:
        raise _unreadable(error) from error
    flat = flatten(rules.form, checked)
    named = {file: envelope.files[file] for file in envelope.files}
    outcome = load_outcomes().get(checked.outcome or "")
    outcome_class = outcome.outcome_class if outcome else None
    taken = take_out(
        rules.form, {"values": dict(checked.values), "tags": dict(flat.by_tag), "tables": dict(flat.tables)}
    )
    never = unusable(rules.form, checked, outcome_class)
    return Reading(
        form_version_id=looked_up.form.id,
        case_id=looked_up.facts.case.id if looked_up.facts else None,
        checked=checked,
        answers=taken.answers,
        flags=[
            *_flags(checked, looked_up),
            *_flags_of_consent(rules.form, checked, never),
            *_flags_of_files(rules.form, checked, envelope.files),
        ],
        outcome_class=outcome_class,
        cipher=looked_up.cipher,
        clue_cipher=looked_up.clue_cipher if asks_clues(rules.form) else None,
        clues=taken.clues,
        consents=consents_in(rules.form, checked),
        unusable=never,
        files=named,
        marked=not never and bool(marks_in(rules.form, taken.answers["values"])),
    )


def _form(work: Work, study_id: uuid.UUID, named: Identity) -> FormVersion:
    """A published version never changes, so each process reads it once."""
    key = (study_id, named.form_id, named.version)
    found = _forms.get(key)
    if found is None:
        found = form_version(work, *key)
        if len(_forms) >= FORMS_HELD:
            _forms.clear()
        _forms[key] = found
    return found


def _facts(work: Work, envelope: Envelope, form: FormVersion, document: etree._Element) -> CaseFacts | None:
    case_id = envelope.case_id or _named_case(work, envelope, form, document)
    if case_id is None:
        return None
    facts = facts_of(work, envelope.study_id, [case_id])
    if not facts:
        raise ZoufangError(Problem.NOT_FOUND)
    if facts[0].case.withdrawn_at is not None:
        raise ZoufangError(Problem.WITHDRAWN)
    return facts[0]


def _named_case(work: Work, envelope: Envelope, form: FormVersion, document: etree._Element) -> uuid.UUID | None:
    """The case that the answers themselves name, for channels that do not preset one (ODK Collect, paper)."""
    if envelope.place_id is not None:
        return None
    try:
        named = rules_of(form).check_document(document).case_id
    except UnreadableSubmission as error:
        raise _unreadable(error) from error
    query = select(Case.id).where(Case.study_id == envelope.study_id, Case.sample_id == named)
    return work.session.exec(query).first()


def _flags(checked: Checked, looked_up: LookedUp) -> list[dict[str, Any]]:
    """What a reviewer should look at: names of questions and rules, never an answer."""
    flags: list[dict[str, Any]] = [{"rule": broken.rule, "question": broken.question} for broken in checked.breaks]
    if looked_up.facts is not None and checked.case_id not in (None, looked_up.facts.case.sample_id):
        flags.append({"rule": "other_household", "question": ""})
    return flags


def _flags_of_consent(form: FormDefinition, checked: Checked, never: str) -> list[dict[str, Any]]:
    """What may not be used for want of consent: the whole record, or single files and places."""
    whole = [{"rule": never, "question": ""}] if never else []
    return [*whole, *({"rule": "file_without_consent", "question": name} for name in withheld_files(form, checked))]


def _flags_of_files(form: FormDefinition, checked: Checked, files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Files that no answer names, and photographs that are none or are made to break whoever opens them."""
    unnamed = [{"rule": UNNAMED_FILE, "question": ""}] if set(files) - set(checked.files) else []
    photographs = [(one.name, checked.values.get(one.name, "")) for one in form.questions if one.kind == "image"]
    broken = [name for name, file in photographs if file in files and not is_picture(files[file])]
    return [*unnamed, *({"rule": NOT_A_PICTURE, "question": name} for name in broken)]


def _unreadable(error: UnreadableSubmission) -> ZoufangError:
    return ZoufangError(Problem.SUBMISSION_UNREADABLE, why=WHY.get(error.code, WHY["malformed"]))
