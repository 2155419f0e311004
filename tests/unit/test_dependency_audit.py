"""What the audit of dependencies makes of its findings."""

import subprocess

import pytest

from tests import dependency_audit

WEAK = [{"name": "libx", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}]


def test_a_weakness_fails_until_somebody_looked_at_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert dependency_audit.judged([{"name": "liby", "version": "2.0", "vulns": []}]) == 0
    assert dependency_audit.judged(WEAK) == 1
    assert "libx 1.0: PYSEC-1, mended in 1.1: NOT LOOKED AT" in capsys.readouterr().out
    monkeypatch.setitem(dependency_audit.ACCEPTED, "PYSEC-1", "not called")
    assert dependency_audit.judged(WEAK) == 0


def test_a_package_that_the_index_does_not_know_is_not_called_sound(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    answer = '{"dependencies": [{"name": "libz", "skip_reason": ""}, {"name": "y", "version": "2", "vulns": []}]}'
    monkeypatch.setattr(
        dependency_audit.subprocess, "run", lambda *_a, **_k: subprocess.CompletedProcess([], 0, answer, "")
    )
    monkeypatch.delenv("KAM_REQUIRE_AUDIT", raising=False)
    assert dependency_audit.main() == 0
    said = capsys.readouterr().out
    assert "NOT audited: the index knows nothing of 1 packages: libz" in said
    assert "1 packages audited" in said
    monkeypatch.setenv("KAM_REQUIRE_AUDIT", "1")
    assert dependency_audit.main() == 1


def test_without_the_advisories_it_says_that_it_did_not_look(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    failed = subprocess.CompletedProcess([], 1, "", "ERROR: connection refused\n")
    monkeypatch.setattr(dependency_audit.subprocess, "run", lambda *_a, **_k: failed)
    monkeypatch.delenv("KAM_REQUIRE_AUDIT", raising=False)
    assert dependency_audit.main() == 0
    assert "NOT audited" in capsys.readouterr().out
    monkeypatch.setenv("KAM_REQUIRE_AUDIT", "1")
    assert dependency_audit.main() == 1
