"""Which hosts are answered, which addresses only this machine reaches, and what the content policy lets run."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from kam_core.serving.binding import is_local
from kam_core.serving.guard import host_allowed
from kam_core.serving.headers import content_policy


@pytest.mark.parametrize(
    ("host", "allowed", "expected"),
    [
        ("kam.example.com", ["kam.example.com"], True),
        ("KAM.Example.com.:8443", ["kam.example.com"], True),
        ("[::1]:8501", ["::1"], True),
        ("a.example.com", ["*.example.com"], True),
        ("example.com", ["*.example.com"], False),
        ("evilexample.com", ["*.example.com"], False),
        ("kam.example.com.evil.net", ["kam.example.com"], False),
        ("evil@kam.example.com", ["kam.example.com"], False),
        ("kam.example.com/x", ["kam.example.com"], False),
        ("", ["kam.example.com"], False),
        ("anything", ["*"], True),
        ("anything", [], True),
    ],
)
def test_hosts(host: str, allowed: list[str], expected: bool):
    assert host_allowed(host, allowed) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True), ("localhost", True),
     (None, False), ("", False), ("0.0.0.0", False), ("::", False), ("192.168.1.4", False), ("kam.local", False)],
)  # fmt: skip
def test_addresses_that_only_this_machine_reaches(address: str | None, expected: bool):
    assert is_local(address) is expected


def test_the_policy_lets_only_the_index_own_script_run(tmp_path: Path):
    script = "\n  window.ready = false\n"
    index = tmp_path / "index.html"
    index.write_text(f'<script>{script}</script><script type="module" src="./a.js"></script>')
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = dict(rule.split(" ", 1) for rule in content_policy(index).split("; "))
    assert rules["script-src"] == f"'self' 'sha256-{digest}'"
    assert rules["object-src"] == rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in "".join(value for name, value in rules.items() if name != "style-src")
