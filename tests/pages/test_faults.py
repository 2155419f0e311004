"""Files that fail while the app is in use: what can still be shown is shown, and the screen says what is the matter."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from kam_core.errors import DamagedData
from kam_core.state import State
from kam_core.warehouse.snapshots import Store
from tests.pages.conftest import ACCOUNTS, APP, ORDERS, shown
from tests.tiny import order


@pytest.fixture(autouse=True)
def a_process_of_its_own() -> Iterator[None]:
    """What a server remembers of its data begins anew."""
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def two_loads(publish: Callable[..., None], tmp_path: Path) -> Store:
    """The first load has 2,180 this year (see conftest), the second one thousand more."""
    publish(orders=ORDERS, accounts=ACCOUNTS)
    publish(orders=[*ORDERS, order("2026-03-10", "3", 1000, order_id="i")], accounts=ACCOUNTS)
    return Store(tmp_path)


def damage(store: Store, keep_size: bool = True) -> None:
    """Overwrite the whole of the current file behind its head, or cut it short."""
    current = store.current()
    assert current is not None
    content = current.path.read_bytes()
    rest = b"\xff" * (len(content) - 12288) if keep_size else b""
    current.path.write_bytes(content[:12288] + rest)


def warnings(app: AppTest) -> str:
    return " ".join(w.value for w in app.warning)


@pytest.mark.parametrize("keep_size", [True, False])
def test_a_damaged_load_gives_way_to_the_one_before_and_says_so(two_loads: Store, keep_size: bool):
    damage(two_loads, keep_size)
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert "¥2,180" in shown(app)
    assert "The last load cannot be read" in warnings(app)
    app.run()
    assert "¥2,180" in shown(app), "and stays with it"


def test_damaged_while_it_is_looked_at(two_loads: Store):
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert "¥3,180" in shown(app)
    assert not app.warning
    damage(two_loads, keep_size=False)
    app.run()
    assert "¥2,180" in shown(app)
    assert "The last load cannot be read" in warnings(app)


def test_damaged_just_before_the_part_of_a_page_that_is_drawn_alone(two_loads: Store, monkeypatch: pytest.MonkeyPatch):
    found: list[DamagedData] = []

    def once() -> None:
        if not found:
            damage(two_loads)
            found.append(DamagedData("checksum"))
            raise found[0]

    monkeypatch.setattr("kam_core.ui.simulator._body", once)
    app = AppTest.from_file(APP, default_timeout=60).run().switch_page("pages/portfolio/tiers.py").run()
    assert found
    assert not app.error
    assert "The last load cannot be read" in warnings(app)


def test_an_error_in_a_part_that_is_drawn_alone_leaves_the_rest_of_the_page(
    two_loads: Store, monkeypatch: pytest.MonkeyPatch
):
    def broken() -> None:
        raise RuntimeError("password in /etc/secret")

    monkeypatch.setattr("kam_core.ui.simulator._body", broken)
    app = AppTest.from_file(APP, default_timeout=60).run().switch_page("pages/portfolio/tiers.py").run()
    (said,) = [error.value for error in app.error]
    assert re.search(r"error [0-9a-f]{8}", said)
    assert "secret" not in said
    assert not app.exception


def test_without_any_whole_load_the_page_says_so(publish: Callable[..., None], tmp_path: Path):
    publish(orders=ORDERS, accounts=ACCOUNTS)
    damage(Store(tmp_path))
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert app.title[0].value == "The data cannot be found or read"


def test_deleted_while_it_is_looked_at_and_put_back(two_loads: Store, tmp_path: Path):
    app = AppTest.from_file(APP, default_timeout=60).run()
    kept = tmp_path.parent / f"{tmp_path.name}_kept"
    shutil.copytree(tmp_path, kept)
    shutil.rmtree(tmp_path)
    app.run()
    assert app.title[0].value == "The data cannot be found or read"
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    app.run()
    assert "¥3,180" in shown(app)


def test_nothing_loaded_yet_is_not_taken_for_a_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KAM_WAREHOUSE", str(tmp_path / "empty"))
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert app.title[0].value != "The data cannot be found or read"


def test_an_error_nobody_foresaw_shows_a_number_that_is_in_the_log(
    two_loads: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(*_: object) -> None:
        raise RuntimeError("password in /etc/secret")

    monkeypatch.setattr("kam_core.ui.cards.title", broken)
    app = AppTest.from_file(APP, default_timeout=60).run()
    (said,) = [error.value for error in app.error]
    number = re.search(r"error ([0-9a-f]{8})", said)
    assert number
    assert "secret" not in said
    assert not app.exception
    (record,) = [r for r in caplog.records if number.group(1) in r.getMessage()]
    assert record.exc_info


def test_a_damaged_state_takes_the_notes_away_and_nothing_else(two_loads: Store, tmp_path: Path):
    State(tmp_path / "state.sqlite").record("ann", "load", {})
    (tmp_path / "state.sqlite").write_bytes(b"no database" * 999)
    for left in tmp_path.glob("state.sqlite-*"):
        left.unlink()
    app = AppTest.from_file(APP, default_timeout=60)
    app.switch_page("pages/portfolio/account.py")
    app.query_params["account"] = "1"
    app.run()
    assert app.title[0].value == "Haihe Power"
    assert "state.sqlite is damaged" in warnings(app)
