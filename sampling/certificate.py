"""Certificates read from outside, and verified by drawing again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from sampling.columns import MAX_TEXT
from sampling.design import SampleDesign, stratum_key
from sampling.drawing import FORMAT, Draw, draw
from sampling.errors import CertificateError, SamplingError, stratum_name
from sampling.frame import Frame
from sampling.seeds import Seed

if TYPE_CHECKING:
    from sampling.engines import ParquetFrame

MAX_BYTES = 64 * 2**20
MAX_ITEMS = 5_000_000
MAX_DEPTH = 8
MAX_SEED = 1_000

AnyFrame = TypeVar("AnyFrame", "Frame", "ParquetFrame")

# What one side lacks: not even null.
_ABSENT = object()

_SHAPE: dict[str, type] = {
    "format": str,
    "columns": dict,
    "canonical_form": dict,
    "frame": dict,
    "design": dict,
    "seed": dict,
    "strata": list,
    "selected": list,
}


def read_certificate(source: str | bytes) -> dict[str, Any]:
    """A certificate from JSON text that came from outside, bounded in size, depth and number of items.

    Raises CertificateError when it is too large, not JSON, or not a certificate of this format.
    """
    if len(source) > MAX_BYTES:
        raise CertificateError(
            "certificate_too_large", f"the file is larger than {MAX_BYTES} bytes", place="file", found=len(source)
        )
    try:
        certificate = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise CertificateError("certificate_json", "the file is not JSON", place="file") from error
    check_shape(certificate)
    return certificate


def check_shape(certificate: object) -> None:
    """Raises CertificateError unless this is plain JSON of the certificate's format, within its bounds."""
    _check_bounds(certificate)
    if not isinstance(certificate, Mapping):
        raise CertificateError("certificate_shape", "the certificate is not a JSON object", place="certificate")
    if certificate.get("format") != FORMAT:
        stated = certificate.get("format")
        says = f"is {_shown(stated)}, and this program reads {FORMAT}"
        raise CertificateError("certificate_format", says, place="format", stated=stated, found=FORMAT)
    for name, kind in _SHAPE.items():
        if not isinstance(certificate.get(name), kind):
            raise CertificateError("certificate_shape", f"is missing or not a {kind.__name__}", place=name)


@dataclass(frozen=True)
class UnitCheck:
    """One household checked alone, as a person with `sha256sum` would.

    `message` is what is hashed, `digits` the first 13 hex digits of its SHA-256, `threshold` its stratum's: the
    household is in the main sample exactly when `digits` are not above it. `main`: the certificate's own list agrees.
    """

    message: str
    digits: str
    threshold: str
    main: bool


def check_unit(certificate: Mapping[str, Any], unit_id: str, stratum: object = ()) -> UnitCheck:
    """Checks one household against its stratum's threshold, from the certificate alone.

    Raises CertificateError when the stratum has no threshold (only simple random strata without a shift have one), or
    when the list and the threshold disagree.
    """
    check_shape(certificate)
    key = list(stratum_key(stratum))
    rows = [row for row in certificate["strata"] if isinstance(row, Mapping) and row.get("stratum") == key]
    place = f"strata[{stratum_name(tuple(key))}].threshold"
    if not rows or not isinstance(rows[0].get("threshold"), str):
        raise CertificateError("threshold_missing", "there is none", place=place)
    threshold = rows[0]["threshold"]
    message = f"{certificate['seed'].get('value')}\n{certificate['design'].get('stage')}\n{unit_id}"
    digits = sha256(message.encode()).hexdigest()[:13]
    listed = any(
        unit_id in _texts(row.get("main"))
        for row in certificate["selected"]
        if isinstance(row, Mapping) and row.get("stratum") == key
    )
    if listed != (digits <= threshold):
        raise CertificateError("unit_differs", "the list and the threshold disagree about this unit", place=place)
    return UnitCheck(message, digits, threshold, listed)


