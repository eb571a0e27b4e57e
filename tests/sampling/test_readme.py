"""The README of the package: its code runs and prints what it says, and its check needs nothing of ours."""

from __future__ import annotations

import doctest
import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

import sampling
from sampling import Frame, SampleDesign, draw

README = Path(sampling.__file__).with_name("README.md")


def test_every_step_runs_and_prints_what_it_says():
    text = README.read_text("utf-8")
    examples = doctest.DocTestParser().get_doctest(text.replace("```", ""), {}, "README.md", str(README), 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE, verbose=False)
    runner.run(examples, out=said.append)
    assert len(examples.examples) > 50
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_every_module_is_named_where_one_looks_for_it():
    table = README.read_text("utf-8").split("## Where to look")[1]
    named = set(re.findall(r"`(\w+)`", table))
    assert named == {path.stem for path in README.parent.glob("*.py")} - {"__init__"}
    assert all(import_module(f"sampling.{name}").__doc__ for name in named)


def plain_check():
    """The check of the README, as a reader would copy it."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    return next(block for block in blocks if block.startswith("import csv"))


def checked(folder, df, certificate):
    (folder / "check.py").write_text(plain_check(), "utf-8")
    df.to_csv(folder / "roster.csv", index=False, encoding="utf-8-sig")
    (folder / "certificate.json").write_text(json.dumps(certificate, ensure_ascii=False), "utf-8")
    words = [sys.executable, "-I", "check.py", "roster.csv", "certificate.json"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


def roster():
    df = pd.DataFrame(
        {"编号": [f"户{i:03d}" for i in range(61)], "类别": ["低保" if i % 3 else "特困" for i in range(61)]}
    )
    return df.assign(村=[f"村{i % 5}" for i in range(61)])


def certificate(**design):
    frame = Frame.from_table(roster(), unit_id="编号", strata="类别", cluster="村")
    return draw(frame, SampleDesign(**({"take": 5, "reserve": 3} | design)), seed="2026188").certificate


def test_the_check_in_thirty_lines_imports_nothing_of_ours():
    lines = plain_check().splitlines()
    assert len(lines) <= 30
    assert [line for line in lines if "import" in line] == ["import csv, hashlib, json, sys"]


def test_the_check_agrees_with_the_certificate_whatever_the_order_of_rows(tmp_path):
    assert checked(tmp_path, roster(), certificate()) == (0, "agrees")
    assert checked(tmp_path, roster().sample(frac=1, random_state=1), certificate()) == (0, "agrees")


def swapped():
    stated = certificate()
    stated["selected"][0]["main"][2] = "户060"
    return stated


@pytest.mark.parametrize(
    ("df", "stated", "says"),
    [
        (roster(), swapped(), "another sample in ['低保']"),
        (roster().assign(村="村9"), certificate(), "another roster"),
        (roster().iloc[1:], certificate(), "another roster"),
        (roster(), certificate(shift=7), "not a simple random sample from the start"),
    ],
)
def test_the_check_finds_what_was_changed(tmp_path, df, stated, says):
    assert checked(tmp_path, df, stated) == (1, says)
