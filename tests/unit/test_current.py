"""Data of another version or policy are told from those in force, quickly."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kam_core import policy
from kam_core.current import is_current
from kam_core.warehouse.version import built_by


def test_data_of_this_version_and_policy_are_not_built_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("KAM_POLICY", raising=False)
    manifest = {"built_by": built_by(), "policy_sha256": policy.load().sha256}
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "CURRENT").write_text("000001-20260101T000000Z\n")
    path = tmp_path / "snapshots" / "000001-20260101T000000Z.json"
    path.write_text(json.dumps(manifest))
    assert is_current(tmp_path)
    path.write_text(json.dumps({**manifest, "built_by": "another"}))
    assert not is_current(tmp_path)
    path.write_text(json.dumps({**manifest, "policy_sha256": "another"}))
    assert not is_current(tmp_path)
    path.write_text("damaged")
    assert not is_current(tmp_path)
    assert not is_current(tmp_path / "absent")


def test_it_loads_no_heavy_library():
    said = subprocess.run(
        [sys.executable, "-c", "import sys, kam_core.current; print({'duckdb', 'pandas', 'numpy'} & set(sys.modules))"],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert said.stdout.strip() == "set()"
