"""A real server process to be attacked: its address, and what it answers, byte by byte."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import run
from tests.browser.conftest import free_port, start_server, stop_server


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(url: str, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """One request, its path sent as it is: no client tidies `..` away. Underscores in names of headers are hyphens."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, path, skip_host="Host" in named, skip_accept_encoding=True)
        for name, value in named.items():
            connection.putheader(name, value)
        if body is not None and "Content-Length" not in named and "Transfer-Encoding" not in named:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        if body is not None:
            connection.send(body)
        answer = connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def target(hostile_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that takes uploads of one megabyte."""
    os.environ["STREAMLIT_SERVER_MAX_UPLOAD_SIZE"] = "1"
    try:
        server, process = start_server(hostile_warehouse, tmp_path_factory.mktemp("server") / "log.txt")
    finally:
        del os.environ["STREAMLIT_SERVER_MAX_UPLOAD_SIZE"]
    yield server.url
    stop_server(process)


@pytest.fixture
def refused_start(tmp_path: Path) -> Callable[..., str]:
    """`refused_start(KAM_USERS=…, STREAMLIT_…=…)` starts a server that must not start; returns what it said."""

    def start(**settings: str) -> str:
        address = settings.pop("address", "0.0.0.0")
        command = [sys.executable, "-m", "streamlit", "run", "server.py", "--server.port", str(free_port())]
        done = subprocess.run(
            [*command, "--server.address", address], cwd=run.ROOT, capture_output=True, text=True, timeout=60,
            env={**os.environ, "KAM_WAREHOUSE": str(tmp_path), **settings}, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        return done.stderr

    return start
