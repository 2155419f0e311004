"""What all charts share: colours that can be written on, room for labels, names on an axis of time."""

import pytest

from kam_core.charts import parts
from kam_core.charts.pareto import pareto_curve
from kam_core.charts.retention import cohort_table
from kam_core.charts.tokens import DARK, LIGHT, contrast, ink_on


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#FFFFFF", "#767676") == pytest.approx(4.54, abs=0.005)
    assert contrast("#1C7A82", "#1C7A82") == 1


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_every_share_of_the_cohorts_can_be_read_in_both_themes(look):
    rows = [{"cohort": "2025 Q1", "age": n, "share": n / 10, "label": str(10 * n)} for n in range(11)]
    cells = cohort_table(look, rows, "", 100)["data"]["values"]
    assert len({cell["shade"] for cell in cells}) == 5
    assert min(contrast(cell["ink"], cell["shade"]) for cell in cells) > 4.3


def test_text_on_a_colour_is_white_or_dark_whatever_the_theme():
    assert ink_on(DARK.tiers[0]) == ink_on(LIGHT.tiers[0]) == "#FFFFFF"
    assert ink_on(DARK.tiers[3]) == ink_on(LIGHT.tiers[3]) == "#1B2430"


def test_lying_bars_leave_each_label_its_room():
    """Ten squares of 11 px and 10 px beside them: at a width of 240 half of it is left for the bar of 50."""
    scale = parts.beside([(50.0, "字" * 10), (20.0, "字"), (40.0, "字" * 3)])
    assert scale["domain"] == [0.0, {"expr": "(0.0 + max(50.0 / max(0.25, 1 - 120 / width)))"}]
    below = parts.beside([(50.0, "字"), (20.0, "字" * 10)], low=-10.0)
    assert below["domain"][1] == {
        "expr": "(-10.0 + max(60.0 / max(0.25, 1 - 21 / width), 30.0 / max(0.25, 1 - 120 / width)))"
    }


def test_a_narrow_chart_leaves_room_for_its_short_labels():
    expression = parts.beside([(50.0, "字" * 10)], narrow=[(50.0, "字")])["domain"][1]["expr"]
    assert expression.startswith("width < 300 ? (0.0 + max(50.0 / max(0.25, 1 - 21 / width))) : ")


def test_bars_without_a_value_have_a_scale_too():
    assert parts.beside([])["domain"] == parts.beside([(0.0, "0")])["domain"]


def test_a_place_of_the_pareto_curve_is_read_out_in_words_and_only_once():
    row = {"account": "A1", "from": 0.0, "to": 1.0, "share": 1.0, "tier": "A", "name": "Orion · A"}
    texts = {"place_text": "1 of 1", "revenue_text": "¥5", "share_text": "100%"}
    said = {"name": "Account", "place": "Place", "revenue": "Revenue", "share": "So far", "accounts": "Accounts"}
    spec = pareto_curve(LIGHT, [row | texts], said, {"x": 1, "y": 1, "label": ""}, 100)
    assert spec["data"]["values"][0]["said"] == "Account: Orion · A; Place: 1 of 1; Revenue: ¥5; So far: 100%"
    spoken = [layer for layer in spec["layer"] if layer["mark"].get("aria", True)]
    assert [layer["encoding"]["description"]["field"] for layer in spoken] == ["said"]
