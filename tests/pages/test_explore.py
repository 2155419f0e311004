"""The explore page through app.py, on tables of a few rows that a session uploaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from kam_core.ui import explore_tables
from kam_core.uploads.workspace import Workspace
from tests.pages.conftest import APP, shown

PAGE = "pages/data/explore.py"
# East 10 + 20 + 30 = 60, North 40, South 5: in all 105 from five rows; by month: January 30, February 75.
JANUARY = """select * from (values
    ('East', date '2026-01-05', 10.5, 'a'), ('East', date '2026-01-20', 19.5, 'b'),
    ('East', date '2026-02-10', 30, 'a'),
    ('North', date '2026-02-11', 40, 'a'), ('South', date '2026-02-28', 5, 'c')) as t(region, day, amount, product)"""
FEBRUARY = 'select region as "Region", day as "Day", amount as revenue, product as "Product" from (' + JANUARY + ")"


@pytest.fixture
def app(publish: Callable[..., None]) -> AppTest:
    """The app without any data of the company: a file can be explored before anything is loaded."""
    return AppTest.from_file(APP, default_timeout=60)


@pytest.fixture
def upload(app: AppTest, tmp_path: Path) -> Iterator[Callable[..., AppTest]]:
    """`upload("select …", …)` → the explore page of a session that holds these tables, t1 and on."""
    (tmp_path / "uploads").mkdir()
    space = Workspace.create(tmp_path / "uploads")

    def open_page(*selects: str) -> AppTest:
        for place, select in enumerate(selects):
            with space.writing(f"sheet{place}", f"file {place}.csv") as (con, name):
                con.execute(f"create table {name} as select *, 1 as _line from ({select})")
        app.session_state["_workspace"] = space
        app.run().switch_page(PAGE)
        app.query_params["table"] = "t1"
        return app.run()

    yield open_page
    space.close()


def texts(app: AppTest) -> str:
    """All text of the page, without the backslashes that keep it from being read as Markdown."""
    said = [element.value for kind in (app.caption, app.markdown, app.error) for element in kind]
    return "\n".join([shown(app), *said]).replace("\\", "")


def run(app: AppTest, sql: str) -> AppTest:
    app.text_area[0].set_value(sql)
    return next(button for button in app.button if button.label == "Run").click().run()


def test_without_an_upload_it_says_what_to_do(app: AppTest):
    app.run().switch_page(PAGE).run()
    assert app.title[0].value == "What is in this file?"
    assert app.subheader[0].value == "Nothing to explore yet"


def test_the_first_chart_appears_by_itself(upload):
    app = upload(JANUARY)
    assert "file 0.csv · 5 rows · 4 columns" in texts(app)
    assert "How does amount develop " in texts(app)
    assert "In all 105, from 5 rows." in texts(app)
    assert app.dataframe(key="columns_table").value["kind"].tolist() == ["Name", "Date", "Amount", "Name"]


def test_a_suggestion_asks_its_question(upload):
    app = upload(JANUARY)
    app.button(key="ask_1").click().run()
    assert "Which region leads in amount?" in texts(app)
    assert json.loads("".join(app.query_params["ask"])) == {"x": 0, "y": 2}
    app.selectbox(key="explore_how").set_value(1).run()  # the second way to put together: the average
    assert "Which region leads in average amount?" in texts(app)
    assert "In all 21, from 5 rows." in texts(app)  # 105 / 5


def test_a_pivot_has_totals_from_its_rows(upload):
    app = upload(JANUARY)
    app.query_params["ask"] = json.dumps({"x": 0, "colour": 3, "y": 2, "how": "mean", "chart": "table"})
    app.run()
    frame = app.dataframe(key="pivot_explore_0").value
    assert frame["region"].tolist() == ["North", "East", "South", "Total"]
    assert frame["a"].tolist()[1] == 20.25 and frame["a"].tolist()[3] == pytest.approx(80.5 / 3)
    assert frame["Total"].tolist() == pytest.approx([40, 20, 5, 21])
    app.button(key="more_explore").click().run()
    taken = next(d.value for d in app.dataframe if d.key is None or d.key == "behind_explore")
    assert taken.columns.tolist() == ["region", "a", "b", "c", "Total"]


def test_a_filter_narrows_and_can_be_taken_off(upload):
    app = upload(JANUARY)
    app.query_params["filters"] = json.dumps([[0, "is", "East"]])
    app.run()
    assert "3 of 5 rows" in texts(app) and "In all 60, from 3 rows." in texts(app)
    app.button(key="see_rows").click().run()
    assert app.dataframe[0].value["amount"].tolist() == [10.5, 19.5, 30]
    app.segmented_control(key="explore_look").set_value("chart").run()
    assert app.button(key="chip_0").label.replace("\\", "") == "region: East ✕"
    app.button(key="chip_0").click().run()
    assert "filters" not in app.query_params and "In all 105" in texts(app)


def test_no_value_of_the_file_stands_in_the_address(upload):
    app = upload(JANUARY)
    app.query_params["filters"] = json.dumps([[0, "is", "East"], [3, "is", "a"]])
    app.run()
    app.button(key="chip_1").click().run()
    assert "".join(app.query_params["filters"]) == "~0" and "3 of 5 rows" in texts(app)


def test_filters_that_leave_nothing_say_so(upload):
    app = upload(JANUARY)
    cross = {"x": 0, "colour": 3}
    for ask in ({"x": 0, "y": 2}, {"x": 1, "grain": "month"}, cross | {"chart": "heat"}, cross | {"chart": "table"}):
        app.query_params["ask"] = json.dumps(ask)
        app.query_params["filters"] = json.dumps([[0, "is", "West"]])
        app.run()
        assert "No row passes the filters" in texts(app) and "0 of 5 rows" in texts(app)


def test_two_periods_are_compared(upload):
    app = upload(JANUARY)
    app.query_params["ask"] = json.dumps({"x": 0, "y": 2, "compare": "previous_period"})
    app.query_params["filters"] = json.dumps([[1, "between", "2026-02-01", "2026-02-28"]])
    app.run()
    assert "1 Feb 2026 – 28 Feb 2026" in texts(app) and "1 Jan 2026 – 31 Jan 2026" in texts(app)
    assert "In all 75, from 3 rows." in texts(app)


def test_the_rows_behind_can_be_searched(upload):
    app = upload(JANUARY)
    app.query_params["look"] = "rows"
    app.run()
    assert len(app.dataframe[0].value) == 5
    app.text_input(key="rows_search").set_value("nort").run()
    assert app.dataframe[0].value["amount"].tolist() == [40]


def test_the_sql_box_answers_and_refuses(upload):
    app = upload(JANUARY)
    app.query_params["look"] = "sql"
    app.run()
    run(app, "select region, sum(amount) as s from data group by 1 order by 2 desc")
    assert app.dataframe[0].value["s"].tolist() == [60, 40, 5]
    run(app, "select * from read_csv('/etc/passwd')")
    assert "read_csv is not available here" in texts(app) and "Line 1, character 15" in texts(app)
    assert not app.dataframe


def test_the_sql_box_says_that_filters_do_not_hold_there(upload):
    app = upload(JANUARY)
    app.query_params["look"] = "sql"
    app.run()
    assert not app.info
    app.query_params["filters"] = json.dumps([[0, "is", "East"]])
    app.run()
    assert [box.value for box in app.info] == [
        "The filters above do not hold here: SQL sees all 5 rows of the file. Write a where to narrow them down."
    ]
    run(app, "select count(*) as n from data")
    assert app.dataframe[0].value["n"].tolist() == [5]


def test_a_recipe_runs_on_next_months_file_and_says_what_is_missing(upload):
    app = upload(JANUARY, FEBRUARY)
    app.button(key="ask_1").click().run()
    app.button(key="keep_chart").click().run()
    app.segmented_control(key="explore_look").set_value("recipe").run()
    app.text_input(key="recipe_name").set_value("Monthly").run()
    app.button(key="recipe_save").click().run()
    app.selectbox(key="explore_table").set_value("t2").run()
    app.button(key="open_1").click().run()
    assert "Charts that run: 0 of 1" in texts(app) and "region → Region" in texts(app)
    assert "Columns that are not in this file: amount" in texts(app)
    app.selectbox(key="renamed_0").set_value("revenue").run()
    app.button(key="recipe_again").click().run()
    assert "Charts that run: 1 of 1" in texts(app)
    assert "Which Region leads in revenue?" in texts(app)


def test_an_address_of_somebody_elses_making_is_harmless(upload):
    app = upload(JANUARY)
    asks = ('{"x": 99}', '{"x": "a"}', "[", "null", '{"how": "drop"}', '{"x": {"a": 1}}', '{"y": 0, "x": 1}', "~7")
    for ask in asks:
        app.query_params["ask"] = ask
        app.query_params["filters"] = '[[9, "is"], 3]' if ask == "[" else '[[1, "between", "soon", "x"]]'
        app.run()
        assert app.title[0].value == "What is in this file?" and "5 rows · 4 columns" in texts(app)


def test_names_that_set_traps_are_shown_as_text(upload):
    names = ['"a"";b"', '"x\ny"', '"</script><b>"', '"a.b[0]"', '"**md** :red[x] $y$"', f'"{"n" * 10_000}"', '"דוח"']
    columns = ", ".join(f"i % {n + 2} as {name}" for n, name in enumerate(names))
    app = upload(f"select {columns} from range(30) r(i)")
    assert "30 rows · 7 columns" in texts(app)
    for place in range(7):
        app.query_params["ask"] = json.dumps({"x": place})
        app.run()
        assert "Rows: 30." in texts(app)
    assert "<b>" not in shown(app).split("kam-head")[-1]


@pytest.mark.parametrize(
    "select",
    ["select 1 as a where false", "select 1 as a", "select null::varchar as a, null::double as b from range(5)"],
)
def test_tables_with_little_in_them_are_no_error(upload, select: str):
    app = upload(select)
    assert app.title[0].value == "What is in this file?" and not app.exception and not app.error


def test_in_chinese(upload):
    app = upload(JANUARY)
    app.segmented_control(key="lang").set_value("zh").run()
    assert app.title[0].value == "这个文件里有什么？"
    assert "合计 105，共 5 行。" in texts(app)


def test_bars_of_a_cell_are_few_and_count_all_rows():
    assert explore_tables._bars(range(45)) == [*(3 * n + 3 for n in range(0, 45, 3))]
    assert explore_tables._bars((5, 7)) == [5, 7] and explore_tables._bars(()) == []
