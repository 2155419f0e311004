"""Whether the data that are served were built by this version under this policy: `python -m kam_core.current FOLDER`.

Exit code 0 when they were. Quick, as it loads neither DuckDB nor pandas: every start of the dashboard asks.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from kam_core import policy
from kam_core.warehouse import version


def is_current(folder: Path) -> bool:
    """What is unclear counts as no: the command that builds the data anew says what is wrong."""
    rules = os.environ.get("KAM_POLICY")
    try:
        served = (folder / "CURRENT").read_text(encoding="ascii").strip()
        manifest = json.loads((folder / "snapshots" / f"{served}.json").read_text(encoding="utf-8"))
        in_force = policy.load(Path(rules) if rules else None).sha256
        return version.is_current(manifest["built_by"], manifest["policy_sha256"], in_force)
    except Exception:
        return False


if __name__ == "__main__":
    sys.exit(0 if is_current(Path(sys.argv[1])) else 1)
