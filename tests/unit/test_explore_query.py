"""The SQL box: what it answers, and what is refused or harmless, on a real sandboxed engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kam_core.errors import KamError
from kam_core.explore import query
from kam_core.explore.query import MOST_ROWS, Refused, engine_error, where
from kam_core.explore.source import Source, table
from kam_core.warehouse.engine import TooLong, UploadReader, workbench


@pytest.fixture(scope="module")
def upload(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[UploadReader, Path]]:
    """Two tables of an upload: t1 of 20,000 rows (values 0 … 19,999), t2 with a secret of nobody else."""
    folder = tmp_path_factory.mktemp("secret_folder")
    paths = [folder / "a.duckdb", folder / "b.duckdb"]
    for path, select in zip(paths, ("select i as v, 'k' || i % 4 as k, i as _line from range(20_000) r(i)",
                                    "select 'k1' as k, 7 as w"), strict=True):  # fmt: skip
        con = workbench(path)
        con.execute(f"create table t{1 + paths.index(path)} as {select}")
        con.close()
    reader = UploadReader(paths, folder / "spill", 1)
    yield reader, folder
    reader.close()


def ask(upload: tuple[UploadReader, Path], sql: str) -> Source:
    reader, _ = upload
    return query.ask(reader, "t1", table(reader, "t1").columns, sql, ["t1", "t2"])


def rows(upload: tuple[UploadReader, Path], sql: str) -> list[tuple]:
    return upload[0].rows(f"select * from {ask(upload, sql).relation}")


@pytest.mark.parametrize(
    ("sql", "first"),
    [
        # 0 + 4 + … + 19,996 = 4 · 4999 · 5000 / 2 = 49,990,000
        ("select k, sum(v) from data group by k order by k", ("k0", 49_990_000)),
        ("select count(*) from data;", (20_000,)),
        ("select count(*) from data -- said at the end", (20_000,)),
        ("select count(*) from DATA; -- done", (20_000,)),
        ("with x as (select max(v) as m from data) select m from x", (19_999,)),
        ("select d.k, t2.w from data d join t2 using (k) limit 1", ("k1", 7)),
        ("from data select min(v)", (0,)),
        ("select ';' as semicolon", (";",)),
        ("select * from (values (1, 'x')) v", (1, "x")),
        ("select sum(i) from range(4) r(i)", (6,)),
        ("summarize data", ("v",)),
        ("select v from data where v > (select avg(v) from data) order by v", (10_000,)),
        ("select 1 as \"a\"\"b; drop\"", (1,)),
    ],
)  # fmt: skip
def test_a_select_is_answered(upload, sql: str, first: tuple):
    assert rows(upload, sql)[0][: len(first)] == first


def test_the_line_number_of_the_file_is_not_a_column(upload):
    assert [c.name for c in ask(upload, "select * from data").columns] == ["v", "k"]


def test_no_more_rows_than_the_cap(upload):
    assert len(rows(upload, "select * from data")) == MOST_ROWS
    assert rows(upload, "select v from data order by v desc")[0] == (19_999,)  # the order is kept


@pytest.mark.parametrize(
    ("sql", "key"),
    [
        ("", "empty"),
        ("  ;", "empty"),
        ("select " + "1 + " * 6000 + "1", "long"),
        ("select 1; select 2", "several"),
        ("select 1) ; drop table t1; select (2", "syntax"),
        ("select 1) as x; copy t1 to 'f'; --", "syntax"),
        ("copy t1 to '/tmp/stolen.csv'", "not_select"),
        ("copy (select 1) to '/tmp/stolen.csv'", "not_select"),
        ("attach '/tmp/other.duckdb'", "not_select"),
        ("install httpfs", "not_select"),
        ("load httpfs", "not_select"),
        ("pragma database_list", "not_select"),
        ("set memory_limit = '100GB'", "not_select"),
        ("reset memory_limit", "not_select"),
        ("create table x as select 1", "not_select"),
        ("insert into t1 values (1)", "not_select"),
        ("update t1 set v = 0", "not_select"),
        ("drop table t1", "not_select"),
        ("export database '/tmp/x'", "not_select"),
        ("call duckdb_settings()", "not_select"),
        ("explain select 1", "not_select"),
        ("show tables", "not_select"),
        ("show databases", "not_select"),
        ("vacuum", "not_select"),
        ("checkpoint", "not_select"),
        ("prepare p as select 1", "not_select"),
        ("use t1", "not_select"),
        ("begin", "not_select"),
        ("select * from read_csv('/etc/passwd')", "function"),
        ("select * from read_text('/etc/passwd')", "function"),
        ("select * from read_blob('/etc/passwd')", "function"),
        ("select * from read_parquet('x')", "function"),
        ("select * from glob('/*')", "function"),
        ("select * from duckdb_settings()", "function"),
        ("select * from duckdb_databases()", "function"),
        ("select * from pragma_database_list()", "function"),
        ("select * from query('select 1')", "function"),
        ("select * from query_table('t1')", "function"),
        ("select (select count(*) from duckdb_secrets())", "function"),
        ("select * from enable_logging()", "function"),
        ("select * from json_execute_serialized_sql('x')", "function"),
        ("select getenv('HOME')", "function"),
        ("select current_setting('temp_directory')", "function"),
        ("select CURRENT_SETTING('temp_directory')", "function"),
        ("select v from data where getenv('HOME') <> ''", "function"),
        ("select sleep_ms(100000)", "function"),
        ("select write_log('x')", "function"),
        ("select getvariable('x')", "function"),
        ("select current_database()", "function"),
        ("select * from '/etc/passwd'", "table"),
        ("select * from '/etc/passwd.csv'", "table"),
        ("select * from information_schema.tables", "table"),
        ("select * from pg_catalog.pg_class", "table"),
        ("select * from pg_class", "table"),
        ("select * from pragma_database_list", "table"),
        ("select * from duckdb_tables", "table"),
        ("select * from sqlite_master", "table"),
        ("select * from file1.t1", "table"),
        ("select * from main.t1", "table"),
        ("select * from t1_text", "table"),
        ("select * from t3", "table"),
        ("with a as (select * from t3) select * from a", "table"),
        # A name of the catalogue, given to a part of the statement, must not open the catalogue elsewhere.
        ("select * from pragma_database_list, (with pragma_database_list as (select 1) select 1)", "table"),
        ("select $1", "parameter"),
        ("select ?", "parameter"),
        ("select " + "(" * 2000 + "1" + ")" * 2000, "syntax"),
        ("sel 1", "syntax"),
        ("pivot data on k using sum(v)", "not_select"),
    ],
)
def test_what_is_not_the_uploads_is_refused(upload, sql: str, key: str):
    with pytest.raises(Refused) as refused:
        ask(upload, sql)
    assert refused.value.key == key


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from data a, data b, data c",
        "with recursive r as (select 1 as n union all select n + 1 from r) select max(n) from r",
        "select sum(a.v * b.v) from range(10000000) a(v), range(10000000) b(v)",
    ],
)  # fmt: skip
def test_what_takes_too_long_is_stopped(upload, sql: str):
    with pytest.raises(TooLong):
        rows(upload, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select repeat('x', 1000000000000)",
        "select range(100000000000)",
        "select list(a.v order by hash(a.v + b.v)) from data a, data b",
        "select cast('/etc' || k as integer) from data",
        "select nope from data",
    ],
)  # fmt: skip
def test_what_fails_tells_nothing_of_the_machine(upload, sql: str):
    with pytest.raises(KamError) as error:
        rows(upload, sql)
    said, _ = engine_error(error.value)
    assert said and str(upload[1]) not in said and "secret_folder" not in said


def test_an_error_says_where_it_is(upload):
    sql = "select v\nfrom data\nwher v > 1"  # wher becomes a name of data, so v is what should not be there
    with pytest.raises(Refused) as refused:
        ask(upload, sql)
    assert where(sql, refused.value.place) == (3, 6, "wher v > 1")
    with pytest.raises(KamError) as error:
        ask(upload, "select v,\n  nope\nfrom data")
    said, line = engine_error(error.value)
    assert line == 2 and 'column "nope" not found' in said


def test_a_place_is_a_line_and_a_character():
    assert where("select 1\nfrom x", 14) == (2, 6, "from x")
    assert where("select 1", None) is None


def test_the_result_can_be_explored_in_turn(upload):
    source = ask(upload, "select k, sum(v) as total from data group by k")
    assert [(c.name, c.family) for c in source.columns] == [("k", "text"), ("total", "number")]