def fingerprint(statement: Mapping[str, Any]) -> str:
    """One line for an announcement or a certificate: SHA-256 of its JSON with sorted keys and no spaces, in hex."""
    text = json.dumps(statement, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def check_announced(announced: Mapping[str, Any], certificate: Mapping[str, Any]) -> None:
    """Checks that a draw is the one that was announced before its seed was known (see `announcement`).

    Raises CertificateError naming the first part of the announcement that the certificate does not keep.
    """
    check_shape(certificate)
    kept = {name: certificate.get(name) for name in announced}
    for place, stated, found in _differences(dict(announced), kept, ""):
        raise _different("announcement_differs", place, stated, found, "announced was {}, drawn was {}")


def verify(df: pd.DataFrame, certificate: Mapping[str, Any]) -> Draw:
    """Draws again from a roster, as the certificate says, and compares everything that it states.

    Returns the draw when all agrees. Raises CertificateError naming the first difference: its place,
    what the certificate states, and what this roster gives.
    """
    return verified(
        certificate,
        lambda columns: Frame.from_table(df, **columns),
        lambda frame, design, seed: draw(frame, design, seed=seed),
    )


def verified(
    certificate: Mapping[str, Any],
    opened: Callable[[dict[str, Any]], AnyFrame],
    drawn: Callable[[AnyFrame, SampleDesign, Seed], Draw],
) -> Draw:
    """`verify` for any kind of frame: `opened` makes it from the names of columns, `drawn` draws from it."""
    check_shape(certificate)
    columns = _named_columns(certificate["columns"])
    with _said_of("frame_invalid", "frame"):
        frame = opened(columns)
        _compare_frame(frame, certificate)
    again = _redrawn(certificate, lambda design, seed: drawn(frame, design, seed))
    for place, stated, found in _differences(certificate, again.certificate, ""):
        raise _different("certificate_differs", place, stated, found)
    return again


@contextmanager
def _said_of(code: str, place: str) -> Iterator[None]:
    """What the package refuses, said of a part of the certificate."""
    try:
        yield
    except CertificateError:
        raise
    except SamplingError as error:
        raise CertificateError(code, str(error), place=place) from error


def _check_bounds(value: object) -> None:
    level, items = [value], 0
    for _ in range(MAX_DEPTH):
        items += len(level)
        if items > MAX_ITEMS:
            raise CertificateError("certificate_too_large", f"has more than {MAX_ITEMS} items", place="certificate")
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    raise CertificateError("certificate_too_deep", "is nested too deeply", place="certificate")


def _children(value: object) -> Sequence[object]:
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, str) and len(value) > MAX_SEED:
        raise CertificateError("certificate_too_large", "has a text that is too long", place="certificate")
    return value if isinstance(value, list) else ()


def _named_columns(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that the certificate names, as arguments of a frame."""
    named = {name: columns.get(name) for name in ("unit_id", "strata", "size", "cluster", "order_by", "place")}
    single = isinstance(named["unit_id"], str) and isinstance(named["size"], str | None)
    if not single or not all(_is_names(named[name]) for name in ("strata", "cluster", "order_by", "place")):
        raise CertificateError("certificate_shape", "does not name columns", place="columns")
    return {name: value for name, value in named.items() if value}


def _is_names(value: object) -> bool:
    return isinstance(value, str | None) or (isinstance(value, list) and all(isinstance(name, str) for name in value))


def _texts(value: object) -> list[Any]:
    return value if isinstance(value, list) else [None]


def _compare_frame(frame: Frame | ParquetFrame, certificate: Mapping[str, Any]) -> None:
    """Rows, then strata, then digest: the plainest words for what is different come first."""
    stated = certificate["frame"]
    if stated.get("rows") != len(frame):
        raise _different("frame_rows", "frame.rows", stated.get("rows"), len(frame))
    for place, population, found in _population_differences(certificate["strata"], frame):
        raise _different("frame_strata", place, population, found)
    if stated.get("digest") != frame.digest:
        raise _different("frame_digest", "frame.digest", stated.get("digest"), frame.digest)


def _population_differences(
    strata: Sequence[object], frame: Frame | ParquetFrame
) -> Iterator[tuple[str, object, object]]:
    stated = {
        tuple(map(str, _texts(row.get("stratum")))): row.get("population") for row in strata if isinstance(row, Mapping)
    }
    for key in sorted({*stated, *frame.populations}):
        if stated.get(key) != frame.populations.get(key):
            yield f"strata[{stratum_name(key)}].population", stated.get(key), frame.populations.get(key)


def _redrawn(certificate: Mapping[str, Any], drawn: Callable[[SampleDesign, Seed], Draw]) -> Draw:
    try:
        with _said_of("design_invalid", "design"):
            design = SampleDesign.from_json(certificate["design"])
            return drawn(design, Seed.from_json(certificate["seed"]))
    except CertificateError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise CertificateError("certificate_shape", "cannot be read", place="seed") from error


def _differences(stated: object, found: object, place: str) -> Iterator[tuple[str, object, object]]:
    """Every leaf on which two plain JSON values differ, in order, with its place."""
    if isinstance(stated, Mapping) and isinstance(found, Mapping):
        for name in [*found, *(name for name in stated if name not in found)]:
            yield from _differences(stated.get(name, _ABSENT), found.get(name, _ABSENT), f"{place}.{name}".lstrip("."))
    elif isinstance(stated, list) and isinstance(found, list):
        for number, (left, right) in enumerate(zip_longest(stated, found, fillvalue=_ABSENT)):
            yield from _differences(left, right, f"{place}[{_name(right, number)}]")
    elif stated != found or type(stated) is not type(found):
        yield place, stated, found


def _name(item: object, number: int) -> str:
    """How a list's item is called: by its stratum where it has one, else by its number from 1."""
    if isinstance(item, Mapping) and isinstance(item.get("stratum"), list):
        return stratum_name(tuple(item["stratum"]))
    return str(number + 1)


def _different(
    code: str,
    place: str,
    stated: object,
    found: object,
    says: str = "the certificate says {}, this roster gives {}",
) -> CertificateError:
    stated, found = (None if value is _ABSENT else value for value in (stated, found))
    return CertificateError(code, says.format(_shown(stated), _shown(found)), place=place, stated=stated, found=found)


def _shown(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"
