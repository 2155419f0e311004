"""What a mark says is what opens: the rows behind it add up to its figure, and back returns to the page as it was.

A mark is found by its description, the words that are read out for it, and clicked in its middle. The rows are those of
the file that one can download of the list.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, Page, expect

from kam_core.text import numbers
from tests.browser.conftest import open_and_wait, wait_until_drawn

MONEY, COUNT = r"¥([\d,]+)", r"([\d,]+)"
REVENUE = f"Revenue: {MONEY}"


@dataclass(frozen=True)
class Door:
    """A mark of a chart, the figure it says, the list that opens and the column that adds up to it ("": its rows)."""

    chart: str
    mark: str
    figure: str
    listed: str
    column: str
    address: str
    where: dict[str, str] = field(default_factory=dict)  # what all its rows have in common


LINES, DEALS, LIVES = "lines", "deals", "lives"
DOORS = {
    "?region=East": [
        Door("revenue_chart", "Month: Jan 2026;", f"Actual: {MONEY}", "accounts", "Revenue", "period=2026-01"),
        Door("matrix_chart", ": East · Energy;", REVENUE, "accounts", "Revenue", "industry=Energy",
             {"Region": "East", "Industry": "Energy"}),
        Door("tiers_chart", "Tier: A;", REVENUE, "accounts", "Revenue", "tier=A", {"Region": "East", "Tier": "A"}),
    ],
    "tiers?region=East": [
        Door("distribution_chart", ": Revenue · Tier A;", f"Value: {MONEY}", "accounts", "Revenue", "tier=A",
             {"Region": "East", "Tier": "A"}),
        Door("industries_chart", ": Energy · Tier B;", f"Value: {MONEY}", "accounts", "Revenue",
             "period=last_12_months", {"Region": "East", "Industry": "Energy", "Tier": "B"}),
    ],
    "matrix?tier=A": [
        Door("grid_chart", ": East · Government;", REVENUE, "cell_accounts", "Revenue", "cell=East%7CGovernment",
             {"Tier": "A"}),
        Door("grid_chart", ": East · Government;", REVENUE, "cell_managers", "Revenue", "cell=East%7CGovernment"),
        Door("arm_region_chart", "Region: South;", REVENUE, "cell_accounts", "Revenue", "cell=South%7C", {"Tier": "A"}),
        Door("arm_industry_chart", "Industry: Energy;", REVENUE, "cell_accounts", "Revenue", "cell=%7CEnergy",
             {"Tier": "A"}),
    ],
    "profit?region=East": [
        Door("leaks_chart", "part: Discount; field: true_big;", f"Amount: {MONEY}", "fake_big", "Discount",
             "field=true_big"),
        Door("fields_chart", "name: Quiet earners;", f"note: {COUNT} ·", "fake_big", "", "field=quiet_earner"),
    ],
    "concentration?region=East": [
        Door("largest_chart", "Group: Taifeng Coal Group;", REVENUE, "members", "Revenue", "parent=A00001",
             {"Region": "East", "Industry": "Energy"}),
    ],
    "concentration?at=2025-06-30": [
        Door("largest_chart", "Group: Dongpeng Big Data Centre;", REVENUE, "members", "Revenue", "parent=A00005"),
    ],
    "concentration?industry=Government": [
        Door("leaving_chart", "Region: South;", f"Today: {MONEY}", "accounts", "Revenue", "region=South",
             {"Region": "South", "Industry": "Government"}),
    ],
    "account?account=A00001": [
        Door("revenue_chart", "Month: Jan 2026;", f"Actual: {MONEY}", LINES, "Amount", "period=2026-01"),
        Door("revenue_chart", "Month: Jan 2026;", f"Actual: {MONEY}", LINES, "Amount", "period=2026-01"),
        Door("concessions_chart", "name: 2024 Q2;", REVENUE, LINES, "Amount", "period=2024-Q2"),
        Door("product_lines", "name: Software;", f"Last 12 months: {MONEY}", LINES, "Amount", "line=Software",
             {"Product line": "Software"}),
    ],
    "funnel?period=this_quarter": [
        Door("stages_chart", "value: 53; stage: Lead;", f"Came so far: {COUNT}", DEALS, "", "mark=reached"),
        Door("parts_chart", "Region: South;", rf"Open there now: \d+ · {MONEY}", DEALS, "Amount", "mark=in%3ASouth"),
        Door("reason_chart", "name: price;", f"Lost: {COUNT}", DEALS, "", "mark=reason%3Aprice",
             {"Lost because": "price"}),
        Door("competitor_chart", "name: Blue Summit IT;", rf"Lost: \d+ · {MONEY}", DEALS, "Amount", "mark=competitor",
             {"Competitor": "Blue Summit IT"}),
    ],
    "movement?industry=Government": [Door("steps_chart", "Step: Start;", f"Deals: {COUNT}", "moved", "", "step=start")],
    "lifecycle?region=East": [
        Door("states_chart", "State: Active;", f"Accounts: {COUNT}", LIVES, "", "mark=active", {"State": "Active"}),
        Door("states_chart", "State: Active;", rf"Accounts: \d+ · {MONEY}", LIVES, "Revenue", "mark=active"),
        Door("moves_chart", "State: Prospect → Prospect;", f"Accounts: {COUNT}", LIVES, "", "mark=prospect%3Aprospect",
             {"State": "Prospect", "State before": "Prospect"}),
    ],
    "coverage?region=East": [
        Door("busiest_chart", "Account manager: Xia Gao;", f"Accounts: {COUNT}", "accounts", "", "manager=M",
             {"Account manager": "Xia Gao"}),
        Door("coverage_chart", "line: Energy;", f"Asks for: {COUNT} accounts", "accounts", "", "industry=Energy",
             {"Region": "East", "Industry": "Energy"}),
    ],
    "handover": [Door("plan_load_chart", "Account manager: Yang Hu;", f"Takes over: {COUNT}", "taken", "", "taker=M")],
    "retention?region=East": [
        Door("bridge_chart", " : New;", rf"{COUNT} Accounts", "kept_accounts", "", "mark=step%3Anew"),
        Door("bridge_chart", " : New;", MONEY, "kept_accounts", "Change", "mark=step%3Anew"),
        Door("cohorts_chart", ": 2022 Q4 + 3;", rf"\d+ / {COUNT}", "kept_accounts", "", "mark=cell"),
    ],
    "churn?region=East": [
        Door("risk_reasons_chart", "name: No visit;", f"Accounts: {COUNT}", "churn_risk", "", "cause="),
    ],
    "churn?tier=A": [
        Door("risk_parts_chart", "name: East;", f"Value at risk: {MONEY}", "churn_risk", "Value at risk",
             "part=region%3AEast", {"Region": "East", "Tier": "A"}),
    ],
    "churn?by=industry&region=East": [
        Door("risk_parts_chart", "name: Energy;", rf"Value at risk: {MONEY}", "churn_risk", "Value at risk",
             "part=industry%3AEnergy", {"Region": "East", "Industry": "Energy"}),
    ],
    "value?by=cohort&region=East": [
        Door("value_parts_chart", "name: 2022;", f"Expected: {MONEY}", "value_accounts", "Expected value", "mark=2022"),
        Door("value_parts_chart", "name: 2022;", f"Earned so far: {MONEY}", "value_accounts", "Earned so far", "mark="),
    ],
    "potential?region=East": [
        Door("wallet_chart", "name: 0%–20%;", f"Accounts: {COUNT}", "value_potential", "", "wallet=0"),
        Door("map_chart", "name: Keep; note:", f"note: {COUNT} accounts", "value_potential", "", "quarter=keep"),
    ],
}  # fmt: skip

# A chart whose marks are one account each, which of them (the last), and the figure that the account's page shows too.
ACCOUNTS = {
    "?region=East": ("movers_chart", "; ", f"Actual: {MONEY}"),
    "tiers?region=East": ("pareto_chart", "; ", f"Revenue: {MONEY}"),
    "concentration?industry=Government&by=account": ("largest_chart", "; ", f"Revenue: {MONEY}"),
    "profit?region=East": ("whale_chart", "share: 5", ""),
    "churn?region=East": ("risk_map_chart", "; ", ""),
    "potential?region=East": ("map_chart", "; ", ""),
}


def mark_of(page: Page, chart: str, said: str) -> Locator:
    """The topmost mark of a chart with these words."""
    return page.locator(f'[class*="st-key-{chart}"] svg.marks path[aria-label*="{said}"]').last


def click_middle(page: Page, mark: Locator) -> None:
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def said_by(mark: Locator, figure: str) -> str:
    found = re.search(figure, mark.get_attribute("aria-label") or "")
    assert found, (figure, mark.get_attribute("aria-label"))
    return found[1]


def rows_of(page: Page, listed: str) -> list[dict[str, str]]:
    """The rows of a list as they are downloaded: from beside it, or from behind its dots."""
    button = page.locator(f".st-key-csv_{listed} button")
    behind = button.count() == 0
    if behind:
        page.locator(f".st-key-more_{listed} button").first.click()
    with page.expect_download() as download:
        button.click()
    if behind:
        page.get_by_role("dialog").get_by_label("Close").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("path", DOORS)
def test_the_rows_behind_a_mark_add_up_to_its_figure_and_back_returns(shared_page: Page, app_url, path):
    page = shared_page
    open_and_wait(page, f"{app_url}/{path}")
    address = page.url
    for door in DOORS[path]:
        mark = mark_of(page, door.chart, door.mark)
        said = mark.get_attribute("aria-label") or ""
        figure = int(said_by(mark, door.figure).replace(",", ""))
        click_middle(page, mark)
        expect(page).to_have_url(re.compile(re.escape(door.address)))
        wait_until_drawn(page)
        rows = rows_of(page, door.listed)
        found = round(sum(float(row[door.column]) for row in rows)) if door.column else len(rows)
        assert (found, door) == (figure, door)
        assert [row for row in rows if not door.where.items() <= row.items()] == []
        page.go_back()
        expect(page).to_have_url(address)
        expect(mark).to_have_attribute("aria-label", said)
        wait_until_drawn(page)


@pytest.mark.parametrize("path", ACCOUNTS)
def test_a_mark_of_one_account_opens_that_account_and_back_returns(shared_page: Page, app_url, path):
    page, (chart, which, figure) = shared_page, ACCOUNTS[path]
    open_and_wait(page, f"{app_url}/{path}")
    address, heading = page.url, page.locator("h1").inner_text()
    mark = mark_of(page, chart, which)
    name = said_by(mark, r"(?:name|Account): ([^;·]+?)(?: · \w)?;")
    money = said_by(mark, figure) if figure else ""
    click_middle(page, mark)
    expect(page.locator("h1")).to_have_text(name)
    expect(page).to_have_url(re.compile("(?=.*account=A)(?=.*(region=East|industry=Government))"))
    if figure:
        expect(page.locator('[data-measure="revenue"] .kam-tip b').first).to_have_text(f"¥{money}")
    page.go_back()
    expect(page).to_have_url(address)
    expect(page.locator("h1")).to_have_text(heading)


def test_a_line_of_whom_to_call_opens_that_account_and_back_returns(shared_page: Page, app_url):
    page = shared_page
    open_and_wait(page, f"{app_url}/churn?region=East")
    line = page.locator(".st-key-changes_call a").first
    said = line.inner_text()
    line.click()
    expect(page.locator(".st-key-card_timeline")).to_be_visible()
    assert page.locator("h1").inner_text() in said
    expect(page).to_have_url(re.compile("region=East.*account=A"))
    page.go_back()
    expect(page).to_have_url(f"{app_url}/churn?region=East")
    expect(line).to_have_text(said)


def test_a_dot_opens_its_manager_and_again_after_back(shared_page: Page, app_url):
    page = shared_page
    open_and_wait(page, f"{app_url}/managers?region=East")
    for _ in range(2):
        dot = mark_of(page, "people_dots_chart", "Account manager: ")
        name, pace = said_by(dot, r"Account manager: ([^;]+);"), said_by(dot, r"Pace: ([^;]+);")
        click_middle(page, dot)
        expect(page.locator("h1")).to_have_text(name)
        expect(page).to_have_url(re.compile("region=East.*manager=M"))
        first = page.locator(".st-key-card_people_peers canvas tbody tr").first  # its pace, beside that of peers
        expect(first.locator("td").nth(1)).to_have_text(pace)
        page.go_back()
        expect(page).to_have_url(f"{app_url}/managers?region=East")
        wait_until_drawn(page)


def test_an_earlier_share_names_who_was_largest_then(shared_page: Page, app_url):
    page = shared_page
    open_and_wait(page, f"{app_url}/concentration?industry=Government")
    largest = page.locator('[class*="st-key-largest_chart"] svg.marks .mark-rect path[aria-label*="so far"]').first
    today = largest.get_attribute("aria-label") or ""
    day = mark_of(page, "history_shares_chart", "12 months to: Dec 2024;")
    share = said_by(day, r"Top 1: ([\d.]+%)")
    assert f"share: {share};" not in today
    click_middle(page, day)
    expect(largest).to_have_attribute("aria-label", re.compile(re.escape(f"share: {share};")))
    page.go_back()
    expect(largest).to_have_attribute("aria-label", today)


def test_the_rate_of_a_month_is_that_of_the_accounts_it_lists(shared_page: Page, app_url):
    """Net retention: what they bought in the year up to it, over what they bought in the year before."""
    page = shared_page
    open_and_wait(page, f"{app_url}/retention?region=East")
    month = mark_of(page, "kept_chart", ": 31 Dec 2025;")
    click_middle(page, month)
    expect(page).to_have_url(re.compile("region=East.*mark=kept"))
    wait_until_drawn(page)
    rows = rows_of(page, "kept_accounts")
    rate = sum(float(r["Revenue"]) for r in rows) / sum(float(r["Last year"]) for r in rows)
    assert numbers.percent(rate, "en") == said_by(month, r"Net \(with growth\): ([\d.]+%)")
    lost = mark_of(page, "churned_chart", ": 31 Dec 2025;")
    click_middle(page, lost)
    expect(page).to_have_url(re.compile("mark=gone"))
    wait_until_drawn(page)
    gone = rows_of(page, "kept_accounts")
    assert numbers.percent(len(gone) / len(rows), "en") == said_by(lost, r"Accounts lost: ([\d.]+%)")
