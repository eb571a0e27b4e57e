"""What each page that manages its own transactions leaves in the record.

Actions and disclosures are recorded by construction (``console.routing``); a handler must say here what it records,
or why there is nothing to record.
"""

from __future__ import annotations

import inspect

from flask import Flask

from survey_server.audit.words import SENTENCES

NOTHING = {
    "public.find_code": "leads on to a page that anybody may open",
    "public.preview_codes": "made-up numbers",
    "api.odata_count": "a number of rows within a token's reach",
    "api.odata_metadata": "names of columns",
    "api.odata_service": "names of tables",
    "cards.check_card": "a passer-by reads a public page",
    "cards.show_letter": "likewise",
    "cards.show_photo": "likewise",
    "cards.show_receipt": "likewise",
    "operations.metrics": "counts of no person",
    "questionnaires.try_next_page": "made-up answers that nobody keeps",
    "samples.show_plan": "numbers that nobody keeps",
    "scores.check": "a table that nobody keeps",
}
RECORDED = {
    "accounts.change_password": "person.password",
    "accounts.make_first_owner": "person.create",
    "accounts.remove_app": "second_factor.remove",
    "accounts.remove_passkey": "second_factor.remove",
    "accounts.set_new_password": "person.password",
    "accounts.sign_in": "session.begin",
    "accounts.sign_in_by_code": "session.begin",
    "api.odata_set": "results.read_by_api",
    "cards.complain": "complaint.receive",
    "cards.print_cards": "card.print",
    "closing.hand_clues_over": "clue.hand_over",
    "closing.make_bundle": "study.bundle",
    "findings.add_file": "finding.file",
    "findings.collect": "finding.collect",
    "findings.download": "finding.export",
    "findings.download_words": "finding.export",
    "findings.take_file": "finding.take",
    "imports.begin_study": "answers.upload",
    "imports.upload_file": "answers.upload",
    "issued.download_issued": "results.report",
    "issued.issue": "report.issue",
    "issued.show_figure": "results.trace",
    "issued.show_row": "results.trace",
    "base_data.download": "results.workpapers",
    "base_data.download_form": "results.workpapers",
    "base_data.take_table": "base_data.take",
    "call_board.take_event": "call.event",
    "documents.download": "results.workpapers",
    "documents.mark": "document.mark",
    "documents.take_file": "document.take",
    "interviews.download": "results.workpapers",
    "milestones.download": "results.workpapers",
    "desk.submit": "submission.receive",
    "exports.fetch": "results.export",
    "openrosa.submit": "submission.receive",
    "openrosa.submit_to_study": "submission.receive",
    "operations.download_record": "audit.download",
    "paper.finish_paper": "paper.key",
    "paper.settle_paper": "paper.settle",
    "public.answer": "submission.receive",
    "public.print_codes": "codes.print",
    "classes.print_poster": "codes.print",
    "classes.sign_in": "class.sign_in",
    "questionnaires.publish": "form.publish",
    "reports.download_pdf": "results.report",
    "reports.download_tables": "results.report",
    "reports.download_word": "results.report",
    "results.download": "results.export",
    "results.download_answers": "results.export",
    "results.show_trace": "results.trace",
    "rosters.upload_files": "roster.upload",
    "score_tables.add_evidence": "evidence.add",
    "score_tables.take_evidence": "evidence.take",
    "score_tables.take_table": "score.table",
    "scores.download": "results.scores",
    "special.draw_missed": "special.draw",
    "special.draw_risk": "special.draw",
    "visit.join": "phone.join",
    "visit.submit": "submission.receive",
    "withdrawing.withdraw": "withdrawal",
    "workpapers.download": "results.workpapers",
}


def handlers(app: Flask) -> set[str]:
    """The pages whose function takes the services and opens its own transactions."""
    found = set()
    for endpoint, page in app.view_functions.items():
        inner = inspect.unwrap(page)
        first = next(iter(inspect.signature(inner).parameters.values()), None)
        if inner is not page and first is not None and first.annotation == "Services":
            found.add(endpoint)
    return found


def test_every_page_with_transactions_of_its_own_says_what_it_records(app: Flask) -> None:
    assert handlers(app) == {*NOTHING, *RECORDED}


def test_what_they_record_has_its_sentence() -> None:
    assert set(RECORDED.values()) - set(SENTENCES) == set()
