"""Attempts on a real server, each refused: hosts, origins, paths, uploads, settings that would open it too wide."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import websockets
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from tests.hostile.conftest import Answer, ask
from tests.reader import Reader, finished

SECRETS = (b"shell.run(page", b"[company]", b"root:x:", b"SQLite format 3", b"streamlit==")
STARTS = ["/", "/static/", "/media/", "/component/x/", "/app/static/", "/_stcore/upload_file/"]
SAMPLE = ["/", "/tiers", "/health", "/ready", "/media/none", "/_stcore/metrics", "/static/none.js"]


def host_of(url: str) -> str:
    return url.removeprefix("http://")


# --- hosts and origins


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "user@127.0.0.1", "127.0.0.1:80/x", "", "127.0.0.1:port"]
)
def test_a_foreign_host_is_refused(target: str, host: str):
    """As after DNS rebinding: the browser believes that this server is evil.example."""
    for path in ("/", "/_stcore/health", "/ready", "/media/x"):
        assert ask(target, path, Host=host).status in (400, 421)


def connected(target: str, **headers: str) -> bool:
    """Whether the websocket lets one in."""

    async def attempt() -> bool:
        try:
            async with websockets.connect(
                target.replace("http", "ws") + "/_stcore/stream", subprotocols=["streamlit"],
                origin=headers.get("Origin"), additional_headers={k: v for k, v in headers.items() if k != "Origin"},
            ):
                return True
        except (InvalidStatus, InvalidMessage):
            return False

    return finished(attempt())


def test_a_websocket_of_this_site_is_let_in(target: str):
    assert connected(target, Origin=target)


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://localhost", "http://127.0.0.1:1", "http://127.0.0.1", "file://"],
)
def test_a_websocket_of_another_site_is_refused(target: str, origin: str):
    """Another program's page on this very machine is another site too."""
    assert not connected(target, Origin=origin)


def test_a_websocket_under_a_foreign_host_is_refused(target: str):
    assert not connected(target, Host="evil.example", Origin="http://evil.example")


# --- what is closed, and what answers say


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/agent/mcp",
                                  "/_stcore/script-health-check"])  # fmt: skip
def test_what_nobody_needs_is_closed(target: str, path: str):
    assert ask(target, path).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_only_uploads_change_anything(target: str, method: str):
    assert ask(target, "/", method, b"x").status == 405


@pytest.mark.parametrize("path", SAMPLE)
def test_every_answer_is_signed_and_names_no_version(target: str, path: str):
    answer = ask(target, path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy or "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert not re.search(r"script-src[^;]*unsafe-inline", policy)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "server" not in answer.headers
    assert not re.search(rb"uvicorn|starlette|Python/", answer.body + repr(answer.headers).encode())


def test_what_watches_the_server_learns_that_it_lives_and_can_show_data(target: str):
    """Also while somebody has the data open."""

    async def look() -> None:
        async with Reader(target) as reader:
            await reader.visit()

    finished(look())
    assert (ask(target, "/health").status, ask(target, "/health").body) == (200, b'{"status":"alive"}')
    assert (ask(target, "/ready").status, ask(target, "/ready").body) == (200, b'{"status":"ready"}')


def test_scripts_travel_compressed_and_stay(target: str):
    name = re.search(rb"static/js/index\.[\w-]+\.js", ask(target, "/").body)
    assert name
    packed = ask(target, "/" + name.group().decode(), Accept_Encoding="gzip")
    plain = ask(target, "/" + name.group().decode())
    assert packed.headers["content-encoding"] == "gzip"
    assert "immutable" in packed.headers["cache-control"]
    assert "content-encoding" not in plain.headers
    assert len(packed.body) < len(plain.body) / 2


# --- paths


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(
    "way", ["../" * 8, "..%2f" * 8, "%2e%2e/" * 8, "..\\" * 8, "..%5c" * 8, "....//" * 8, "%252e%252e%252f" * 8, "/"]
)
def test_no_path_leads_out(target: str, start: str, way: str):
    for goal in ("etc/passwd", "app.py", "data/policy.toml", "requirements.txt", "state.sqlite"):
        answer = ask(target, f"{start}{way}{goal}")
        assert answer.status in (200, 301, 400, 404, 405)
        assert not any(secret in answer.body for secret in SECRETS)


# --- uploads


def token(target: str) -> str:
    cookie = ask(target, "/_stcore/health").headers["set-cookie"]
    return cookie.split("_streamlit_xsrf=")[1].split(";")[0]


def form(content: bytes, name: str = "a.csv") -> bytes:
    return (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + name.encode() + b'"\r\n'
        b"Content-Type: text/csv\r\n\r\n" + content + b"\r\n--b--\r\n"
    )


def upload(target: str, session: str, body: bytes, **headers: str) -> Answer:
    given = {"Content_Type": "multipart/form-data; boundary=b", "Cookie": f"_streamlit_xsrf={token(target)}",
             "X_Xsrftoken": token(target), "Origin": target}  # fmt: skip
    given["X_Xsrftoken"] = given["Cookie"].split("=", 1)[1]
    return ask(target, f"/_stcore/upload_file/{session}/f1", "PUT", body, **{**given, **headers})


@pytest.fixture(scope="module")
def uploaded(target: str) -> dict[str, Answer]:
    """What a session that is there gets for each kind of upload."""
    large = form(b"x" * 5 * 2**20)
    chunks = [large[at : at + 2**16] for at in range(0, len(large), 2**16)]
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"

    async def attempts() -> dict[str, Answer]:
        async with Reader(target) as reader:
            await reader.visit()

            def send(body: bytes, **headers: str) -> Answer:
                return upload(target, reader.session_id, body, **headers)

            small = form(b"a,b\n1,2\n")
            return {
                "small": send(small),
                "said to be too large": send(b"", Content_Length=str(5 * 2**20)),
                "chunked and too large": send(chunked, Transfer_Encoding="chunked"),
                "without the token": send(small, X_Xsrftoken=""),
                "with another's token": send(small, X_Xsrftoken="2|aaaaaaaa|bbbb|1"),
                "from another site": send(small, Origin="http://evil.example"),
                "with a name that leads out": send(form(b"a\n1\n", "../../../../tmp/evil_kam.csv")),
                "with a name of markup": send(form(b"a\n1\n", "<img src=x onerror=evil>.csv")),
            }

    return finished(attempts())


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("small", 204),
        ("said to be too large", 413),
        ("chunked and too large", 413),
        ("without the token", 403),
        ("with another's token", 403),
        ("from another site", 403),
        ("with a name that leads out", 204),
        ("with a name of markup", 204),
    ],
)
def test_an_upload(uploaded: dict[str, Answer], kind: str, status: int):
    """Names are kept as text, nothing is written under them (below); what is too large stops at the server."""
    assert uploaded[kind].status == status


