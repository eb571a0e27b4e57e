"""Words of the call desk: languages, why a household waits for a visit, what is handed over."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from survey_server.errors import N_

LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "yue": N_("Cantonese"),
        "nan": N_("Minnan"),
        "hak": N_("Hakka"),
        "wuu": N_("Wu"),
        "dialect": N_("another Chinese dialect"),
        "ug": N_("Uyghur"),
        "kk": N_("Kazakh"),
        "ky": N_("Kyrgyz"),
        "bo": N_("Tibetan"),
        "mn": N_("Mongolian"),
        "ii": N_("Yi"),
        "za": N_("Zhuang"),
        "ko": N_("Korean"),
        "other": N_("another language"),
    }
)
LEFT: Mapping[str, str] = MappingProxyType(
    {
        "never_reached": N_("never reached in enough different times of day"),
        "out_of_calls": N_("called as often as the rules allow"),
        "wrong_number": N_("no number is right"),
        "language": N_("nobody at the desk speaks their language"),
        "unable": N_("cannot answer on the telephone"),
        "shared_number": N_("their number stands on three or more households"),
    }
)
SLOTS: Mapping[str, str] = MappingProxyType(
    {
        "morning": N_("Workday morning"),
        "afternoon": N_("Workday afternoon"),
        "evening": N_("Workday evening"),
        "weekend": N_("Day off"),
    }
)
NUMBER_STATES: Mapping[str, str] = MappingProxyType(
    {"good": N_("reached"), "silent": N_("no answer"), "wrong": N_("wrong number")}
)
