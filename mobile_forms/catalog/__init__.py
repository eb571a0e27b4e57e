"""The questionnaires that are shipped, as XLSForm workbooks that an evaluator may take and change."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class ShippedForm:
    """A questionnaire of the catalog. ``channel`` is the channel that it is written for (DESIGN, Names of things)."""

    form_id: str
    title: str
    channel: str

    @property
    def filename(self) -> str:
        """The name of its workbook."""
        return f"{self.form_id}.xlsx"

    def read(self) -> bytes:
        """The workbook as bytes."""
        return resources.files(__name__).joinpath(self.filename).read_bytes()


_SHIPPED = (
    ShippedForm("hv_household_visit", "社会救助入户走访核查表", "visit"),
    ShippedForm("ph_phone_followup", "救助对象电话随访问卷", "phone"),
    ShippedForm("sa_recipient_survey", "救助对象满意度与政策知晓度问卷", "qr_household"),
    ShippedForm("tr_training", "参训人员满意度问卷", "qr_place"),
    ShippedForm("qr_public", "社会救助服务扫码评价", "qr_place"),
)


def shipped() -> tuple[ShippedForm, ...]:
    """The shipped questionnaires, the main one first."""
    return _SHIPPED


def shipped_form(form_id: str) -> ShippedForm:
    """The shipped questionnaire of this form_id.

    Raises:
        KeyError: there is none.
    """
    for form in _SHIPPED:
        if form.form_id == form_id:
            return form
    raise KeyError(form_id)