def test_a_name_that_leads_out_wrote_nothing(uploaded: dict[str, Answer]):
    assert not Path("/tmp/evil_kam.csv").exists()
    assert list(Path.cwd().rglob("evil_kam*")) == []


def test_an_upload_into_a_session_that_is_not_there(target: str):
    assert upload(target, "00000000-0000-0000-0000-000000000000", form(b"a\n1\n")).status == 400


# --- the protocol


@pytest.mark.parametrize("message", [b"\xff" * 100, "text instead of bytes"])
def test_what_is_no_message_ends_the_connection_and_shows_nothing(target: str, message: bytes | str):
    async def attempt() -> list[bytes | str]:
        got: list[bytes | str] = []
        async with websockets.connect(
            target.replace("http", "ws") + "/_stcore/stream", origin=target, subprotocols=["streamlit"]  # type: ignore[arg-type]
        ) as socket:
            await socket.send(message)
            try:
                while True:
                    got.append(await asyncio.wait_for(socket.recv(), 10))
            except ConnectionClosed:
                return got

    assert not any("Traceback" in repr(part) or "site-packages" in repr(part) for part in finished(attempt()))


# --- settings that would open it too wide

PROXY = 'mode = "proxy"\n[sign_in]\nclaim = "email"\n'


def test_one_user_for_all_is_not_served_to_other_machines(refused_start: Callable[..., str]):
    assert "everybody would see everything" in refused_start()


def test_any_host_name_is_not_served_to_other_machines(refused_start: Callable[..., str]):
    assert "allowedHosts" in refused_start(STREAMLIT_SERVER_ALLOWED_HOSTS="*")


def test_a_header_that_anybody_can_forge_is_not_trusted(refused_start: Callable[..., str], tmp_path: Path):
    (tmp_path / "users.toml").write_text(PROXY)
    headers = '{"X-Forwarded-Email": "email"}'
    said = refused_start(KAM_USERS=str(tmp_path / "users.toml"), STREAMLIT_SERVER_TRUSTED_USER_HEADERS=headers)
    assert "can forge the header" in said


def test_a_header_is_not_trusted_where_nobody_asked_for_it(refused_start: Callable[..., str]):
    headers = '{"X-Forwarded-Email": "email"}'
    said = refused_start(address="127.0.0.1", STREAMLIT_SERVER_TRUSTED_USER_HEADERS=headers)
    assert "trustedUserHeaders" in said
