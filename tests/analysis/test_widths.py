"""Columns of a report's tables are as wide as what stands in them."""

from __future__ import annotations

import pytest

from analysis.report.document import Table
from analysis.report.widths import PADDING, ems, fitted, widths
from analysis.report.workbook import Column

SIZE = 10.5
NAMES = [Column("县（市、区）"), Column("类别"), Column("人数", "integer"), Column("编号")]
ROWS = [["云溪区", "精减退职职工生活补助", 12, "HNQC-BQ3VLAE4"], ["云溪区", "城市低保", 139, "HNQC-UM7UALI6"]]
TABLE = Table("表", NAMES, ROWS)


@pytest.mark.parametrize("available", [200.0, 240.0, 280.0, 442.0, 700.0])
def test_the_columns_fill_the_width_of_the_text(available: float) -> None:
    assert sum(widths(TABLE, available, SIZE)) == pytest.approx(available)


def test_where_the_paper_is_narrow_chinese_gives_way_and_a_reference_is_never_broken() -> None:
    found = widths(TABLE, 280.0, SIZE)
    assert found[3] >= (ems("HNQC-BQ3VLAE4") + PADDING) * SIZE
    assert found[1] < (ems("精减退职职工生活补助") + PADDING) * SIZE
    assert min(found) >= (2.2 + PADDING) * SIZE - 1e-9


def test_a_wider_text_asks_for_a_wider_column_of_a_sheet_and_a_width_that_was_given_stays() -> None:
    columns = fitted(Table("表", [*NAMES[:3], Column("编号", width=9)], ROWS))
    assert [column.header for column in columns] == [column.header for column in NAMES]
    assert (columns[1].width or 0) > (columns[0].width or 0) > (columns[2].width or 0)
    assert columns[3].width == 9
