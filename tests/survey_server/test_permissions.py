"""Every address, and who may call it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import IntegerConverter, Rule
from werkzeug.test import TestResponse

from survey_server.actors import (
    ANYBODY_KNOWN,
    EVALUATORS,
    INTERVIEWERS,
    OBSERVERS,
    OFFICE,
    OPERATORS,
    OWNERS,
    REVIEWERS,
    SUPERVISORS,
    Actor,
    Role,
)
from survey_server.app import create_app
from survey_server.work import Services
from tests.support.callers import bind_phone, browser, phone
from tests.support.installation import SteppingClock, make_settings
from tests.support.studies import person

NOBODY = "nobody"
WITHOUT_A_ROLE = "without-a-role"
SOMEBODY = uuid.UUID("00000000-0000-4000-8000-000000000001")

STATIC = "styles, scripts and icons, the same for everybody"
UNGUARDED = {
    "accounts.static": STATIC,
    "cards.static": STATIC,
    "console.static": STATIC,
    "desk.static": STATIC,
    "imports.static": STATIC,
    "public.static": STATIC,
    "questionnaires.static": STATIC,
    "results.static": STATIC,
    "samples.static": STATIC,
    "language.choose_language": "keeps a cookie in the caller's own browser and touches nothing here",
}
OPEN = {
    "console.front": "sends everybody to where their work is",
    "console.healthz": "tells that the server and its database answer",
    "accounts.sign_in_page": "nobody is signed in before",
    "visit.program": "the phone's program holds no data",
    "visit.program_file": "likewise",
    "public.open_code": "the code in the address opens one questionnaire",
    "public.answer": "likewise",
    "public.thank": "likewise",
    "public.ask_code": "a page that asks for the code printed beside a QR code",
    "public.find_code": "ten signs that only this server makes, a few tries each",
    "classes.ask_name": "the code in the address opens the sign-in of one class",
    "classes.sign_in": "likewise; a name on the list, a few tries each",
    "classes.signed_in": "likewise",
    "cards.check_card": "the code in the address, which only this server makes, names one card",
    "cards.show_photo": "likewise",
    "cards.show_letter": "likewise",
    "cards.complain": "likewise",
    "cards.show_receipt": "the token in the address was given to whoever complained",
    "withdrawing.ask_withdrawal": "a page that asks for a number and a code",
    "withdrawing.withdraw": "number and code of a respondent, a few tries each",
    "withdrawing.withdrawal_done": "says that it is done, and not whose it was",
    "accounts.new_password_page": "a page that takes a one-time link",
    "accounts.first_owner_page": "only while nobody is here, and then with the secret of the console",
    "accounts.ask_for_passkey": "a challenge for whoever signs in",
    "accounts.sign_in_again": "sends whoever is not half signed in back to the beginning",
    "operations.metrics": "counts for this very machine, or for the bearer of a token",
    "api.show_document": "describes the API and holds no data",
    "proof.show_proof": "the certificate of a draw: counts, digest and seed, no household by name",
    "proof.public_certificate": "likewise, to print",
    "samples.reference_check": "a program of forty lines, the same for everybody",
}
OWN_LOCK = {
    "accounts.sign_in": "a password",
    "accounts.make_first_owner": "the secret of the console",
    "accounts.sign_in_by_code": "a second factor",
    "accounts.sign_in_by_passkey": "a passkey",
    "accounts.set_new_password": "a one-time link",
    "api.list_events": "a token with its scope",
    "api.list_people": "likewise",
    "api.list_studies": "likewise",
    "api.show_study": "likewise",
    "api.list_cases": "likewise",
    "api.list_estimates": "likewise",
    "api.show_progress": "likewise",
    "api.show_scores": "likewise",
    "api.list_submissions": "likewise",
    "api.odata_service": "likewise",
    "api.odata_metadata": "likewise",
    "api.odata_set": "likewise",
    "api.odata_count": "likewise",
    "call_board.take_event": "a signature under the study's secret",
    "visit.join": "a one-time link",
    "openrosa.list_forms": "the phone's secret in the address, for ODK Collect",
    "openrosa.download_form": "likewise",
    "openrosa.show_manifest": "likewise",
    "openrosa.show_integrity": "likewise",
    "openrosa.download_media": "likewise",
    "openrosa.submit": "likewise",
    "openrosa.submit_to_study": "likewise",
}

# Who may call what, endpoint by endpoint: a new route stands here, or a test below fails.
WHO = {
    ANYBODY_KNOWN: """accounts.sign_out accounts.show_account accounts.offer_app accounts.accept_app accounts.remove_app
        accounts.ask_for_new_passkey accounts.add_passkey accounts.remove_passkey accounts.change_password
        accounts.end_own_phone accounts.make_recovery_codes accounts.end_own_session accounts.end_other_sessions""",
    OFFICE: "studies.list_studies studies.show_study fieldwork.show_progress",
    REVIEWERS: """fieldwork.show_cases fieldwork.show_case submissions.show_arrivals rights.enter_clue rights.ask_reason
        rights.show_opened rights.show_clues rights.open_clue closing.hand_clues_over
        findings.show_findings findings.add findings.move_many findings.show_checks findings.show_urgent
        findings.show_finding findings.move_one findings.take_stage findings.add_file findings.take_file
        findings.download""",
    SUPERVISORS: """paper.hand_paper_over
        call_board.show_board call_board.pick call_board.show_rules call_board.change_skills
        call_board.list_handovers call_board.show_handover call_board.move_handover call_board.list_recalls
        call_board.draw_recalls call_board.show_recall call_board.close_recall call_board.list_recordings
        call_board.attach_recording call_board.show_recording call_board.play call_board.mark_recording
        accounts.list_people accounts.add_person accounts.show_person accounts.change_person
        accounts.add_grant
        accounts.remove_grant accounts.deactivate_person accounts.reactivate_person accounts.make_phone_link
        accounts.end_device accounts.end_session accounts.show_sign_in accounts.end_everything openrosa.sign_collect_in
        fieldwork.share fieldwork.assign release.show_reserves release.release_reserves release.release_replicate
        tasks.show_tasks tasks.print_tasks tasks.print_open_tasks rights.ask_withdrawal rights.withdraw
        rights.withdraw_consent
        cards.show_cards cards.issue_card cards.revoke_card cards.print_cards""",
    OBSERVERS: "results.show_results results.download",
    EVALUATORS | {Role.REVIEWER}: """scores.show_scores scores.show_line scores.give_points score_tables.show_evidence
        score_tables.take_evidence score_tables.show_weights score_tables.judge scores.show_funds
        score_rounds.show_rounds score_rounds.rate
        workpapers.show_papers workpapers.show_paper workpapers.check""",
    EVALUATORS: """imports.begin imports.begin_study imports.show_files imports.upload_file imports.show_file
        imports.choose_form imports.save_match imports.remove_file imports.undo_file imports.download_report
        imports.propose_form imports.make_form paper.show_differences paper.settle_paper
        call_board.change_rules call_board.change_quotas exports.show_exports exports.ask exports.fetch
        studies.add_study studies.save_settings questionnaires.show_forms questionnaires.upload_form
        questionnaires.download_workbook questionnaires.download_shipped questionnaires.show_draft
        questionnaires.publish questionnaires.discard questionnaires.show_preview questionnaires.try_form
        questionnaires.try_xform questionnaires.try_list questionnaires.try_page questionnaires.try_next_page
        questionnaires.print_paper questionnaires.show_differences questionnaires.show_translations
        questionnaires.download_translations questionnaires.take_translations
        rosters.show_roster rosters.upload_files rosters.remove_file rosters.correct_columns rosters.read_again
        rosters.take rosters.show_units rosters.download_problems rosters.download_units
        samples.show_sample samples.show_plan samples.save_option samples.remove_option samples.announce
        samples.take_back samples.certificate samples.certificate_pdf samples.frame release.draw_sample
        release.draw_announced
        release.show_burden special.show_special special.draw_risk special.draw_missed special.draw_checks
        special.print_draw special.open_draw
        public.show_codes public.add_place public.print_codes public.preview_codes public.save_terms public.save_letter
        public.revoke_codes public.restore_code public.replace_code
        classes.show_classes classes.make_class classes.show_class
        classes.enrol classes.mark classes.print_poster cards.add_letter
        results.show_trace results.download_answers scores.download scores.enter scores.show_check scores.check
        score_tables.add_evidence score_tables.show_table score_tables.change_table score_tables.download_table
        score_tables.take_table score_tables.use_weights scores.set_grades scores.enter_funds
        score_rounds.open_round score_rounds.close_round score_rounds.use_round
        workpapers.make workpapers.download documents.show_documents documents.show_county documents.ask documents.mark
        documents.take_file documents.use_as_evidence documents.download interviews.show_interviews
        interviews.begin_interview interviews.add_interview interviews.show_interview interviews.change_interview
        interviews.download base_data.show_tables base_data.take_table base_data.show_table base_data.open_contact
        base_data.download_form base_data.download milestones.show_milestones milestones.plan milestones.finish
        milestones.send_draft milestones.log_comment milestones.decide milestones.download
        reports.show_report reports.write_report reports.download_word reports.download_pdf reports.download_tables
        results.follow_reference issued.show_issued issued.issue issued.check_issued issued.download_issued
        issued.show_figure issued.show_row findings.collect findings.download_words
        rights.show_privacy rights.show_inventory rights.print_impact closing.show_closing closing.certificate_json
        closing.certificate_print""",
    OWNERS: """call_board.connect exports.show_archives exports.bring
        accounts.make_password_link accounts.remove_second_factor accounts.list_tokens accounts.make_token
        accounts.end_token cards.list_complaints cards.answer_complaint operations.show_record
        operations.download_record rights.show_breach rights.cut_off rights.set_retention rights.change_readers
        closing.close closing.make_bundle""",
    SUPERVISORS | OPERATORS: """paper.choose_study paper.show_papers""",
    EVALUATORS | OPERATORS: """paper.begin_paper paper.key_paper paper.keep_paper
        paper.finish_paper""",
    OPERATORS: """desk.show_desk desk.take_next desk.dial desk.close_call desk.put_back desk.form desk.households
        desk.submit desk.learn_number desk.keep_hold desk.hand_over desk.show_draft desk.keep_draft""",
    INTERVIEWERS: "visit.day visit.form visit.households visit.submit",
}
ALLOWED = {endpoint: who for who, endpoints in WHO.items() for endpoint in endpoints.split()}


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application with a person of each role, one without, and one who has all."""
    folder = tmp_path_factory.mktemp("permissions")
    path = folder / "zoufang.db"
    shutil.copyfile(sqlite_template, path)
    made = create_app(make_settings(f"sqlite:///{path}", folder), SteppingClock(), wake=lambda: None)
    services: Services = made.extensions["zoufang"]
    for role in Role:
        person(services, role)
    person(services, username=WITHOUT_A_ROLE)
    yield made
    services.database.dispose()


