"""Words of the pages of imports and of paper forms."""

from __future__ import annotations

from collections.abc import Mapping

from survey_server.errors import N_

KEY_NAMES: Mapping[str, str] = {
    "sample_id": N_("Sample number (样本编号)"),
    "unit": N_("Household code or ID number"),
    "phone": N_("Telephone"),
    "name": N_("Name of the head"),
    "village": N_("Village"),
}
KINDS: Mapping[str, str] = {
    "select_one": N_("One answer"),
    "select_multiple": N_("Several answers"),
    "text": N_("Words of their own"),
    "integer": N_("A number"),
    "": N_("Leave out"),
}
