"""Bringing a file, in a real browser: from the drop to the company's data and back; two people see only their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from kam_core.policy import Policy
from kam_core.warehouse.load import load
from kam_core.warehouse.snapshots import Store
from tests.browser.conftest import start_server, stop_server

Ready = Callable[[Page, str], None]

# Revenue of 2026: 100 + 200 = 300.
COMPANY = """order_date,account_id,amount,order_id,line_no,name,region
2025-01-10,A1,100,O1,1,Haihe Power,East
2025-02-10,A2,150,O2,1,白塔银行股份有限公司,North
2026-01-10,A1,100,O3,1,Haihe Power,East
2026-02-10,A2,200,O4,1,白塔银行股份有限公司,North
"""
# "Sales" is before discounts; the net amount is "Net Worth". Good lines: 50 + 70 + 1000 + 20 = 1140.
# Corrected, the other two add 30 + 7: 1177, and the company has 1477.
FILE = """Orders of 2026;;;;;
printed by the ERP;;;;;
Order Date;Customer ID;Customer Name;Sales;Net Worth;Order Number
05/01/2026;A1;Haihe Power;60,00;50,00;P1
15/02/2026;A2;白塔银行;80,00;70,00;P2
31/04/2026;A1;Haihe Power;40,00;30,00;P3
20/03/2026;B9;Lanjiang Steel Co., Ltd.;9,00;seven;P4
02/05/2026;B7;Nobody Else;1.200,00;1.000,00;P5
10/06/2026;A1;Haihe Power;30,00;20,00;P6
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on a company of four orders."""
    folder = tmp_path_factory.mktemp("company")
    (folder / "orders.csv").write_text(COMPANY, encoding="utf-8")
    load(Store(folder / "warehouse"), [folder / "orders.csv"], policy=Policy())
    server, process = start_server(folder / "warehouse", folder / "log.txt")
    yield server.url
    stop_server(process)


def drop(page: Page, *files: Path) -> None:
    uploader = page.locator('[data-testid="stFileUploader"] input[type="file"]')
    uploader.wait_for(state="attached")
    uploader.set_input_files([str(file) for file in files])
    expect(page.locator(".st-key-card_mapping")).to_be_visible()


def choose(page: Page, key: str, text: str) -> None:
    """Choose in a select box by typing."""
    box = page.locator(f'[class*="{key}"] input').first
    box.click()
    box.fill(text)
    page.keyboard.press("Enter")


def type_into(page: Page, row: int, text: str) -> None:
    """Write into the column "Correct to" of the table of repairs, the second, and see it taken."""
    grid = page.locator(".st-key-card_rows canvas").first
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    assert box
    # By way of the first column: a click into the cell that is selected already would open it.
    page.mouse.click(box["x"] + 30, box["y"] + 35 * (row + 1) + 17)
    for column, key in enumerate(("ArrowRight", "Enter")):
        expect(grid.locator(f"#glide-cell-{column}-{row}")).to_have_attribute("aria-selected", "true")
        page.keyboard.press(key)
    editor = page.locator(".gdg-input")
    editor.fill(text)
    editor.press("Enter")


def sees_revenue(page: Page, whole: str) -> None:
    """The overview's tile says this revenue on hover."""
    expect(page.locator('.kam-kpi[data-measure="revenue"] .kam-tip')).to_contain_text(whole)


