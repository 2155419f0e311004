"""The rules that keep the product simple, checked on its source: who imports whom, where SQL lives."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "kam_core"
PAGES = ROOT / "pages"

# A part may import the parts named after it, and itself. "x.y" allows one module of a part and no other.
BASE = {"errors", "schema", "text"}
MAY_IMPORT = {
    "app": {"ui", "charts", "export", "view", *BASE},
    "server": {"ui", "serving", "access", *BASE},
    "pages": {"ui", "charts", "export", "view", *BASE},
    "uploads": {"ingest", "metrics", "warehouse", "access", "view", "policy", "export", *BASE},
    "ui": {"ledger", "uploads", "explore", "metrics", "access", "serving.binding", "state", "view", "warehouse",
           "policy", "charts", "export", *BASE},
    "export": {"metrics", "view", "charts", *BASE},
    "metrics": {"view", "warehouse.engine", "access", "policy", "models", *BASE},
    "warehouse": {"ingest", "models", "policy", "view.add_months", "view.month_start",
                  "view.Calendar", "view.Period", *BASE},
    "ingest": {"policy", *BASE},
    "explore": {"warehouse.engine", *BASE},
    "demo": {"policy", *BASE},
    "current": {"policy", "warehouse", *BASE},
    "bench": {"demo", "metrics", "warehouse", "view", "access", "policy", *BASE},
    "commands": {"bench", "demo", "ingest", "metrics", "warehouse", "view", "access", "export", "policy", "state",
                 "backup", "ledger", *BASE},
    "backup": {"state", "warehouse", "policy", "access", *BASE},
    "ledger": {"state", "warehouse", *BASE},
    "state": BASE,
    "serving": {"warehouse", "access", *BASE},
    "__main__": {"commands", "metrics", "state", *BASE},
    "access": {"policy", *BASE},
    "view": {"access.scope", "errors", "schema"},
    "models": BASE,
    "charts": BASE,
    "policy": BASE,
    "text": {"view", "errors", "schema"},
    "schema": {"errors"},
    "errors": set(),
    "run": set(),
}
MAY_USE_STREAMLIT = {"app", "server", "pages", "ui"}
MAY_USE_DUCKDB = {"warehouse"}


def part_of(path: Path) -> str:
    """kam_core/ui/cards.py → ui, kam_core/view.py → view, pages/portfolio/overview.py → pages, app.py → app."""
    steps = path.relative_to(ROOT).with_suffix("").parts
    return steps[1] if steps[0] == "kam_core" else steps[0]


def product_files() -> list[Path]:
    top = [ROOT / name for name in ("app.py", "server.py", "run.py")]
    files = [p for p in top if p.exists()] + sorted(CORE.rglob("*.py")) + sorted(PAGES.rglob("*.py"))
    return [p for p in files if p != CORE / "__init__.py"]


def imports_of(source: str, package: str = "", *, types_too: bool = True) -> Iterator[str]:
    """Every imported name, dotted: `from kam_core import view` gives kam_core.view; relative ones are resolved."""
    tree = ast.parse(source)
    skipped = set() if types_too else type_only_nodes(tree)
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def type_only_nodes(tree: ast.AST) -> set[ast.AST]:
    """What stands under `if TYPE_CHECKING:` names a type and loads nothing."""
    blocks = [n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test)]
    return {inner for block in blocks for statement in block.body for inner in ast.walk(statement)}


def imports(path: Path, *, types_too: bool = True) -> set[str]:
    package = ".".join(path.relative_to(ROOT).parent.parts)
    return set(imports_of(path.read_text("utf-8"), package, types_too=types_too))


def is_allowed(imported: str, part: str) -> bool:
    ours = imported.removeprefix("kam_core.")
    return any(ours == name or ours.startswith(name + ".") for name in {part, *MAY_IMPORT[part]})


def test_imports_are_resolved_to_dotted_names():
    source = "import os.path\nfrom kam_core import view\nfrom . import x\nfrom ..text.i18n import t\n"
    found = set(imports_of(source, "kam_core.ui"))
    assert found == {"os.path", "kam_core.view", "kam_core.ui.x", "kam_core.text.i18n.t"}
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import duckdb\n"
    assert set(imports_of(typed, types_too=False)) == {"typing.TYPE_CHECKING"}


def test_every_part_has_its_rule():
    assert {part_of(p) for p in product_files()} <= set(MAY_IMPORT)


@pytest.mark.parametrize("path", product_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_part_imports_only_what_it_may(path: Path):
    part = part_of(path)
    ours = {name for name in imports(path) if name.startswith("kam_core.")}
    assert {name for name in ours if not is_allowed(name, part)} == set()


def test_only_the_user_interface_knows_streamlit():
    assert users_of("streamlit") <= MAY_USE_STREAMLIT


def test_every_file_that_leaves_is_written_into_the_log():
    """Empty templates and recipes, which hold no data, are the exceptions."""
    users = [p for p in product_files() if "st.download_button" in p.read_text("utf-8")]
    assert {p.name for p in users} == {"exports.py", "states.py", "explore_recipe.py"}


def test_only_the_warehouse_knows_duckdb():
    """The others are given a connection; they may name its type."""
    assert users_of("duckdb") <= MAY_USE_DUCKDB


def users_of(library: str) -> set[str]:
    return {
        part_of(path)
        for path in product_files()
        if any(name.split(".")[0] == library for name in imports(path, types_too=False))
    }


def test_run_needs_nothing_but_the_standard_library():
    assert {name.split(".")[0] for name in imports(ROOT / "run.py")} <= sys.stdlib_module_names


def test_run_can_be_read_by_a_python_too_old_for_it():
    ast.parse((ROOT / "run.py").read_text("ascii"), feature_version=(3, 6))


# --- pages ---

PAGE_FILES = [p for p in sorted(PAGES.rglob("*.py")) if p.name != "__init__.py"]


@pytest.mark.parametrize("path", PAGE_FILES, ids=lambda p: str(p.relative_to(ROOT)))
class TestPage:
    def test_lives_in_a_section(self, path: Path):
        """A flat pages folder would be run by Streamlit itself, past app.py and its gate."""
        assert len(path.relative_to(PAGES).parts) == 2

    def test_is_a_short_list_of_cards(self, path: Path):
        lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
        assert len(lines) <= 60

    def test_has_no_sql(self, path: Path):
        tree = ast.parse(path.read_text("utf-8"))
        texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        assert [text for text in texts if re.search(r"\bselect\s", text, re.IGNORECASE)] == []

    def test_does_no_arithmetic_on_data(self, path: Path):
        assert {name.split(".")[0] for name in imports(path)} & {"pandas", "numpy", "pyarrow", "scipy"} == set()


# --- SQL ---

SQL_FILES = sorted(CORE.rglob("*.sql"))
MARTS = sorted((CORE / "warehouse" / "sql" / "marts").rglob("*.sql"))
REPORTS = sorted((CORE / "metrics" / "sql").rglob("*.sql"))

NOT_PORTABLE = {
    "qualify": r"\bqualify\b",
    "group or order by all": r"\b(group|order)\s+by\s+all\b",
    "a list": r"\[|\blist\w*\s*\(|\barray\w*\s*\(|\bunnest\s*\(|\bstring_agg\s*\(",
    "a struct or map": r"\{|\bstruct_\w+\s*\(|\bmap\s*\(",
    "a quantile": r"\b(approx_)?(quantile|median|percentile|mode|mad)\w*\s*\(",
    "arg_max": r"\b(arg_?(max|min)\w*|(max|min)_by|any_value|first|last)\s*\(",
    "date arithmetic": r"\binterval\b|\bto_(days|months|years)\s*\(|\b(date_?(add|sub|diff)|age)\s*\("
    r"|\b\w*(_on|_date|_at|\bmonth|\bday)\s*[-+]\s*[\w$(]|\bcurrent_date\b",
    "division": r"/|\bdivide\s*\(",
    "a regular expression": r"\bregexp_\w+\s*\(",
    "a lambda": r"\blambda\b|->",
}
TABLE_FUNCTION = (
    r"\b(read_\w+|\w+_scan|sniff_csv|glob|query|query_table|duckdb_\w+|pragma_\w+|sqlite_\w+|postgres_\w+|getenv)\s*\("
)
SCHEMA_QUALIFIED = r"\b(mart|raw|core|meta|staged|main|temp|system|information_schema|pg_catalog)\s*\.\s*\w"
STATEMENT = r"\b(attach|detach|copy|install|load|pragma|set|export|import|create|insert|update|delete|drop|alter)\b"
UPPER_CASE = r"\b(SELECT|FROM|WHERE|GROUP|ORDER|JOIN|WITH|CASE|UNION)\b"


def bare(sql: str) -> str:
    """SQL without comments and quoted text, which may say anything."""
    without_comments = re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL)
    return re.sub(r"'(?:[^']|'')*'", "''", without_comments)


def not_portable(sql: str) -> set[str]:
    return {name for name, pattern in NOT_PORTABLE.items() if re.search(pattern, bare(sql), re.IGNORECASE)}


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("select 1 qualify row_number() over () = 1", "qualify"),
        ("select a, sum(b) from t group by all", "group or order by all"),
        ("select list(a) from t", "a list"),
        ("select a[1] from t", "a list"),
        ("select quantile_cont(a, 0.5) from t", "a quantile"),
        ("select median(a) from t", "a quantile"),
        ("select arg_max(a, b) from t", "arg_max"),
        ("select max_by(a, b) from t", "arg_max"),
        ("select order_date - 30 from t", "date arithmetic"),
        ("select order_date + interval 1 month from t", "date arithmetic"),
        ("select date_diff('day', a, b) from t", "date arithmetic"),
        ("select a / b from t", "division"),
    ],
)
def test_the_lint_sees_what_other_engines_do_differently(sql: str, fault: str):
    assert not_portable(sql) == {fault}


def test_the_lint_lets_the_portable_subset_pass():
    sql = """
        -- a / b and [list] in a comment are harmless
        select region, date_trunc('month', order_date) as month, sum(amount) - sum(cost) as margin, 'a/b' as note,
            cast(count(*) as bigint) as lines, row_number() over (partition by region order by month) as place
        from t inner join u on u.id = t.id
        where order_date >= $from group by region, date_trunc('month', order_date)
    """
    assert not_portable(sql) == set()


@pytest.mark.parametrize("path", MARTS, ids=lambda p: p.name)
def test_a_mart_stays_in_the_portable_subset(path: Path):
    assert not_portable(path.read_text("utf-8")) == set()


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda p: str(p.relative_to(CORE)))
class TestSqlFile:
    def test_says_first_what_it_makes(self, path: Path):
        """Marts and reports name their grain; scripts that make several tables say what they are for."""
        opening = r"-- \S" if part_of(path) in ("demo", "state") else r"-- grain: \S"
        assert re.match(opening, path.read_text("utf-8"))

    def test_is_lower_case(self, path: Path):
        assert re.findall(UPPER_CASE, bare(path.read_text("utf-8"))) == []


@pytest.mark.parametrize("path", REPORTS, ids=lambda p: p.name)
class TestReport:
    """A report sees the marts only through the prelude, which holds what the asker may see."""

    def test_names_no_schema(self, path: Path):
        assert matches(SCHEMA_QUALIFIED, path) == []

    def test_reads_no_file_and_no_catalogue(self, path: Path):
        assert matches(TABLE_FUNCTION, path) == []
        assert matches(r"\b(from|join)\s+''", path) == []

    def test_is_one_select(self, path: Path):
        assert matches(STATEMENT, path) == []
        assert bare(path.read_text("utf-8")).strip().rstrip(";").count(";") == 0


def matches(pattern: str, path: Path) -> list[str]:
    return [found.group() for found in re.finditer(pattern, bare(path.read_text("utf-8")), re.IGNORECASE)]


# --- nothing of the machine it was made on ---

MACHINE_PATH = re.compile(r"(?<![\w.$}\-/])/(work|root|home|Users)/|[A-Z]:\\Users\\|\blocalhost:")
WEB_ADDRESS = re.compile(r"https?://([\w.-]+)")
NEVER_FETCHED = {"127.0.0.1", "doi.org", "arxiv.org", "www.w3.org", "schemas.openxmlformats.org", "vega.github.io"}


def tracked_files() -> list[Path]:
    """Text files of the repository, as git lists them; in a copy without git, all but what is made by running it."""
    names = listed_by_git() if shutil.which("git") and (ROOT / ".git").exists() else []
    made = {".venv", "warehouse", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
    paths = [ROOT / name for name in names] or [p for p in ROOT.rglob("*") if not made & set(p.parts)]
    binary = {".png", ".jpg", ".xlsx", ".xls", ".parquet", ".zip", ".duckdb", ".ttf", ".woff2", ".pdf", ".pyc", ".ico"}
    return [p for p in paths if p.is_file() and p.suffix not in binary and p != Path(__file__).resolve()]


def listed_by_git() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()  # none where git distrusts the folder's owner


def test_the_repository_names_no_machine():
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked_files()
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_the_product_names_no_host_that_it_could_call():
    prose = {"tests", "docs", "README.md", "CHANGELOG.md"}
    product = [p for p in tracked_files() if p.relative_to(ROOT).parts[0] not in prose]
    hosts = {(host, path.name) for path in product for host in WEB_ADDRESS.findall(path.read_text("utf-8", "replace"))}
    assert {found for found in hosts if found[0] not in NEVER_FETCHED} == set()
