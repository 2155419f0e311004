"""The small demo with people of every role, and a collector of all that the app sends to a browser."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime import forward_msg_queue
from streamlit.testing.v1 import AppTest

from kam_core.__main__ import main
from kam_core.text.sentence import own_script
from kam_core.ui import cards, exports
from kam_core.warehouse.engine import Reader
from kam_core.warehouse.snapshots import Store

ROOT = Path(__file__).resolve().parents[2]
PATHS = {path.stem: str(path.relative_to(ROOT)) for path in sorted((ROOT / "pages").glob("*/*.py"))}
USERS = """
mode = "oidc"
[[people]]
email = "ceo@demo.example"
roles = ["executive"]
[[people]]
email = "desk@demo.example"
roles = ["steward"]
[[people]]
email = "central@demo.example"
roles = ["regional_director"]
regions = ["Central"]
[[people]]
email = "telecom@demo.example"
roles = ["industry_director"]
industries = ["Telecom"]
"""
CENTRAL, TELECOM, CEO, DESK = (f"{name}@demo.example" for name in ("central", "telecom", "ceo", "desk"))
# M005 holds 11 of the 400 accounts and directs the region Capital in the demo; M002 holds 58 and directs nothing;
# M010 has left.
MANAGER, LEFT = "xia.gao.2@yunfan.example", "jie.zheng.10@yunfan.example"
SCOPES = {CENTRAL: "region = 'Central'", TELECOM: "industry = 'Telecom'", MANAGER: "manager_id = 'M002'"}


@dataclass(frozen=True, eq=False)
class Company:
    """The small demo: its folder, the users file, and what a person may and may not hear of."""

    folder: Path
    users: Path
    reader: Reader

    def secrets(self, email: str) -> frozenset[str]:
        """Ids and names, in full and in either script, of accounts, colleagues, partners and contacts out of scope.

        Worked out from the loaded tables alone, without the code under test. What is also the name, or a part of the
        name, of something in the scope is no secret.
        """
        return _secrets(self, SCOPES[email])

    def words(self, scope: str) -> set[str]:
        """What who sees the accounts of a scope may hear of."""
        seen = f"select account_id from raw.accounts where {scope}"
        holders = f"select manager_id from raw.accounts where {scope}"
        traded = " union ".join(
            f"select partner_id from raw.{table} where account_id in ({seen})"
            for table in ("accounts", "orders", "opportunities")
        )
        found = self.reader.rows(
            f"select account_id, name from raw.accounts where {scope}"
            f" union all select manager_id, name from raw.managers where {scope} or manager_id in ({holders})"
            f" union all select partner_id, name from raw.partners where {'true' if scope == 'true' else 'false'}"
            f" or partner_id in ({traded})"
            f" union all select contact_id, name from raw.contacts where account_id in ({seen})"
        )
        return {word for row in found for value in row for word in spellings(value)}


@cache
def _secrets(company: Company, scope: str) -> frozenset[str]:
    known = "\n".join(company.words(scope))
    return frozenset(word for word in company.words("true") if word not in known)


def spellings(name: str) -> set[str]:
    """A name as it may appear: whole, and its half in either script; one character says nothing."""
    return {w for w in (name, own_script(name, "en"), own_script(name, "zh")) if len(w) > 1}


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("company")
    assert main(["demo", "--scale", "small", "--warehouse", str(folder)]) == 0
    users = folder / "users.toml"
    users.write_text(USERS, encoding="utf-8")
    snapshot = Store(folder).current()
    assert snapshot
    reader = Reader(snapshot.path)
    yield Company(folder, users, reader)
    reader.close()


@pytest.fixture
def served(company: Company, monkeypatch: pytest.MonkeyPatch) -> Company:
    monkeypatch.setenv("KAM_WAREHOUSE", str(company.folder))
    monkeypatch.setenv("KAM_USERS", str(company.users))
    return company


@dataclass
class Sent:
    """All that went to one browser, as bytes: messages with their tables and charts, and files."""

    parts: list[bytes] = field(default_factory=list)

    def found(self, secrets: Iterable[str]) -> set[str]:
        """Which of the words are in it, written in UTF-8 or as JSON writes them."""
        heap = b"\0".join(self.parts)
        heap += b"\0".join(_decoded(chunk) for chunk in re.findall(rb"base64,([A-Za-z0-9+/=]{16,})", heap))
        return {w for w in secrets if w.encode() in heap or json.dumps(w)[1:-1].encode() in heap}


def _decoded(text: bytes) -> bytes:
    return b64decode(text + b"=" * (-len(text) % 4))


def _contents(content: bytes) -> bytes:
    """A file as text: a workbook is a zip archive of XML."""
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return b"\0".join(book.read(name) for name in book.namelist())


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Collects from now on; the table behind each card is opened, and every download made, as if clicked."""
    found, queue = Sent(), forward_msg_queue.ForwardMsgQueue
    enqueue = queue.enqueue

    def listen(self: Any, message: Any) -> None:
        found.parts.append(message.SerializeToString())
        enqueue(self, message)

    def download(label: str, build: Callable[[], bytes], *_args: Any, key: str, **_options: Any) -> None:
        if not key.startswith("xlsx_"):  # the table that is also offered as CSV
            found.parts.append(_contents(build()))

    monkeypatch.setattr(queue, "enqueue", listen)
    monkeypatch.setattr(cards, "behind", lambda key, question, table: cards._table_and_downloads(key, question, table))
    monkeypatch.setattr(exports, "button", download)
    return found


def signed_in(email: str) -> AppTest:
    """The app with this person in front of it, not yet run."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.secrets["auth"] = {"client_id": "kam"}
    app.user = {"is_logged_in": True, "email": email, "email_verified": True, "aud": "kam", "iat": time.time()}
    return app


@pytest.fixture(scope="module")
def sessions() -> Iterator[Callable[[str], AppTest]]:
    """`sessions(email)`: that person's session, the same in all tests of one file."""
    yield cache(lambda email: signed_in(email).run())
    st.cache_data.clear()
    st.cache_resource.clear()


def visit(app: AppTest, page: str, **params: str | list[str]) -> AppTest:
    """Open a page by its address."""
    app.query_params.clear()
    app.query_params.update({key: value if isinstance(value, list) else [value] for key, value in params.items()})
    return app.switch_page(PATHS[page]).run()
