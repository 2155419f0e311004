"""Documents that are made from the code say what the code says."""

from pathlib import Path

from kam_core.metrics.reference import markdown

DOCS = Path(__file__).parents[2] / "docs"


def test_the_reference_of_figures_is_in_step():
    assert (DOCS / "metrics.md").read_text(encoding="utf-8") == markdown()
