"""Asks the package index's advisories about every package that is installed: `python tests/dependency_audit.py`.

Exit code 1: a package has a known weakness that nobody has looked at. 0: none has, or there is no answer for a package,
which is said; with KAM_REQUIRE_AUDIT=1 that is a failure too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

# Advisory → why it does not concern this product, and until when that was looked at.
ACCEPTED: dict[str, str] = {}


def main() -> int:
    asked = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--timeout", "20"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        return not_audited(f"the advisories cannot be reached ({reason[:200]})")
    unknown = [package["name"] for package in found if "skip_reason" in package]  # pip-audit calls that "no weakness"
    if unknown and (code := not_audited(f"the index knows nothing of {len(unknown)} packages: {', '.join(unknown)}")):
        return code
    return judged([package for package in found if package["name"] not in unknown])


def not_audited(why: str) -> int:
    print(f"dependencies were NOT audited: {why}")
    return 1 if os.environ.get("KAM_REQUIRE_AUDIT") == "1" else 0


def judged(found: list[dict[str, Any]]) -> int:
    """Say what is known of each package; `found` as pip-audit writes it."""
    known = [(package, weakness) for package in found for weakness in package.get("vulns", [])]
    fresh = [pair for pair in known if pair[1]["id"] not in ACCEPTED]
    for package, weakness in known:
        reason = ACCEPTED.get(weakness["id"], "NOT LOOKED AT")
        mended = ", ".join(weakness.get("fix_versions") or ["no version yet"])
        print(f"{package['name']} {package['version']}: {weakness['id']}, mended in {mended}: {reason}")
    print(f"{len(found)} packages audited, {len(known)} advisories, {len(fresh)} not looked at")
    return 1 if fresh else 0


if __name__ == "__main__":
    sys.exit(main())
