"""Single cells that somebody corrected: they stand in the mapping, by file line, and replace what the file says."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from kam_core.ingest import expressions
from kam_core.ingest.grid import Connection, Operand, Relation

Cells = dict[int, dict[str, str]]  # file line → heading → the text that should have stood there


def with_cells(con: Connection, relation: Relation, cells: Cells, where: str) -> Relation:
    """The relation as the corrected file would give it; KamError where a heading is not in the file.

    Corrected columns become text, also where the file has types: a correction is checked as any other value.
    """
    if not cells:
        return relation
    known = list(relation.columns)
    headings = list(dict.fromkeys(h for line in cells.values() for h in line))
    found = {h: expressions.find_heading(h, known) for h in headings}
    for heading, name in found.items():
        if name is None:
            raise expressions.unknown_heading(heading, known, where)
    corrected, name = f"{relation.name}_corrected", f"{relation.name}_cells"
    columns = {f"cell{i}": [line.get(h) for line in cells.values()] for i, h in enumerate(headings)}
    con.register("cells", pa.table({"line": list(cells), **{k: pa.array(v, pa.string()) for k, v in columns.items()}}))
    con.execute(f"create or replace temp table {name} as select * from cells")
    con.unregister("cells")
    operands, texts = dict(relation.columns), []
    for i, heading in enumerate(headings):
        theirs = str(found[heading])
        texts.append(f"coalesce(c.cell{i}, ({relation.columns[theirs].sql})::varchar) as {corrected}{i}")
        operands[theirs] = Operand(f"{corrected}{i}", "VARCHAR")
    con.execute(
        f"create or replace temp view {corrected} as select r.*, {', '.join(texts)}"
        f" from {relation.name} as r left join {name} as c on c.line = r.file_line"
    )
    return replace(relation, name=corrected, columns=operands)