def test_from_a_dropped_file_to_the_companys_data_and_back(
    url: str, page: Page, goto_ready: Ready, wait_ready: Callable[[Page], None], tmp_path: Path
):
    goto_ready(page, url)
    sees_revenue(page, "¥300")
    file = tmp_path / "erp.csv"
    file.write_text(FILE, encoding="utf-8")
    goto_ready(page, f"{url}/upload")
    drop(page, file)
    expect(page.locator(".st-key-card_understood")).to_contain_text("6 rows, 6 columns.")

    wait_ready(page)  # one correction of the mapping
    expect(page.get_by_role("combobox", name="Amount *")).to_have_value("Sales")
    choose(page, "_orders_amount_", "Net Worth")
    expect(page.get_by_role("combobox", name="Amount *")).to_have_value("Net Worth")
    rows = page.locator(".st-key-card_rows")
    expect(rows).to_contain_text("of 6 rows, 4 can be taken and 2 are refused")

    wait_ready(page)  # two cells
    type_into(page, 0, "30/04/2026")
    expect(rows.get_by_role("button", name="Check again with 1 corrected")).to_be_enabled()
    wait_ready(page)
    type_into(page, 1, "7")
    rows.get_by_role("button", name="Check again with 2 corrected").click()
    expect(rows).to_contain_text("of 6 rows, 6 can be taken and 0 are refused")
    wait_ready(page)

    page.locator(".st-key-explore button").click()  # a chart of the amount by month, and its table in Excel
    wait_ready(page)
    choose(page, "st-key-explore_y", "Net Worth")
    expect(page.locator(".st-key-card_explore h3")).to_contain_text("How does Net Worth develop month by month?")
    expect(page.locator(".st-key-card_explore")).to_contain_text("1,177")
    wait_ready(page)
    page.locator(".st-key-card_explore").get_by_role("button", name="⋯").first.click()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="Excel").click()
    assert download.value.path().read_bytes()[:2] == b"PK"
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.get_by_role("link", name="Bring a file").click()  # publish
    page.locator(".st-key-propose button").click()
    difference = page.locator(".st-key-card_difference")
    expect(difference).to_be_visible()
    wait_ready(page)
    figures = difference.locator(".st-key-figures")
    figures.scroll_into_view_if_needed()
    expect(figures).to_contain_text("¥1,477")
    expect(figures).to_contain_text("¥300")
    page.locator(".st-key-publish button").click()
    expect(page.locator(".st-key-published")).to_be_visible()
    page.get_by_role("link", name="See the overview").click()
    expect(page.locator("h1")).to_have_text("How are our key accounts doing?")
    wait_ready(page)
    sees_revenue(page, "¥1,477")

    goto_ready(page, f"{url}/history")  # and back
    page.locator(".st-key-undo button").click()
    expect(page.get_by_text("Done. The data are as they were before.")).to_be_visible()
    wait_ready(page)
    box = page.locator(".st-key-history_table canvas").first.bounding_box()
    assert box
    page.mouse.click(box["x"] + 20, box["y"] + 90)  # the second row, below the undoing: what was published
    expect(page.locator(".st-key-card_one_load")).to_contain_text("Bringing it back leads to the state")
    goto_ready(page, url)
    sees_revenue(page, "¥300")

    goto_ready(page, f"{url}/history")  # and forth: the undo is taken back as well
    page.get_by_role("button", name="Take this undo back").click()
    expect(page.get_by_text("Done. The data are as they were before.")).to_be_visible()
    goto_ready(page, url)
    sees_revenue(page, "¥1,477")

    goto_ready(page, f"{url}/history")  # away once more; the load itself has the way back too
    page.get_by_role("button", name="Take this undo back").click()
    expect(page.get_by_text("Done. The data are as they were before.")).to_be_visible()
    wait_ready(page)
    table = page.locator(".st-key-history_table canvas").first
    box = table.bounding_box()
    assert box
    page.mouse.click(box["x"] + 20, box["y"] + 142)  # below the headings three undos, then the load
    page.get_by_role("button", name="Bring this load back").click()
    expect(page.get_by_text("Done. The data are as they were before.")).to_be_visible()
    goto_ready(page, url)
    sees_revenue(page, "¥1,477")


