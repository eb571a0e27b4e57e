"""A plain sentence for every action in the record, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from survey_server.errors import N_

SENTENCES: Mapping[str, str] = {
    "answers.match": N_("decided what the columns of a file of answers are"),
    "answers.remove": N_("removed a file of answers"),
    "answers.take": N_("took the answers of a file"),
    "answers.taken": N_("finished taking the answers of a file"),
    "answers.undo": N_("took an import back"),
    "answers.upload": N_("uploaded a file of answers"),
    "attempt": N_("wrote down a try to reach a household"),
    "audit.download": N_("downloaded the record"),
    "audit.export": N_("exported the record to a file"),
    "backup.write": N_("wrote a backup"),
    "base_data.contact": N_("opened the contact details of a county"),
    "base_data.take": N_("took a county's self-evaluation data in"),
    "call.event": N_("told what became of a call (the telephone system)"),
    "call.number": N_("wrote down a telephone number that was given"),
    "call.pick": N_("put a household first in the call queue"),
    "call.rules": N_("changed the rules of calling"),
    "call.to_visit": N_("sent a household from the call desk to a visit"),
    "handover.answer": N_("wrote down the answer to what was handed over"),
    "handover.make": N_("handed a complaint or request over"),
    "handover.open": N_("read what was handed over"),
    "handover.send": N_("sent what was handed over"),
    "handover.tell": N_("noted that the household was told the answer"),
    "operator.skills": N_("changed the languages of an operator"),
    "quota.change": N_("changed the quotas"),
    "recall.done": N_("asked a called household again"),
    "recall.draw": N_("drew interviews to be asked again"),
    "recall.open": N_("saw a household to ask it again"),
    "recording.delete": N_("deleted recordings whose date had come"),
    "recording.listen": N_("listened to a recording"),
    "recording.mark": N_("marked a recording"),
    "telephony.connect": N_("connected a telephone system"),
    "telephony.disconnect": N_("disconnected the telephone system"),
    "call.dial": N_("saw a telephone number in full, to dial it"),
    "call.open": N_("saw a household at the call desk"),
    "call.put_back": N_("gave a household back to the call queue"),
    "call.take": N_("took a household from the call queue"),
    "card.issue": N_("issued a work card"),
    "card.print": N_("printed work cards"),
    "card.revoke": N_("revoked a work card"),
    "case.assign": N_("gave households to an interviewer"),
    "case.open": N_("opened a household's personal facts"),
    "case.view": N_("looked at a household"),
    "clue.hand_over": N_("made the file of sealed clues for the client"),
    "clue.open": N_("opened a sealed clue"),
    "clue.reader": N_("named a reader of sealed clues"),
    "clue.reader_off": N_("took a reader of sealed clues off"),
    "clue.seal": N_("sealed a clue"),
    "codes.print": N_("printed QR codes"),
    "submission.helped": N_("noted that somebody helped to answer"),
    "codes.restore": N_("let a cancelled code open again"),
    "codes.revoke": N_("cancelled codes"),
    "codes.letter": N_("changed the letter to residents"),
    "codes.terms": N_("set the last day and quota of codes"),
    "class.sign_in": N_("signed in at a class"),
    "class.mark": N_("marked who was at a class"),
    "class.view": N_("opened a class's sign-in list"),
    "class.enrol": N_("imported who is enrolled in a class"),
    "class.make": N_("added a class"),
    "complaint.handle": N_("handled a complaint"),
    "complaint.read": N_("read complaints"),
    "complaint.receive": N_("made a complaint"),
    "consent.withdraw": N_("took a consent back"),
    "document.ask": N_("asked counties for papers"),
    "document.file": N_("took in a file of a paper asked for"),
    "document.mark": N_("marked how a paper asked for stands"),
    "document.take": N_("took out a file of a paper asked for"),
    "draft.comment": N_("logged a comment on a draft"),
    "draft.decide": N_("decided on a comment"),
    "draft.no_comment": N_("logged that a unit has no comment"),
    "draft.send": N_("sent a draft for comment"),
    "archive.bring_in": N_("brought a study archive in"),
    "export.ask": N_("asked for a file of results"),
    "export.made": N_("made a file of results"),
    "evidence.add": N_("added a paper as evidence"),
    "evidence.take": N_("took a paper of the evidence"),
    "form.discard": N_("threw a draft of a questionnaire away"),
    "form.draft": N_("uploaded a draft of a questionnaire"),
    "finding.add": N_("wrote a finding down"),
    "finding.collect": N_("looked through answers for findings"),
    "finding.export": N_("downloaded the ledger of problems"),
    "finding.file": N_("added a file to a finding"),
    "finding.forget": N_("emptied a finding of a household that withdrew"),
    "finding.read": N_("read a finding"),
    "finding.step": N_("took a finding a step further"),
    "finding.take": N_("took a file of a finding"),
    "form.publish": N_("published a questionnaire"),
    "interview.add": N_("wrote down an interview"),
    "interview.change": N_("corrected an interview"),
    "interview.read": N_("read an interview"),
    "keys.renew_signature": N_("made a new signing key"),
    "keys.retire": N_("took old master keys out of use"),
    "keys.rotate": N_("wrapped keys with a new master key"),
    "letter.add": N_("added the client's letter"),
    "milestone.finish": N_("marked a milestone"),
    "milestone.plan": N_("planned a milestone"),
    "milestone.remove": N_("took a milestone out of the plan"),
    "page.use": N_("used a page"),
    "paper.begin": N_("took up a paper form"),
    "paper.key": N_("keyed a paper form"),
    "paper.open": N_("opened a paper form"),
    "paper.settle": N_("settled a paper form"),
    "password.link": N_("made a link that resets a password"),
    "person.change": N_("changed a person's roles"),
    "person.create": N_("added a person"),
    "person.cut_off": N_("cut a person off"),
    "person.deactivate": N_("deactivated a person"),
    "person.grant": N_("granted a part of the data to a person"),
    "person.password": N_("set a password"),
    "person.reactivate": N_("reactivated a person"),
    "person.take_back": N_("took a grant back from a person"),
    "phone.day": N_("fetched the day's households to the phone"),
    "phone.end": N_("ended a phone"),
    "phone.households": N_("fetched the household list to the phone"),
    "phone.join": N_("signed a phone in"),
    "phone.link": N_("made a link that signs a phone in"),
    "place.add": N_("added a place with a QR code"),
    "recovery_codes.make": N_("made recovery codes"),
    "report.issue": N_("issued a report"),
    "report.save": N_("saved the words of a report"),
    "report.unlink": N_("took a withdrawal out of issued snapshots"),
    "report.write": N_("wrote a report"),
    "reserve.release": N_("released reserve households"),
    "results.export": N_("downloaded the results"),
    "results.read_by_api": N_("read results by the API"),
    "results.report": N_("downloaded a report"),
    "results.scores": N_("downloaded the scores"),
    "results.trace": N_("looked at the answers behind a figure"),
    "results.workpapers": N_("downloaded working papers"),
    "roster.columns": N_("corrected the columns of a roster"),
    "roster.erase": N_("erased a household's personal facts"),
    "roster.import": N_("had the rosters read"),
    "roster.remove": N_("removed a roster file"),
    "roster.take": N_("made the rosters the frame"),
    "roster.upload": N_("uploaded a roster"),
    "sample.announce": N_("announced the design before the draw"),
    "sample.coordinate": N_("coordinated the sample with an earlier one"),
    "sample.draw": N_("drew the sample"),
    "sample.option": N_("kept a sampling option"),
    "sample.option_removed": N_("removed a sampling option"),
    "sample.take_back": N_("took an announced design back"),
    "score.clear": N_("cleared a score that was entered"),
    "score.compare": N_("compared scores"),
    "score.enter": N_("entered a score"),
    "score.judge": N_("judged an indicator"),
    "score.table": N_("changed the indicator table"),
    "second_factor.add": N_("added a second factor"),
    "second_factor.remove": N_("removed a second factor"),
    "session.begin": N_("signed in"),
    "session.end": N_("signed out"),
    "session.end_others": N_("ended the other sessions"),
    "session.refuse": N_("was refused at sign-in"),
    "session.wait": N_("gave the right password and was asked for the second factor"),
    "special.draw": N_("drew a special sample"),
    "special.open": N_("opened a special sample"),
    "special.print": N_("printed a special sample"),
    "study.bundle": N_("made the bundle that is handed over at the end"),
    "study.change_after_lock": N_("changed something after the lock"),
    "study.close": N_("closed a study and destroyed its key"),
    "study.create": N_("made a study"),
    "study.definitions": N_("changed the definitions"),
    "study.lock": N_("locked the definitions"),
    "study.retention": N_("set how long a study is kept"),
    "study.settings": N_("changed a study's settings"),
    "submission.receive": N_("handed in answers"),
    "tasks.open": N_("opened the task lists"),
    "tasks.print": N_("printed the task lists"),
    "token.end": N_("ended an API token"),
    "token.make": N_("made an API token"),
    "withdrawal": N_("withdrew answers"),
    "withdrawal.refuse": N_("was refused at a withdrawal: wrong code"),
    "workpaper.check": N_("checked a working paper"),
    "workpaper.give_back": N_("gave a working paper back"),
    "workpaper.make": N_("signed a working paper"),
}
SUBJECTS: Mapping[str, str] = {
    "answer_file": N_("file of answers"),
    "card": N_("work card"),
    "class": N_("class"),
    "case": N_("household"),
    "clue": N_("sealed clue"),
    "complaint": N_("complaint"),
    "device": N_("phone"),
    "evidence": N_("evidence"),
    "export": N_("file of results"),
    "form": N_("questionnaire"),
    "household": N_("household"),
    "installation": N_("installation"),
    "page": N_("page"),
    "paper_form": N_("paper form"),
    "person": N_("person"),
    "place": N_("place"),
    "roster_file": N_("roster file"),
    "roster_import": N_("reading of rosters"),
    "special_draw": N_("special sample"),
    "study": N_("study"),
    "submission": N_("answers"),
    "token": N_("API token"),
}
ACTORS: Mapping[str, str] = {
    "device": N_("by phone"),
    "person": N_("at a browser"),
    "public": N_("a visitor"),
    "system": N_("the system"),
    "token": N_("by an API token"),
}


def sentence(action: str) -> str:
    """What was done, in words; an action without words says its code."""
    known = SENTENCES.get(action)
    return gettext(known) if known else action


def subject_name(kind: str) -> str:
    """The kind of thing on which it was done."""
    known = SUBJECTS.get(kind)
    return gettext(known) if known else kind


def actor_name(kind: str) -> str:
    """How somebody came."""
    known = ACTORS.get(kind)
    return gettext(known) if known else kind


def details_text(details: Mapping[str, Any], longest: int = 200) -> str:
    """What more the event says: names and values, which are counts, codes and ids."""
    text = " · ".join(f"{name} {_short(value)}" for name, value in sorted(details.items()))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _short(value: Any) -> str:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        shown = "、".join(map(str, value[:5]))
        return f"{shown}…({len(value)})" if len(value) > 5 else shown
    text = str(value)
    return text if len(text) <= 40 else text[:16] + "…"