@pytest.fixture(scope="module")
def everything(app: Flask) -> Actor:
    """A person who has every role."""
    return person(app.extensions["zoufang"], *Role, username="everything")


def routes(app: Flask) -> list[Rule]:
    """Every route; signing out comes last, for it ends the session that asks."""
    return sorted(app.url_map.iter_rules(), key=lambda rule: (rule.endpoint == "accounts.sign_out", rule.rule))


def guarded(app: Flask) -> list[Rule]:
    return [rule for rule in routes(app) if rule.endpoint not in UNGUARDED]


def who_may(app: Flask, rule: Rule) -> frozenset[Role] | None:
    return vars(app.view_functions[rule.endpoint])["who"]


def call(app: Flask, client: FlaskClient, rule: Rule, method: str) -> TestResponse:
    """Ask for a route by made-up ids."""
    made_up: dict[str, object] = {name: SOMEBODY if name.endswith("_id") else "made-up" for name in rule.arguments}
    made_up |= {name: 1 for name, kind in rule._converters.items() if isinstance(kind, IntegerConverter)}
    address = app.url_map.bind("localhost").build(rule.endpoint, made_up, method=method)
    return client.open(address, method=method, buffered=True)


def answers(app: Flask, client: FlaskClient) -> list[tuple[Rule, str, TestResponse]]:
    """What every guarded route answers, by each of its methods."""
    methods = [(rule, method) for rule in guarded(app) for method in sorted((rule.methods or set()) - {"OPTIONS"})]
    return [(rule, method, call(app, client, rule, method)) for rule, method in methods]


