"""Behind a proxy that says who is asking: a real server on 127.0.0.1 and readers whose connections carry its header."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.access.conftest import CEO, MANAGER, USERS, Company
from tests.browser.conftest import start_server, stop_server
from tests.reader import Reader, finished

HEADERS = '{"X-Forwarded-Email": "email"}'


@pytest.fixture(scope="module")
def address(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("proxy")
    (folder / "users.toml").write_text(USERS.replace('"oidc"', '"proxy"'), encoding="utf-8")
    settings = {"KAM_USERS": str(folder / "users.toml"), "KAM_STATE": str(folder / "state.sqlite")}
    server, process = start_server(
        company.folder, folder / "log.txt", **settings, STREAMLIT_SERVER_TRUSTED_USER_HEADERS=HEADERS
    )
    yield server.url
    stop_server(process)


def _said(address: str, page: str, **headers: str) -> str:
    """What is on the screen of whom the proxy sends with these headers."""

    async def look() -> str:
        async with Reader(address, {name.replace("_", "-"): value for name, value in headers.items()}) as reader:
            await reader.visit(page)
            return "\n".join(reader.texts())

    return finished(look())


def test_each_sees_what_the_header_says_that_they_may(address: str):
    said = _said(address, "accounts", X_Forwarded_Email=MANAGER)
    assert "Xia Gao" in said
    assert "58 accounts" in said
    assert "400 accounts" in _said(address, "accounts", X_Forwarded_Email=CEO)


@pytest.mark.parametrize(
    ("headers", "title"),
    [
        ({}, "We could not tell who you are"),
        ({"X_Forwarded_Email": " "}, "We could not tell who you are"),
        ({"X_Forwarded_User": MANAGER}, "We could not tell who you are"),
        ({"X_Forwarded_Email": f"{MANAGER},{CEO}"}, "You do not have access yet"),
        ({"Cookie": "_streamlit_user=x"}, "We could not tell who you are"),
    ],
)
def test_who_is_not_named_sees_nothing(address: str, headers: dict[str, str], title: str):
    said = _said(address, "accounts", **headers)
    assert title in said
    assert "accounts" not in said.replace("Key accounts", "")
