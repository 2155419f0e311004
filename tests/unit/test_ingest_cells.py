"""Cells corrected by hand: they stand in the mapping and are checked like what the file says."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kam_core.errors import KamError
from kam_core.ingest import Mapping, prepare
from kam_core.warehouse.engine import workbench

CSV = "day,who,sum\n2025-01-31,A,10\n2025-02-31,B,20\n2025-03-31,,30x\n"


def load(tmp_path: Path, mapping: str, file: str = "o.csv"):
    con = workbench()
    staged = prepare(con, [tmp_path / file], Mapping.parse(mapping))
    taken = con.execute("select order_date::varchar, account_id, amount::varchar, source_line from staged.orders"
                        " order by source_line").fetchall()
    refused = con.execute("select line, column_name, value from staged.refused order by line").fetchall()
    return staged, taken, refused


def mapping(cells: str) -> str:
    return f'[orders]\norder_date = "day"\naccount_id = "who"\namount = "sum"\n{cells}'


def test_a_corrected_cell_takes_the_place_of_what_the_file_says(tmp_path: Path):
    (tmp_path / "o.csv").write_text(CSV)
    staged, taken, refused = load(
        tmp_path, mapping('[orders.cells.3]\nday = "2025-02-28"\n[orders.cells.4]\nwho = "C"\nsum = "30"')
    )
    assert refused == []
    assert taken == [
        ("2025-01-31", "A", "10.00", 2), ("2025-02-28", "B", "20.00", 3), ("2025-03-31", "C", "30.00", 4)
    ]
    assert staged.counts["orders"].taken == 3


def test_a_correction_that_is_wrong_itself_is_refused_with_what_was_written(tmp_path: Path):
    (tmp_path / "o.csv").write_text(CSV)
    _, taken, refused = load(tmp_path, mapping('[orders.cells.3]\nday = "soon"\n[orders.cells.4]\nwho = "C"'))
    assert [row[1] for row in taken] == ["A"]
    assert refused == [(3, "order_date", "soon"), (4, "amount", "30x")]


def test_a_typed_column_of_parquet_can_be_corrected(tmp_path: Path):
    pq.write_table(pa.table({"day": ["2025-01-31", "2025-02-01"], "who": ["A", "B"], "sum": [1.5, None]}),
                   tmp_path / "o.parquet")
    _, taken, refused = load(tmp_path, mapping('[orders.cells.2]\nsum = "2,5"').replace('"2,5"', '"2.5"'), "o.parquet")
    assert refused == [] and [row[2] for row in taken] == ["1.50", "2.50"]


def test_cells_are_written_to_the_mapping_file_and_read_back(tmp_path: Path):
    parsed = Mapping.parse(mapping('[orders.cells.12]\n"My \\"day\\"" = "=1\\n2"'))
    assert parsed.tables[0].cells == {12: {'My "day"': "=1\n2"}}
    assert Mapping.parse(parsed.to_toml()) == parsed


@pytest.mark.parametrize(
    ("cells", "said"),
    [('[orders.cells.x]\nday = "1"', "line"), ('[orders.cells]\n3 = "1"', "pairs below a line"),
     ('[orders.cells.3]\nnowhere = "1"', "nowhere")],
)
def test_cells_that_cannot_be_are_refused(tmp_path: Path, cells: str, said: str):
    (tmp_path / "o.csv").write_text(CSV)
    with pytest.raises(KamError, match=said):
        load(tmp_path, mapping(cells))