def sent_to_sign_in(answer: TestResponse) -> bool:
    return answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in?next=")


def test_every_route_says_who_may_call_it_and_the_exceptions_are_known(app: Flask) -> None:
    silent = {rule.endpoint for rule in routes(app) if not hasattr(app.view_functions[rule.endpoint], "who")}
    assert silent == set(UNGUARDED)


def test_every_route_that_anybody_may_call_is_known_with_its_reason(app: Flask) -> None:
    assert {rule.endpoint for rule in guarded(app) if who_may(app, rule) is None} == set(OPEN) | set(OWN_LOCK)


def test_every_route_belongs_to_those_whose_work_it_is(app: Flask) -> None:
    found = {rule.endpoint: who_may(app, rule) for rule in guarded(app)}
    assert {endpoint: who for endpoint, who in found.items() if who is not None} == ALLOWED


def test_what_lies_in_the_static_folders_is_only_what_a_browser_draws_with(app: Flask) -> None:
    folders = [Path(pages.static_folder) for pages in app.blueprints.values() if pages.static_folder]
    found = {path.suffix for folder in folders for path in folder.rglob("*") if path.is_file()}
    assert found <= {".css", ".js", ".svg", ".png", ".woff2"}


@pytest.mark.parametrize("caller", [NOBODY, WITHOUT_A_ROLE, *Role])
def test_every_route_refuses_whoever_may_not_and_nobody_who_may(app: Flask, caller: str) -> None:
    client = browser(app, "" if caller == NOBODY else caller)
    wrong = {}
    for rule, method, answer in answers(app, client):
        who = who_may(app, rule)
        if rule.endpoint in OWN_LOCK:
            right = answer.status_code == 401
        elif who is None or caller in who:
            right = answer.status_code not in {401, 403} and answer.status_code < 500
            right = right and not sent_to_sign_in(answer)
        elif caller == NOBODY:
            page = method == "GET" and "/api/" not in rule.rule
            right = sent_to_sign_in(answer) if page else answer.status_code == 401
        else:
            right = answer.status_code == 403
        if not right:
            wrong[f"{method} {rule.rule}"] = answer.status
    assert wrong == {}


