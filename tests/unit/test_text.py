"""Words and numbers: both languages complete, figures as the reader writes them."""

import re
from datetime import date, datetime

import pytest

from kam_core.text import numbers
from kam_core.text.i18n import t, texts
from kam_core.text.sentence import in_words


def test_both_languages_have_the_same_keys_and_the_same_braces():
    english, chinese = texts("en"), texts("zh")
    assert set(english) == set(chinese)
    for key, text in english.items():
        assert text.strip() and chinese[key].strip(), key
        assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", chinese[key])), key


def test_a_missing_text_or_value_is_an_error():
    with pytest.raises(KeyError):
        t("en", "page.overview.nothing")
    with pytest.raises(KeyError):
        t("en", "sentence.as_of", day="x")


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (0, "¥0", "¥0"),
        (999.4, "¥999", "¥999"),
        (1_234, "¥1.23K", "¥1,230"),
        (999_999, "¥1M", "¥100万"),
        (1_230_000, "¥1.23M", "¥123万"),
        (123_456_789, "¥123M", "¥1.23亿"),
        (-52_345, "−¥52.3K", "−¥5.23万"),
        (None, "n/a", "暂无"),
        (float("nan"), "n/a", "暂无"),
    ],
)
def test_money_on_screen_has_three_significant_digits(value, english, chinese):
    assert numbers.short(value, "en", "money", "CNY") == english
    assert numbers.short(value, "zh", "money", "CNY") == chinese


def test_counts_are_whole_up_to_ten_thousand_so_that_they_tie_out():
    assert numbers.short(8_432, "en", "count") == "8,432"
    assert numbers.short(84_321, "zh", "count") == "8.43万"
    assert numbers.full(84_321, "zh", "count") == "84,321"


@pytest.mark.parametrize(("lang", "month", "quarter"), [("en", "Sep 24", "2024 Q3"), ("zh", "24年9月", "2024年Q3")])
def test_a_month_with_its_year_is_not_read_as_a_day(lang, month, quarter):
    assert numbers.month_short(date(2024, 9, 3), lang) == month
    assert numbers.quarter(date(2024, 9, 3), lang) == quarter
    assert numbers.quarter(date(2025, 10, 1), lang)[-2:] == "Q4"


def test_changes_carry_a_sign_and_percentages_change_by_points():
    assert numbers.delta(0.0123, "en", "percent") == "+1.2 pp"
    assert numbers.delta(-1_234_567, "zh", "money", "CNY") == "−¥123万"
    assert numbers.percent(-0.1, "en", signed=True) == "−10%"
    assert numbers.growth(120, 100) == pytest.approx(0.2)
    assert numbers.growth(120, 0) is None


def test_usual_words_of_a_company_are_said_in_the_readers_language():
    assert in_words("East", "zh") == "华东" and in_words("East", "en") == "East"
    assert in_words("华东 East", "zh") == "华东" and in_words("华东 East", "en") == "East"
    assert in_words("North 5", "zh") == "华北 5" and in_words("North 5", "en") == "North 5"
    assert in_words("Sector 7", "zh") == "Sector 7"  # a company's own word stays as it is


def test_dates_in_both_languages():
    assert numbers.day(date(2026, 9, 18), "en") == "18 Sep 2026"
    assert numbers.day(date(2026, 9, 18), "zh") == "2026年9月18日"
    assert numbers.month(date(2026, 9, 1), "zh") == "2026年9月"
    assert numbers.moment(datetime(2026, 11, 3, 14, 10), "en") == "3 Nov, 14:10"
    assert numbers.day(None, "en") == "n/a"


@pytest.mark.parametrize(
    ("key", "values", "said"),
    [
        ("page.accounts.count", {"n": "2万"}, "2万家客户"),
        ("page.accounts.count", {"n": "2,120"}, "2,120 家客户"),
        ("reason.lost_to_competitor.said", {"now": "¥300万", "detail": "Orion"}, "¥300万的商机输给了 Orion"),
        ("reason.lost_to_competitor.said", {"now": "¥5,000", "detail": "鼎新"}, "¥5,000 的商机输给了鼎新"),
        ("reading.note.serial", {"column": "日期", "rows": 12345}, "日期：12,345 个数字按 Excel 日期序号读取"),
    ],
)
def test_a_blank_stands_between_chinese_and_latin_and_not_within_chinese(key, values, said):
    assert t("zh", key, **values) == said
