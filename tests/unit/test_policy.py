"""The policy file: what it leaves out, what it may say, and that a mistake is named with its line."""

from dataclasses import replace
from pathlib import Path

import pytest

from kam_core import policy
from kam_core.errors import KamError


def write(folder: Path, text: str) -> Path:
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_file_that_comes_with_the_product_states_the_defaults():
    shipped = policy.load()
    assert replace(shipped, company=policy.Company()) == policy.Policy()


def test_what_is_left_out_takes_the_default(tmp_path):
    found = policy.load(write(tmp_path, "[tiers]\na_below = 0.7\n"))
    assert found.tiers.a_below == 0.7
    assert found.tiers.b_below == 0.95
    assert found.churn == policy.Churn()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tiers]\n\na_belw = 0.7\n", "line 3: tiers.a_belw is not a setting"),
        ("[tiers]\na_below = 1.7\n", "line 2: tiers.a_below must lie between 0.05 and 0.99"),
        ("[tiers]\na_below = 'much'\n", "line 2: tiers.a_below must be a number"),
        ("[tiers]\na_below = 0.96\n", "tiers.b_below must be above tiers.a_below"),
        ("[service.S]\nvisit_every_days = 0\n", "line 2: service.S.visit_every_days must lie between 1 and 3650"),
        ("[company]\ncurrency = 'Yuan'\n", "line 2: company.currency must be a three-letter code"),
        ("[tiers]\nbasis = 'feeling'\n", "line 2: tiers.basis must be one of revenue, margin"),
        ("[stages]\nwon = []\n", "line 2: stages.won must be a list"),
        ("[tiers\n", "policy.toml is not valid TOML"),
        ("[company]\nfiscal_year_start = true\n", "line 2: company.fiscal_year_start must be a whole number"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, text, said):
    with pytest.raises(KamError) as error:
        policy.load(write(tmp_path, text))
    assert said in str(error.value)


def test_comments_do_not_change_the_hash_and_values_do(tmp_path):
    plain = policy.load(write(tmp_path, "[tiers]\na_below = 0.8\n")).sha256
    commented = policy.load(write(tmp_path, "# a comment\n[tiers]\na_below = 0.80 # the cut\n")).sha256
    other = policy.load(write(tmp_path, "[tiers]\na_below = 0.79\n")).sha256
    assert plain == commented != other


def test_single_values_under_dotted_names():
    values = policy.flat(policy.Policy())
    assert values["cost_to_serve.visit"] == 500.0
    assert values["service.S.visit_every_days"] == 30.0
    assert values["company.currency"] == "CNY"
    assert values["retention.keep_monthly"] == 1.0


def test_a_policy_written_out_reads_back_the_same(tmp_path):
    first = policy.load()
    changed = replace(
        first,
        company=replace(first.company, name='Müller "& Söhne" \\ 北京'),
        tiers=replace(first.tiers, a_below=0.725, new_orders=5),
        stages=policy.Stages((policy.Stage("线索", 0.1), policy.Stage("Offer", 0.5)), ("Won", "成交"), ("Lost",)),
    )
    (tmp_path / "draft.toml").write_text(policy.to_toml(changed), encoding="utf-8")
    assert policy.load(tmp_path / "draft.toml") == changed


def test_the_policy_kept_in_a_snapshot_is_whole():
    shipped = policy.load()
    stages = [(s.name, "open", s.probability) for s in shipped.stages.open]
    stages += [(name, "won", 1.0) for name in shipped.stages.won]
    stages += [(name, "lost", 0.0) for name in shipped.stages.lost]
    assert policy.in_force(policy.flat(shipped), stages) == shipped
