"""Accounts of a file against ours: by number, by name, by nearly the same name, in English and Chinese."""

from __future__ import annotations

import pytest

from kam_core.uploads.match import Account, core, match, plain
from kam_core.uploads.upload import Party

OURS = [
    Account("A1", "海河电力集团 Haihe Power Group", "S", "Li", 900.0, key=True, about={"region": "North"}),
    Account("A2", "Lanjiang Steel Co., Ltd.", "A", "Wu", 500.0, True, {"region": "East", "industry": "Steel"}),
    Account("A3", "白塔银行", "C", "Li", 20.0),
    Account("A4", "Northwind Trading", "C", "Wu", 10.0),
    Account("A5", "Northwind Trading", "C", "Li", 9.0),
]


def party(id: str, **about: str) -> Party:
    return Party(id, 3, 120.0, about)


def found(*parties: Party, denied: tuple[str, ...] = ()) -> dict[str, tuple[str, str | None]]:
    pairs = match(list(parties), OURS, denied).pairs
    return {pair.theirs.id: (pair.how, pair.ours.id if pair.ours else None) for pair in pairs}


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("海河电力股份有限公司", "海河电力"),
        ("海河電力集團（中國）有限公司", "海河电力"),
        ("Haihe Power Co., Ltd.", "haihe power"),
        ("HAIHE POWER (China) Inc.", "haihe power"),
        ("Ｈａｉｈｅ　Ｐｏｗｅｒ GmbH", "haihe power"),
        ("The Co.", "the co"),  # nothing but forms: the name is kept
        ("公司", "公司"),
    ],
)
def test_what_is_left_of_a_name(name: str, left: str):
    assert core(name) == left


def test_width_case_and_blanks_do_not_count():
    assert plain("Ｌａｎｊｉａｎｇ  STEEL") == plain("lanjiang steel")


def test_the_same_number_is_the_same_account_whatever_its_name():
    assert found(party("A3", name="Somebody Else")) == {"A3": ("id", "A3")}


@pytest.mark.parametrize("name", ["白塔银行", "海河电力集团", "haihe power group", "LANJIANG STEEL CO., LTD."])
def test_the_same_name_in_either_script_is_the_same_account(name: str):
    (how, _), = found(party("x", name=name)).values()
    assert how == "name"


def test_a_name_that_two_accounts_have_is_asked_about():
    (how, _), = found(party("x", name="Northwind Trading")).values()
    assert how == "likely"


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("海河電力有限公司", "A1"),
        ("Lanjiang Steel GmbH", "A2"),
        ("Lanjang Steel Ltd", "A2"),  # a letter is missing
        ("Steel Lanjiang", "A2"),
        ("白塔银行股份有限公司", "A3"),
    ],
)
def test_nearly_the_same_name_is_asked_about(name: str, ours: str):
    assert found(party("x", name=name)) == {"x": ("likely", ours)}


@pytest.mark.parametrize("name", ["Lanjiang Bank", "黄河水务有限公司", "Acme", "有限公司", ""])
def test_another_name_is_new(name: str):
    assert found(party("x", name=name)) == {"x": ("new", None)}


def test_what_was_denied_is_not_asked_again():
    assert found(party("x", name="Lanjang Steel"), denied=("x",)) == {"x": ("new", None)}


def test_key_accounts_that_the_file_does_not_name():
    result = match([party("x", name="海河电力集团"), party("y", name="Lanjang Steel")], OURS)
    assert [account.id for account in result.absent] == ["A2"]  # only likely: not named for sure
    assert [account.id for account in match([], OURS).absent] == ["A1", "A2"]


def test_what_only_the_file_says():
    (pair,) = match([party("A2", name="Lanjiang", region="West", industry="Steel", city="Wuhan")], OURS).pairs
    assert pair.adds == {"city": "Wuhan"}  # region and industry are known


def test_without_accounts_of_ours_everybody_is_new():
    assert [pair.how for pair in match([party("x", name="Haihe")], []).pairs] == ["new"]
