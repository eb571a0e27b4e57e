"""The README of the package: its code runs, and prints what it says."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from pathlib import Path

import analysis

README = Path(analysis.__file__).with_name("README.md")


def test_every_step_of_the_five_minutes_runs_and_prints_what_it_says():
    text = README.read_text("utf-8")
    examples = doctest.DocTestParser().get_doctest(text.replace("```", ""), {}, "README.md", str(README), 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE, verbose=False)
    runner.run(examples, out=said.append)
    assert len(examples.examples) > 20
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_every_module_that_the_readme_points_to_is_there():
    text = README.read_text("utf-8")
    table = text[text.index("## Where to look") :]
    named = {name for row in table.splitlines() if row.startswith("|") for name in re.findall(r"`(\w+)`", row)}
    assert len(named) > 15
    for name in named:
        assert import_module(f"analysis.{name}").__doc__
    for module, function in re.findall(r"`(?:analysis\.)?(\w+)\.(\w+)`", text):
        assert callable(getattr(import_module(f"analysis.{module}"), function))
