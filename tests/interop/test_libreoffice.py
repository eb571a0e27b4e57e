"""Word report and workbook as LibreOffice shows them: every letter has its shape, and nothing runs off the paper."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from lxml import etree
from PIL import Image

from survey_server.console.language import speaking
from survey_server.exports.workbook import LABELS, workbook_file
from survey_server.reports.service import INTERVIEW, KINDS, word_of
from survey_server.results.service import results_of
from tests.survey_server.results.conftest import Survey, finished

__all__ = ["finished"]
pytestmark = pytest.mark.interop
REMEDY = (
    "没有 {}。请安装 {} is missing: "
    "apt install --no-install-recommends libreoffice-writer libreoffice-calc poppler-utils fonts-wqy-microhei"
)
MOST_SECONDS = 300
CHINESE = re.compile("CJK|SourceHan|WenQuan|WQY|Song|Sim|Hei|Kai|Fang|Uming|Ukai|Droid", re.IGNORECASE)
"""What the fonts are called that hold Chinese."""
MARGIN = 0.015
"""Of the width: so near to the edge of the paper nothing is printed."""


@dataclass(frozen=True)
class Printed:
    """A file as LibreOffice prints it."""

    pdf: Path

    @property
    def text(self) -> str:
        """Everything that is written."""
        return run("pdftotext", "-layout", str(self.pdf), "-")

    @property
    def pages(self) -> list[np.ndarray]:
        """Every page as a picture in grey."""
        run("pdftoppm", "-gray", "-r", "60", str(self.pdf), str(self.pdf.with_suffix("")))
        found = sorted(self.pdf.parent.glob(f"{self.pdf.stem}-*.pgm"))
        return [np.asarray(Image.open(path)) for path in found]

    @property
    def without_shape(self) -> set[str]:
        """What is drawn as an empty box or not known: the replacement character, and what no font names."""
        return {letter for letter in self.text if letter in "\ufffd\u25a1\ufffe" or "\ue000" <= letter <= "\uf8ff"}

    @property
    def fonts_without_chinese(self) -> bool:
        """Whether no font that is embedded can write Chinese: then every letter is a box."""
        listed = run("pdffonts", str(self.pdf)).splitlines()[2:]
        return not any(CHINESE.search(line.split()[0]) for line in listed if " yes" in line)

    @property
    def outside(self) -> list[str]:
        """Words whose place is not on the paper."""
        found = []
        root = etree.fromstring(run("pdftotext", "-bbox", str(self.pdf), "-").encode(), etree.XMLParser(recover=True))
        for number, page in enumerate(root.iter("{*}page"), 1):
            width, height = (float(page.get(name, "0")) for name in ("width", "height"))
            for word in page.iter("{*}word"):
                left, top, right, bottom = (float(word.get(name, "0")) for name in ("xMin", "yMin", "xMax", "yMax"))
                if left < -1 or top < -1 or right > width + 1 or bottom > height + 1:
                    found.append(f"page {number}: {word.text}")
        return found

    @property
    def cut_off(self) -> list[int]:
        """The pages on which something stands in the outermost strip at the left or the right."""
        return [number for number, page in enumerate(self.pages, 1) if ink_at_the_edges(page)]


def ink_at_the_edges(page: np.ndarray) -> bool:
    strip = max(2, int(page.shape[1] * MARGIN))
    return bool((page[:, :strip] < 128).any() or (page[:, -strip:] < 128).any())


def is_empty(page: np.ndarray) -> bool:
    """Whether nothing but the page's number stands on it."""
    return int((page[: int(page.shape[0] * 0.85)] < 128).sum()) == 0


def run(name: str, *words: str) -> str:
    """What a program writes; fails with the remedy where it is not there."""
    program = shutil.which(name)
    if program is None:
        pytest.fail(REMEDY.format(name, name), pytrace=False)
    return subprocess.run([program, *words], capture_output=True, text=True, check=True, timeout=MOST_SECONDS).stdout


@pytest.fixture(scope="module")
def printed(finished: Survey, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Printed]:
    """The reports and the workbook by name, all printed by one LibreOffice with a profile of its own."""
    folder = tmp_path_factory.mktemp("printed")
    with speaking(), finished.services.read() as work:
        results = results_of(work, finished.drawn.study.id)
        files = {f"{kind}.docx": word_of(work, finished.drawn.study.id, kind) for kind in KINDS}
        files["results.xlsx"] = workbook_file(work, results, LABELS, lambda _done: None).content
    for name, content in files.items():
        (folder / name).write_bytes(content)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    paths = [str(folder / name) for name in files]
    run("soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), *paths)
    return {name: Printed((folder / name).with_suffix(".pdf")) for name in files}


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_in_word_has_no_boxes_and_no_overflow(printed: dict[str, Printed], kind: str) -> None:
    paper = printed[f"{kind}.docx"]
    assert len(paper.pages) >= 2
    assert ("访谈" if kind == INTERVIEW else "满意") in paper.text
    assert (paper.without_shape, paper.fonts_without_chinese) == (set(), False)
    assert (paper.outside, paper.cut_off) == ([], [])


def test_no_page_of_the_survey_report_is_empty_and_no_reference_is_broken(printed: dict[str, Printed]) -> None:
    paper = printed["survey.docx"]
    assert [number for number, page in enumerate(paper.pages, 1) if is_empty(page)] == []
    assert len(re.findall(r"[A-Z2-7]{4}-[A-Z2-7]{8}\b", paper.text)) > 20
    assert re.findall(r"[A-Z2-7]{4}-(?:\s|$)", paper.text) == []


def test_the_workbook_opens_with_its_sheets_and_chinese(printed: dict[str, Printed]) -> None:
    paper = printed["results.xlsx"]
    names = openpyxl.load_workbook(paper.pdf.with_suffix(".xlsx"), read_only=True).sheetnames
    assert len(paper.pages) >= len(names)
    assert (paper.without_shape, paper.fonts_without_chinese) == (set(), False)
    assert (paper.outside, paper.cut_off) == ([], [])


def test_what_runs_off_the_paper_is_noticed() -> None:
    page = np.full((400, 600), 255, dtype=np.uint8)
    assert not ink_at_the_edges(page)
    page[200, -1] = 0
    assert ink_at_the_edges(page)