def test_a_phone_opens_what_an_interviewer_may_even_where_its_owner_may_more(app: Flask, everything: Actor) -> None:
    client = phone(app, bind_phone(app.extensions["zoufang"], everything))
    wrong = {
        f"{method} {rule.rule}": answer.status
        for rule, method, answer in answers(app, client)
        if (who := who_may(app, rule)) is not None and (answer.status_code == 403) == (Role.INTERVIEWER in who)
    }
    assert wrong == {}
    assert client.get("/visit/api/day").status_code == 200


def test_the_secret_of_a_session_is_none_of_a_phone_and_the_other_way_round(app: Flask, everything: Actor) -> None:
    session = browser(app, "everything").get_cookie("session")
    assert session is not None
    refused = phone(app, session.value).get("/visit/api/day")
    assert (refused.status_code, refused.get_json()["number"]) == (401, 40103)

    client = app.test_client()
    client.set_cookie("session", bind_phone(app.extensions["zoufang"], everything))
    assert sent_to_sign_in(client.get("/studies"))


def test_a_person_who_left_is_signed_out_everywhere_at_once(app: Flask) -> None:
    from survey_server.accounts.models import Person  # noqa: PLC0415 - a row that no page changes yet

    services: Services = app.extensions["zoufang"]
    leaver = person(services, Role.EVALUATOR, Role.INTERVIEWER, username="leaver")
    at_desk, on_phone = browser(app, "leaver"), phone(app, bind_phone(services, leaver))
    with services.write() as work:
        work.session.get_one(Person, leaver.id).active = False
    assert sent_to_sign_in(at_desk.get("/studies"))
    assert on_phone.get("/visit/api/day").status_code == 401