def test_two_sessions_never_see_each_others_uploads(
    url: str, open_page: Callable[..., Page], goto_ready: Ready, wait_ready: Callable[[Page], None], tmp_path: Path
):
    pages = {"company": open_page(locale="en-US")}
    goto_ready(pages["company"], url)
    companys = pages["company"].locator('.kam-kpi[data-measure="revenue"] .kam-tip').text_content() or ""
    for name, account in (("first", "Only In First"), ("second", "Only In Second")):
        file = tmp_path / f"{name}.csv"
        file.write_text(
            f"Order Date,Customer,Amount\n2026-01-31,{account},77\n2026-02-28,{account},23\n", encoding="utf-8"
        )
        pages[name] = open_page(locale="en-US")
        goto_ready(pages[name], f"{url}/upload")
        drop(pages[name], file)
        wait_ready(pages[name])
    for name, other in (("first", "second"), ("second", "first")):
        page = pages[name]
        expect(page.locator(".st-key-upload_files")).to_contain_text(f"{name}.csv")
        page.locator(".st-key-dashboard button").click()  # its own dashboard, marked as such
        mark = page.locator(".st-key-upload_mark")
        expect(mark).to_contain_text(f"This is your upload {name}.csv, not the company")
        wait_ready(page)
        sees_revenue(page, "¥100")
        assert other not in page.locator("body").inner_text().casefold()
        page.get_by_role("link", name="Portfolio").click()
        expect(page.locator(".st-key-upload_mark")).to_be_visible()
    goto_ready(pages["second"], f"{url}/explore?table=t1")  # a new session that has the address, and nothing else
    expect(pages["second"].locator(".st-key-no_upload")).to_be_visible()
    first = pages["first"]
    first.get_by_role("button", name="Back to the company").click()
    expect(first.locator(".st-key-upload_mark")).to_have_count(0)
    goto_ready(pages["second"], url)
    assert companys
    sees_revenue(pages["second"], companys)
    expect(pages["second"].locator(".st-key-upload_mark")).to_have_count(0)


def test_a_file_that_cannot_be_read_says_why(url: str, page: Page, goto_ready: Ready, tmp_path: Path):
    file = tmp_path / "book.xlsx"
    file.write_bytes(b"%PDF-1.7 this is no workbook")
    goto_ready(page, f"{url}/upload")
    uploader = page.locator('[data-testid="stFileUploader"] input[type="file"]')
    uploader.set_input_files(str(file))
    expect(page.get_by_role("alert").first).to_contain_text("book.xlsx")
    expect(page.get_by_role("alert").first).not_to_contain_text(re.compile("/tmp|kam-uploads"))
    expect(page.locator(".st-key-card_understood")).to_have_count(0)


def test_order_lines_meet_their_header_and_a_formula_is_typed(
    url: str, page: Page, goto_ready: Ready, wait_ready: Callable[[Page], None], tmp_path: Path
):
    """Two orders, three lines: dates and customers come from the other file, the amount is typed."""
    heads, lines = tmp_path / "heads.csv", tmp_path / "lines.csv"
    heads.write_text("Order ID,Order Date,Customer\nO1,2026-01-31,Haihe\nO2,2026-02-28,Lanjiang\n", encoding="utf-8")
    lines.write_text("Order ID,Product,Sales,Boxes\nO1,Bolt,10,2\nO1,Nut,20,1\nO2,Bolt,5,3\n", encoding="utf-8")
    goto_ready(page, f"{url}/upload")
    drop(page, heads, lines)
    expect(page.locator(".st-key-card_understood")).to_contain_text("2 rows, 3 columns.")
    expect(page.locator(".st-key-card_mapping")).to_contain_text("Its columns go to the lines in lines.csv.")
    wait_ready(page)
    choose(page, "upload_sheet", "lines.csv")
    expect(page.get_by_role("combobox", name="Missing columns come from")).to_have_value("heads.csv")
    expect(page.get_by_role("combobox", name="Order date *")).to_have_value("Order Date · heads.csv")
    wait_ready(page)
    page.get_by_role("combobox", name="Amount *").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Boxes * Sales", delay=20)
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Amount *")).to_have_value("Boxes * Sales")
    expect(page.locator(".st-key-card_rows")).to_contain_text("of 3 rows, 3 can be taken")
    wait_ready(page)
    page.get_by_role("button", name="Show the dashboard of this upload").click()
    sees_revenue(page, "¥55")  # 2 × 10, 1 × 20 and 3 × 5
