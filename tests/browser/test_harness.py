"""The guards of the browser tests themselves: they must notice what they are there to notice."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

HERE = Path(__file__).parent
pytest_plugins = ["pytester"]


@pytest.fixture
def browser_tests(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder of tests that uses this folder's conftest."""
    monkeypatch.setenv("PYTHONPATH", str(HERE.parents[1]))
    monkeypatch.delenv("KAM_REQUIRE_BROWSER", raising=False)
    pytester.makeconftest((HERE / "conftest.py").read_text("utf-8"))
    pytester.makeini("[pytest]\nmarkers = browser")
    return pytester


@pytest.mark.parametrize(
    "source",
    [
        "import pytest\ndef test_it():\n    pytest.skip('no Chromium')",
        "import pytest\n@pytest.mark.skip\ndef test_it(): pass",
        "import pytest\npytest.skip('no Chromium', allow_module_level=True)",
    ],
    ids=["in the test", "by mark", "whole module"],
)
def test_a_skip_is_a_failure_where_browser_tests_must_run(
    browser_tests: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, source: str
):
    browser_tests.makepyfile(source)
    monkeypatch.delenv("CI", raising=False)
    assert browser_tests.runpytest_subprocess().ret in {0, 5}
    monkeypatch.setenv("CI", "true")
    done = browser_tests.runpytest_subprocess()
    assert done.ret in {1, 2}
    assert "skipped where it must run" in done.stdout.str()


def test_a_request_that_leaves_the_machine_fails_the_test(browser: Browser, browser_tests: pytest.Pytester):
    browser_tests.makepyfile(
        """
        def test_it(page):
            page.set_content("<img src='http://example.org/spy.png'>")
            page.wait_for_load_state("networkidle")
        """
    )
    done = browser_tests.runpytest_subprocess()
    done.assert_outcomes(passed=1, errors=1)
    assert "requests left this machine" in done.stdout.str()


def test_a_page_may_use_what_it_carries_itself(browser: Browser, browser_tests: pytest.Pytester):
    browser_tests.makepyfile(
        """
        def test_it(page):
            page.set_content("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA='>")
            page.wait_for_load_state("networkidle")
        """
    )
    browser_tests.runpytest_subprocess().assert_outcomes(passed=1)
