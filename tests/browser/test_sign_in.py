"""Signing in with a real OpenID Connect provider that runs beside the server: there and back, and what is refused."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import oidc_provider_mock
import pytest
import werkzeug.serving
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from oidc_provider_mock import User, _app
from playwright.sync_api import Page, expect

SECRET = "a secret of this test, long enough to sign with"
MANAGER = "xia.gao.2@yunfan.example"  # M002 of the small demo: 58 of its 400 accounts, none of them in Central
HOUR = 3600


def _people() -> list[User]:
    """One who signs in as is meant, and one for each way in which a token can be wrong."""
    now = int(time.time())
    wrong = {
        "other_audience": {"aud": "another-application"},
        "asked_for_another": {"aud": "another-application", "azp": "kam"},
        "expired": {"iat": now - 2 * HOUR, "exp": now - HOUR},
        "other_issuer": {"iss": "http://127.0.0.1:1"},
        "other_nonce": {"nonce": "not the one that was asked with"},
        "forged": {},
        "long_ago": {"iat": now - 13 * HOUR},
        "unverified": {"email_verified": False},
    }
    good = {"email": MANAGER, "email_verified": True, "name": "Xia Gao"}
    stranger = User(sub="stranger", claims={"email": "eve@elsewhere.example", "email_verified": True})
    left = User(sub="left", claims={"email": "jie.zheng.10@yunfan.example", "email_verified": True})
    return [User(sub="manager", claims=good), stranger, left] + [
        User(sub=sub, claims=good | claims) for sub, claims in wrong.items()
    ]


def _without_style(answer):
    """The provider's own pages take a style sheet from elsewhere, which a browser of these tests must not ask for."""
    if answer.mimetype == "text/html":
        answer.set_data(re.sub(r"<link\b[^>]*https:[^>]*>", "", answer.get_data(as_text=True)))
    return answer


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of the provider. What it signs for "forged" is signed with a key that it does not publish."""
    signed = _app.OpenIDCode.get_jwt_config
    token = _app.OpenIDCode.process_token

    def process(self, grant, response):
        forged = grant.request.user.sub == "forged"
        key = RSAKey.generate_key(2048, {"kid": "1"}).as_dict(private=True)
        _app.OpenIDCode.get_jwt_config = (
            lambda self, *a, **k: signed(self, *a, **k) | ({"key": key} if forged else {})
        )
        return token(self, grant, response)

    _app.OpenIDCode.process_token = process
    app = oidc_provider_mock.app(user_claims=_people())
    app.after_request(_without_style)
    server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    _app.OpenIDCode.get_jwt_config, _app.OpenIDCode.process_token = signed, token


@pytest.fixture(scope="module")
def address(provider: str, own_server: Callable[..., object], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a dashboard that knows this provider."""
    folder = tmp_path_factory.mktemp("settings")
    (folder / "users.toml").write_text('mode = "oidc"\n', encoding="utf-8")
    (folder / "secrets.toml").write_text(
        f'[auth]\nredirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"\ncookie_secret = "{SECRET}"\n'
        f'client_id = "kam"\nclient_secret = "kam-secret"\n'
        f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n',
        encoding="utf-8",
    )
    server = own_server(
        "--secrets.files", str(folder / "secrets.toml"),
        KAM_USERS=str(folder / "users.toml"), KAM_STATE=str(folder / "state.sqlite"),
    )  # fmt: skip
    return server.url


@dataclass(frozen=True)
class Answer:
    """What came of a sign-in without a browser: the cookies that the dashboard set."""

    cookies: dict[str, str]

    @property
    def is_in(self) -> bool:
        return "_streamlit_user" in self.cookies


def _signed_in(address: str, sub: str) -> Answer:
    """The round of redirects as a browser makes it, up to the cookie."""
    provider = {"provider": "default", "exp": int(time.time()) + 60}
    token = jwt.encode({"alg": "HS256"}, provider, OctKey.import_key(SECRET))
    with httpx.Client() as client:
        ask = client.get(f"{address}/auth/login", params={"provider": token}).headers["location"]
        back = client.post(ask, data={"sub": sub}).headers["location"]
        assert urlsplit(back).path == "/oauth2callback"
        client.get(back)
        return Answer({cookie.name: cookie.value for cookie in client.cookies.jar})


def _open_with(page: Page, address: str, cookies: dict[str, str], path: str = "/") -> None:
    page.context.add_cookies([{"name": n, "value": v, "url": address} for n, v in cookies.items()])
    page.goto(address + path)


def test_sign_in_own_accounts_and_sign_out(page: Page, address: str):
    page.goto(f"{address}/accounts")
    expect(page.get_by_role("heading", name="Please sign in")).to_be_visible()
    expect(page.get_by_text("East")).to_have_count(0)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="manager", exact=True).click()
    expect(page.get_by_text("Xia Gao")).to_be_visible()
    page.goto(f"{address}/accounts")
    expect(page.get_by_text(re.compile(r"\b58 accounts"))).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()  # the provider asks, and leads back
    expect(page.get_by_role("heading", name="Please sign in")).to_be_visible()
    assert "_streamlit_user" not in {cookie["name"] for cookie in page.context.cookies()}
    page.goto(f"{address}/accounts")
    expect(page.get_by_role("heading", name="Please sign in")).to_be_visible()


@pytest.mark.parametrize("sub", ["other_audience", "expired", "other_issuer", "other_nonce", "forged"])
def test_a_token_that_is_not_right_sets_no_cookie(address: str, sub: str):
    assert _signed_in(address, "manager").is_in
    assert not _signed_in(address, sub).is_in


@pytest.mark.parametrize(
    ("sub", "heading"),
    [
        ("asked_for_another", "We could not tell who you are"),
        ("unverified", "We could not tell who you are"),
        ("long_ago", "Please sign in again"),
        ("stranger", "You do not have access yet"),
        ("left", "No accounts are assigned to you"),
    ],
)
def test_a_sign_in_that_opens_nothing(page: Page, address: str, sub: str, heading: str):
    answer = _signed_in(address, sub)
    assert answer.is_in
    _open_with(page, address, answer.cookies, "/accounts")
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    assert page.get_by_role("link", name="Overview").count() == 0


def test_a_cookie_changed_or_signed_by_another_is_nobodys(page: Page, address: str):
    """The session of another user: the cookie's content replaced under the old signature."""
    cookies = _signed_in(address, "stranger").cookies
    other = _signed_in(address, "manager").cookies
    name = "_streamlit_user"
    kept, mine = cookies[name], other[name]
    assert kept != mine
    half = len(mine) // 2
    _open_with(page, address, {name: mine[:half] + ("A" if mine[half] != "A" else "B") + mine[half + 1 :]})
    expect(page.get_by_role("heading", name="Please sign in")).to_be_visible()


def test_sign_ins_are_on_record(address: str, tmp_path_factory: pytest.TempPathFactory):
    from kam_core.state import State

    found = next(Path(tmp_path_factory.getbasetemp()).glob("settings*/state.sqlite"))
    actions = {(event.person, event.action) for event in State(found).events()}
    assert {(MANAGER, "sign_in"), (MANAGER, "sign_out"), ("eve@elsewhere.example", "sign_in_refused")} <= actions
