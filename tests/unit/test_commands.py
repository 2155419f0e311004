"""The command line as users' scripts meet it: JSON on stdout, reasons on stderr, exit codes, nothing half done."""

import json
import shutil
import zipfile

import pytest

from kam_core.__main__ import main
from kam_core.warehouse.snapshots import Store

ORDERS = """order_date,account_id,amount,order_id,region,manager_id
2024-02-10,Haihe,100,1,East,m1
2025-02-10,Haihe,120,2,East,m1
2025-03-05,Minjiang,30,3,West,m2
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def run(folder, capsys):
    """`run("metric", "revenue")` → exit code, stdout, stderr; on a warehouse of the test's own."""

    def call(*arguments):
        code = main(["--warehouse", str(folder / "warehouse"), *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A folder with the orders and the warehouse made of them, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "orders.csv").write_text(ORDERS, encoding="utf-8")
    assert main(["--warehouse", str(folder / "warehouse"), "load", str(folder / "orders.csv")]) == 0
    return folder


@pytest.fixture
def loaded(run, folder, template, capsys):
    shutil.copytree(template, folder, dirs_exist_ok=True)
    capsys.readouterr()
    return run


def test_a_metric_as_json_has_one_key_per_dimension_and_measure(loaded):
    code, out, _ = loaded("metric", "revenue", "orders", "--by", "month,region", "--period", "2025", "--format", "json")
    assert code == 0
    assert json.loads(out) == [
        {"month": "2025-02", "region": "East", "revenue": 120, "orders": 1},
        {"month": "2025-03", "region": "West", "revenue": 30, "orders": 1},
    ]


def test_without_a_period_everything_loaded_counts(loaded):
    assert json.loads(loaded("metric", "revenue", "--format", "json")[1]) == [{"revenue": 250}]


def test_half_open_days_as_of_and_filters(loaded):
    def revenue(*filters):
        return json.loads(loaded("metric", "revenue", "--format", "json", *filters)[1])[0]["revenue"]

    assert revenue("--start", "2025-02-10", "--end", "2025-03-05") == 120
    assert revenue("--as-of", "2025-02-28", "--period", "this_year") == 120
    assert revenue("--region", "West", "--region", "East", "--period", "2025") == 150
    assert revenue("--manager", "m2") == 30
    assert revenue("--account", "Minjiang") == 30


def test_csv_and_table(loaded):
    assert loaded("metric", "revenue", "--by", "year", "--format", "csv")[1] == "year,revenue\n2024,100\n2025,150\n"
    assert loaded("metric", "revenue", "--by", "year")[1].splitlines()[1].split() == ["2024", "100"]


def test_a_missing_figure_is_null_and_says_why(loaded):
    code, out, err = loaded("metric", "gross_margin", "--format", "json")
    assert (code, json.loads(out)) == (0, [{"gross_margin": None}])
    assert err.startswith("gross_margin: ")


def test_reports_take_settings(loaded):
    code, out, _ = loaded("report", "top_movers", "--period", "2025", "--set", "limit=1", "--format", "json")
    assert code == 0
    assert [(r["account_id"], r["change"]) for r in json.loads(out)] == [("Minjiang", 30)]


def test_every_measure_is_described(loaded):
    described = json.loads(loaded("metrics", "--json")[1])
    keys = {m["key"] for m in described}
    assert keys >= {
        "revenue", "orders", "active_accounts", "average_order_value", "gross_margin", "discount_rate", "return_rate",
        "key_account_share", "nrr", "grr", "logo_churn", "target", "attainment", "hhi",
    }  # fmt: skip
    assert all(m["label"] and m["definition"] and m["unit"] and m["dimensions"] for m in described)


def test_the_same_file_twice_changes_nothing_and_undo_goes_back(loaded, folder):
    assert "nothing changed" in loaded("load", folder / "orders.csv")[1]
    more = folder / "more.csv"
    more.write_text("order_date,account_id,amount,order_id\n2025-03-06,Haihe,7,4\n", encoding="utf-8")
    assert loaded("load", more)[0] == 0
    assert json.loads(loaded("metric", "revenue", "--format", "json")[1]) == [{"revenue": 257}]
    assert loaded("undo")[0] == 0
    assert json.loads(loaded("metric", "revenue", "--format", "json")[1]) == [{"revenue": 250}]
    history = json.loads(loaded("snapshots", "--json")[1])
    assert [s["kind"] for s in history] == ["undo", "load", "load"]
    assert loaded("verify")[0] == 0


def test_a_load_as_json_is_one_document(run, folder):
    path = folder / "orders.csv"
    path.write_text(ORDERS + "someday,Haihe,5,9,East,m1\n", encoding="utf-8")
    code, out, _ = run("load", path, "--json", "--rejects", folder / "rejects.csv")
    report = json.loads(out)
    assert (code, report["tables"]["orders"]["added"], report["tables"]["orders"]["refused"]) == (0, 3, 1)
    refused = report["refused_examples"][0]
    assert (refused["file"], refused["line"], refused["column_name"], refused["value"]) == (
        "orders.csv", 5, "order_date", "someday",
    )  # fmt: skip
    assert "someday" in (folder / "rejects.csv").read_text(encoding="utf-8-sig")


def test_a_dry_run_changes_nothing(run, folder):
    path = folder / "orders.csv"
    path.write_text(ORDERS, encoding="utf-8")
    assert run("load", path, "--dry-run")[0] == 0
    assert Store(folder / "warehouse").current() is None


def test_a_guessed_mapping_can_be_edited_and_used(run, folder):
    path = folder / "orders.csv"
    path.write_text(ORDERS, encoding="utf-8")
    code, toml, _ = run("mapping", path)
    assert code == 0
    (folder / "mine.toml").write_text(toml, encoding="utf-8")
    assert run("load", path, "--mapping", folder / "mine.toml")[0] == 0


def zip_bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.csv", b"a,b\n" + b"0,0\n" * 20_000_000)


WRONG = {
    "empty.csv": lambda p: p.write_bytes(b""),
    "binary.csv": lambda p: p.write_bytes(bytes(range(256)) * 20),
    "columns.csv": lambda p: p.write_text("a,b,c\n1,2,3\n"),
    "wide.csv": lambda p: p.write_text(",".join(f"c{n}" for n in range(10_000)) + "\n" + ",".join("1" * 10_000) + "\n"),
    "bomb.zip": zip_bomb,
    "folder": lambda p: (p.mkdir(), (p / "notes.md").write_text("hello")),
    "absent.csv": lambda p: None,
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_one_clear_line_and_changes_nothing(loaded, folder, name):
    before = Store(folder / "warehouse").current()
    WRONG[name](folder / name)
    code, out, err = loaded("load", folder / name)
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert name in err
    assert "Traceback" not in err
    assert Store(folder / "warehouse").current() == before


def test_a_policy_with_a_typo_is_refused_with_its_line(loaded, folder):
    policy = folder / "policy.toml"
    policy.write_text("[tiers]\na_belw = 0.7\n", encoding="utf-8")
    code, _, err = loaded("--policy", policy, "load", folder / "orders.csv")
    assert code == 1
    assert err.startswith("policy.toml, line 2: tiers.a_belw is not a setting")


def test_a_changed_policy_is_applied_by_a_rebuild(loaded, folder):
    policy = folder / "policy.toml"
    policy.write_text("[tiers]\nnew_months = 0\nnew_orders = 0\n", encoding="utf-8")
    assert loaded("--policy", policy, "rebuild")[0] == 0
    assert json.loads(loaded("snapshots", "--json")[1])[0]["kind"] == "policy"


@pytest.mark.parametrize(
    "wrong",
    [["metric"], ["metric", "revenue", "--start", "yesterday"], ["dance"], ["load", "x", "--append", "--replace"]],
)
def test_wrong_usage_is_exit_code_2(folder, wrong, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--warehouse", str(folder), *wrong])
    assert stop.value.code == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["metric", "turnover"], "'turnover' is not a measure"),
        (["metric", "revenue", "--by", "planet"], "'planet' is not a dimension"),
        (["metric", "revenue", "--period", "soon"], "'soon' is not a period"),
        (["metric", "revenue", "--start", "2025-01-01"], "--start and --end go together"),
        (["report", "everything"], "'everything' is not a report"),
        (["report", "top_movers", "--set", "limit"], "--set takes KEY=VALUE"),
        (["undo", "--to", "yesterday"], "there is no snapshot 'yesterday'"),
    ],
)
def test_what_cannot_be_done_is_exit_code_1_with_the_reason(loaded, wrong, said):
    code, out, err = loaded(*wrong)
    assert (code, out) == (1, "")
    assert said in err


def test_before_anything_is_loaded_every_question_says_what_to_do(run):
    for command in (["metric", "revenue"], ["report", "accounts"], ["check"], ["verify"]):
        code, _, err = run(*command)
        assert code == 1
        assert "kam_core demo" in err
