"""The reference of all figures and reports as Markdown: `python -m kam_core.metrics.reference > docs/metrics.md`."""

from __future__ import annotations

from kam_core.metrics import query, reports
from kam_core.metrics.measures import MEASURES
from kam_core.text.i18n import t


def markdown() -> str:
    """Every measure with its definition in both languages, and every report with its grain and settings."""
    lines = [
        "# Figures and reports",
        "",
        "Made from the registry by `python -m kam_core.metrics.reference > docs/metrics.md`; a test keeps it in step.",
        "Ratios are computed from sums; a zero denominator gives n/a.",
        "",
        "## Measures",
        "",
        "`python -m kam_core metric KEY --by DIMENSION`",
        "",
        "| key | label · 名称 | definition · 定义 | unit | good | dimensions |",
        "|---|---|---|---|---|---|",
        *(_measure(key) for key in MEASURES),
        "",
        "## Reports",
        "",
        "`python -m kam_core report NAME --set KEY=VALUE`",
        "",
        "| name | one row is | settings |",
        "|---|---|---|",
        *(_report(name) for name in reports.names()),
        "",
    ]
    return "\n".join(lines)


def _measure(key: str) -> str:
    measure = MEASURES[key]
    label, definition = (
        " · ".join(t(lang, f"measure.{key}.{part}") for lang in ("en", "zh")) for part in ("label", "definition")
    )
    dimensions = ", ".join(query.dimensions_of(measure))
    return f"| `{key}` | {label} | {definition} | {measure.unit} | {measure.direction} | {dimensions} |"


def _report(name: str) -> str:
    settings = ", ".join(f"`{key}={value}`" for key, value in reports.defaults(name).items())
    return f"| `{name}` | {reports.grain(name).removeprefix('one row ').removeprefix('per ')} | {settings} |"


if __name__ == "__main__":
    print(markdown(), end="")
