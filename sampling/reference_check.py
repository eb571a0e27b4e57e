"""Redraws a sample without our software: `python3 reference_check.py roster.csv certificate.json`.

Only Python's standard library, and on purpose not a line of the package: read it, then trust it. For the methods
`srs` and `pareto`.
"""

import csv
import hashlib
import json
import sys
from fractions import Fraction


def difference(rows, certificate):  # noqa: ANN001, ANN201 - as short as can be, for people who read little Python
    """The first difference between a roster's rows and a certificate, in words; empty when there is none."""
    names, design, seed = certificate["columns"], certificate["design"], certificate["seed"]["value"]

    by_stratum = isinstance(design["shift"], list)
    shifts = {tuple(key): shift for key, shift in design["shift"]} if by_stratum else {}

    def number(row):  # noqa: ANN001, ANN202
        unit_id = row[names["unit_id"]]
        shift = shifts.get(tuple(row[name] for name in names["strata"]), 0) if by_stratum else design["shift"]
        digest = hashlib.sha256(f"{seed}\n{design['stage']}\n{unit_id}".encode()).hexdigest()
        return (int(digest[:13], 16) - shift) % 2**52, unit_id

    def rank(row, take, total):  # noqa: ANN001, ANN202
        ticket, share = Fraction(2 * number(row)[0] + 1, 2**53), take * Fraction(row[names["size"]]) / total
        return ticket / (1 - ticket) / (share / (1 - share)), row[names["unit_id"]]

    for counts, selected in zip(certificate["strata"], certificate["selected"], strict=True):
        units = [row for row in rows if [row[name] for name in names["strata"]] == counts["stratum"]]
        units.sort(key=number)
        certain, take = [], counts["main"]
        while design["method"] == "pareto" and units:
            total = sum(Fraction(row[names["size"]]) for row in units)
            large = [row for row in units if take * Fraction(row[names["size"]]) >= total]
            if not large:
                units.sort(key=lambda row: rank(row, take, total))
                break
            units = [row for row in units if take * Fraction(row[names["size"]]) < total]
            certain, take = certain + large, take - len(large)
        ids = [row[names["unit_id"]] for row in sorted(certain, key=number) + units]
        if counts["population"] != len(ids) or ids[: counts["main"]] != selected["main"]:
            return f"stratum {counts['stratum']}: another population or main sample"
        if ids[counts["main"] :][: counts["reserve"]] != selected["reserve"]:
            return f"stratum {counts['stratum']}: another reserve"
    return ""


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8-sig", newline="") as roster, open(sys.argv[2], encoding="utf-8") as stated:  # noqa: PTH123
        sys.exit(difference(list(csv.DictReader(roster)), json.load(stated)) or 0)
