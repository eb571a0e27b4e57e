"""The one table of problems: everything that can go wrong for a user, numbered, in words that help.

Each has a sentence that names the thing and the place, and a remedy. It is written as a page, as
RFC 9457 JSON or as OpenRosa XML by :mod:`survey_server.console.problems`, in the reader's language.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


def N_(text: str) -> str:  # noqa: N802 - gettext's name for "translate later"
    """Mark a sentence for translation where it is read."""
    return text


@dataclass(frozen=True)
class Kind:
    """A row of the table. The first three digits of ``number`` are the HTTP status."""

    number: int
    title: str
    remedy: str

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.number // 100


class Problem(Enum):
    """Every problem by name."""

    UNREADABLE_REQUEST = Kind(40001, N_("The request cannot be read."), N_("Go back, reload the page and try again."))
    INVALID_FIELD = Kind(
        40002, N_("“%(field)s”: %(why)s"), N_("Go back: what you typed is still there. Correct it and send again.")
    )
    SUBMISSION_UNREADABLE = Kind(
        40010,
        N_("The answers cannot be read: %(why)s"),
        N_("Keep the record on the phone, export it as a file and give it to your supervisor."),
    )
    WORKBOOK_UNREADABLE = Kind(
        40020,
        N_("The questionnaire “%(file)s” cannot be used: %(why)s"),
        N_("Correct the place named in Excel and upload it again."),
    )
    PLACEHOLDER_LEFT = Kind(
        40021,
        N_("The questionnaire still holds %(names)s."),
        N_("Fill in the study's settings, then publish again."),
    )
    ROSTER_UNREADABLE = Kind(
        40030,
        N_("The roster file “%(file)s” cannot be read: %(why)s"),
        N_("Save it as .xlsx, .xls or .csv and upload it again."),
    )
    ANSWERS_UNREADABLE = Kind(
        40032,
        N_("The file of answers “%(file)s” cannot be read: %(why)s"),
        N_("Export it again as .xlsx, .csv or .sav, one row for each respondent below one row of headings."),
    )
    SCORES_UNREADABLE = Kind(
        40031,
        N_("The score table “%(file)s” cannot be read: %(why)s"),
        N_("Correct the place named and try again; the first row of the table names its columns (一级指标, 分值, …)."),
    )
    OUTLINE_UNUSABLE = Kind(
        50002,
        N_("The outline of the report cannot be used: %(why)s"),
        N_("Mend the file named in the data folder's outlines, or take it away to use the one that is shipped."),
    )
    PASSKEY_UNUSABLE = Kind(
        40050, N_("This passkey cannot be used."), N_("Try again, with another key or an authenticator app.")
    )
    DESIGN_IMPOSSIBLE = Kind(
        40040,
        N_("This sample cannot be drawn: %(why)s %(strata)s"),
        N_("Change the number for the stratum named, or mend the roster."),
    )
    CERTIFICATE_DIFFERS = Kind(
        40041,
        N_("The certificate does not agree with the roster: %(why)s"),
        N_("Check that it is the very roster that the sample was drawn from."),
    )
    SIGN_IN_NEEDED = Kind(40101, N_("Please sign in."), N_("Sign in, then open the page again."))
    SIGN_IN_FAILED = Kind(
        40102,
        N_("The user name or the password is not right."),
        N_("Check both; an administrator can set a new password."),
    )
    DEVICE_UNKNOWN = Kind(
        40103,
        N_("This phone is not signed in any more."),
        N_("Ask your supervisor for a new QR code. Records on the phone are kept until they are sent."),
    )
    LINK_USED = Kind(
        40104,
        N_("This link or QR code was used already or is out of date."),
        N_("Ask your supervisor for a new one."),
    )
    SECOND_FACTOR_WRONG = Kind(
        40105,
        N_("This code is not right or was used already."),
        N_("Wait for the next code of your app, or use a recovery code."),
    )
    PASSKEY_REFUSED = Kind(40106, N_("The passkey was not accepted."), N_("Try again, or sign in with your password."))
    TOKEN_UNKNOWN = Kind(
        40107,
        N_("The token is missing, unknown or out of date."),
        N_("Send “Authorization: Bearer …” with a token that an owner made on the page “API tokens”."),
    )
    NOT_ALLOWED = Kind(
        40301, N_("You may not do this with your role."), N_("Ask an administrator to give you the role.")
    )
    FOREIGN_ORIGIN = Kind(
        40302, N_("The request came from another site."), N_("Open the page on this server and try again.")
    )
    SECOND_FACTOR_NEEDED = Kind(
        40303, N_("Your role needs a second factor."), N_("Set one up on the page “My account”, then go on.")
    )
    SCOPE_MISSING = Kind(
        40304,
        N_("This token may not read this: it lacks the scope “%(scope)s”."),
        N_("Ask an owner for a token with this scope."),
    )
    NOT_FOUND = Kind(
        40401, N_("There is no such page or thing."), N_("Check the address, or start from the front page.")
    )
    QR_UNKNOWN = Kind(
        40402,
        N_("This QR code does not belong to a survey that is open now."),
        N_("Ask the person who gave it to you, or call the number printed beside it."),
    )
    CODE_UNKNOWN = Kind(
        40406,
        N_("This code is not known here."),
        N_("Look at the ten signs on the paper again; letters and digits that look alike are not used."),
    )
    NOT_ENROLLED = Kind(
        40407,
        N_("This name is not on the list of the class."),
        N_("Look at the spelling, and give the last four digits of your telephone; or ask whoever leads the class."),
    )
    FORM_UNKNOWN = Kind(
        40403,
        N_("The questionnaire “%(form)s”, version %(version)s, is not published here."),
        N_("Keep the record; let the phone fetch the questionnaires anew."),
    )
    CODE_WRONG = Kind(
        40404,
        N_("The number and the code do not belong together."),
        N_("Look at the paper or the thank-you page again, or call the telephone printed there."),
    )
    METHOD_UNKNOWN = Kind(
        40501, N_("This address does not take this method."), N_("See the document at /api/v1/openapi.json.")
    )
    CARD_UNKNOWN = Kind(
        40405,
        N_("No such work card was ever issued here."),
        N_("Do not let the person in and tell them nothing. Call the bureau that is said to have sent them."),
    )
    INSTANCE_CONFLICT = Kind(
        40901,
        N_("A record with this number, but with other answers, is here already."),
        N_("Nothing was overwritten. Export the record as a file and give it to your supervisor."),
    )
    STATE_CONFLICT = Kind(40902, N_("This cannot be done now: %(why)s"), N_("Reload the page to see how things stand."))
    STUDY_CLOSED = Kind(
        41001,
        N_("This study is closed: its personal data was destroyed."),
        N_("Its figures and the certificate of destruction stand on the study's closing page."),
    )
    WITHDRAWN = Kind(
        41002,
        N_("The household withdrew: nothing that comes from it is kept any more."),
        N_("Nothing was stored. Delete the record, and do not go there or call again."),
    )
    WITHDRAWN_HERE = Kind(
        41003,
        N_("You withdrew: your answers were deleted."),
        N_("Nobody will visit or call you for this survey again. There is nothing more to do."),
    )
    CODE_REVOKED = Kind(
        41004,
        N_("This code was cancelled."),
        N_("Ask the person who gave it to you for a new one, or call the number printed beside it."),
    )
    CODE_ENDED = Kind(
        41005,
        N_("This survey has ended; its last day was %(day)s."),
        N_("Thank you for wanting to take part. There is nothing more to do; you may close this page."),
    )
    CODE_FULL = Kind(
        41006,
        N_("Enough people have answered here."),
        N_("Thank you for wanting to take part. There is nothing more to do; you may close this page."),
    )
    TOO_LARGE = Kind(
        41301,
        N_("What was sent is larger than %(limit)s MB."),
        N_("Send fewer or smaller files."),
    )
    TOO_MANY_FILES = Kind(
        41302,
        N_("More than %(limit)s files belong to what was sent, or it holds too long a text."),
        N_("Keep the record on the phone, and ask your supervisor why it has so many."),
    )
    TOO_MANY_TRIES = Kind(42901, N_("Too many tries."), N_("Wait %(seconds)s seconds, then try again."))
    UNEXPECTED = Kind(
        50001,
        N_("Something went wrong on our side (number %(reference)s)."),
        N_("Nothing was half stored. Try again; if it stays, give the number to your administrator."),
    )


class ZoufangError(Exception):
    """A problem of the table, with what fills its sentence."""

    def __init__(self, problem: Problem, **fields: object) -> None:
        super().__init__(f"{problem.name} {fields}" if fields else problem.name)
        self.problem = problem
        self.fields = fields

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says besides: when to come again, what is allowed (RFC 9110, 10.2.3 and 10.2.1)."""
        told = {Problem.TOO_MANY_TRIES: ("Retry-After", "seconds"), Problem.METHOD_UNKNOWN: ("Allow", "methods")}
        if self.problem not in told:
            return {}
        header, field = told[self.problem]
        return {header: str(self.fields[field])}
