"""Two commands: `python3 run.py` serves the dashboard, `python3 run.py test` runs every check.

Standard library only. Old Pythons must still be able to parse this file, so that they can say what is wrong.
"""

import argparse
import errno
import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # before any definition: the type hints below mean nothing to an older Python
    sys.exit(
        "Python 3.11 or newer is needed; this is {}.{} ({}).\n"
        "Install a newer one (python.org, or your system's packages) and start it by name: python3.12 run.py".format(
            sys.version_info[0], sys.version_info[1], sys.executable
        )
    )

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
HOST = "127.0.0.1"
PORT = 8501
RUNTIME = ROOT / "requirements.txt"
TESTING = ROOT / "requirements-test.txt"
GIGABYTE = 1024**3
INSTALL_NEEDS = 1.5 * GIGABYTE  # the environment takes 1.1 GB
DEMO_NEEDS = 1 * GIGABYTE
NETWORK_SIGNS = ("connection", "getaddrinfo", "name resolution", "timed out", "proxy", "ssl", "unreachable")
DISK_SIGNS = ("no space left", "errno 28", "not enough space", "disk full", "quota exceeded")


class Trouble(Exception):
    """Something that the user can mend, said in plain words."""


def main(arguments: list[str]) -> int:
    """Do what the command line asks; returns the exit code."""
    try:
        if arguments[:1] == ["test"]:
            return test(arguments[1:])
        return serve(asked_port(arguments))
    except Trouble as trouble:
        print(f"run.py: {trouble}", file=sys.stderr)
    except OSError as error:
        print(f"run.py: {explain(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


def asked_port(arguments: list[str]) -> int:
    """Read the options of `run.py`; wrong usage exits with 2."""
    parser = argparse.ArgumentParser(
        prog="run.py",
        description="Installs what is missing, builds the demo when there is no data yet, and serves the dashboard.",
        epilog="python3 run.py test [pytest options] runs the linter, the type checker and all tests instead.",
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"where to serve on {HOST} (default {PORT})")
    port: int = parser.parse_args(arguments).port
    if not 0 < port < 65536:
        parser.error(f"--port {port} is not a port: take a number from 1 to 65535")
    return port


def serve(port: int) -> int:
    """Bring everything up to date and serve until stopped."""
    refuse_taken_port(port)
    install(RUNTIME)
    if not has_data(warehouse()):
        build_demo()
    elif not is_current(warehouse()):
        renew_data()
    say(f"The dashboard starts at http://{HOST}:{port} (Ctrl+C ends it).")
    return become(server_command(venv_python(), port))


# The tests of one file stay together: they share what they build.
SIDE_BY_SIDE = ["-n", "auto", "--maxprocesses", "4", "--dist", "loadfile"]


def test(pytest_options: list[str]) -> int:
    """Run linter, type checker and tests, all of them even if one fails; returns the worst exit code."""
    install(RUNTIME)
    install(TESTING)
    python = str(venv_python())
    steps = (["ruff", "check", "."], ["mypy"], ["pytest", *(pytest_options or SIDE_BY_SIDE)])
    codes = []
    for step in steps:
        say("> " + " ".join(step))
        codes.append(subprocess.call([python, "-m", *step], cwd=ROOT))
    return max(abs(code) for code in codes)


# --- the environment ---


def install(requirements: Path) -> None:
    """Make `.venv` hold these requirements; does nothing when it did so before for the same text."""
    if is_installed(requirements):
        return
    require_space(VENV, INSTALL_NEEDS, "the Python packages")
    if not venv_works():
        create_venv()
    say(f"Installing {requirements.name} into .venv (the first time takes a minute or two)...")
    stamp_of(requirements).unlink(missing_ok=True)
    pip_install(requirements)
    stamp_of(requirements).write_text(fingerprint(requirements), encoding="ascii")


def is_installed(requirements: Path) -> bool:
    """True when the last complete installation was of this very text. A half-done one leaves no stamp."""
    stamp = stamp_of(requirements)
    return venv_python().exists() and stamp.exists() and stamp.read_text(encoding="ascii") == fingerprint(requirements)


def stamp_of(requirements: Path) -> Path:
    return VENV / f"{requirements.name}.sha256"


def fingerprint(requirements: Path) -> str:
    return hashlib.sha256(requirements.read_bytes()).hexdigest()


def venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def venv_works() -> bool:
    """False for no environment, one whose Python has gone, or one that was interrupted before it had pip."""
    if not venv_python().exists():
        return False
    return subprocess.run([venv_python(), "-m", "pip", "--version"], capture_output=True).returncode == 0


def create_venv() -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Trouble(missing_venv())
    say("Making .venv...")
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    made = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if made.returncode:
        raise Trouble(f".venv could not be made: {why_failed(made.stdout + made.stderr)}")


def missing_venv() -> str:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return (
        "this Python cannot make virtual environments. On Debian or Ubuntu: "
        f"sudo apt install python{version}-venv; then run the same command again"
    )


def pip_install(requirements: Path) -> None:
    command = [str(venv_python()), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run([*command, "-r", str(requirements)], stderr=subprocess.PIPE, text=True, errors="replace")
    if done.returncode:
        raise Trouble(f"the packages could not be installed: {why_failed(done.stderr)}")


def why_failed(output: str) -> str:
    """Say in words what to do about the output of a failed installation."""
    lowered = output.lower()
    if any(sign in lowered for sign in DISK_SIGNS):
        return f"the disk is full; free {INSTALL_NEEDS / GIGABYTE} GB and run the same command again"
    if any(sign in lowered for sign in NETWORK_SIGNS):
        return (
            "the package index cannot be reached; check the network (or name your proxy or mirror with "
            "`pip config set global.proxy URL` or `global.index-url URL`) and run the same command again"
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines[-1:] or ["no reason was given"]
    return f"{errors[0]} (run the same command again to retry)"


def require_space(folder: Path, needed: float, purpose: str) -> None:
    """Refuse before anything is half written when the disk is too full."""
    place = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise Trouble(
            f"the disk is too full for {purpose}: {free / GIGABYTE:.1f} GB are free at {place}, "
            f"{needed / GIGABYTE:.1f} GB are needed; free some space and run the same command again"
        )


def explain(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "the disk is full; free some space and run the same command again"
    return f"{error.strerror or error}: {error.filename or 'no file named'}"


# --- the data ---


def warehouse() -> Path:
    """The folder of snapshots, as the product itself finds it."""
    return Path(os.environ.get("KAM_WAREHOUSE") or ROOT / "data" / "warehouse")


def has_data(folder: Path) -> bool:
    """True when there is any snapshot, with or without its pointer: a demo must never cover somebody's data."""
    return (folder / "CURRENT").exists() or any(folder.glob("snapshots/*.duckdb"))


def is_current(folder: Path) -> bool:
    """Whether the data were built by this version under this policy."""
    return subprocess.call([venv_python(), "-m", "kam_core.current", folder], cwd=ROOT) == 0


def renew_data() -> None:
    """Data built by an earlier version, or under another policy, are built anew from what was loaded."""
    if subprocess.call([venv_python(), "-m", "kam_core", "rebuild"], cwd=ROOT, stdout=subprocess.DEVNULL):
        raise Trouble("the data could not be brought up to date; the reason stands above")


def build_demo() -> None:
    require_space(warehouse(), DEMO_NEEDS, "the demo data")
    say("There is no data yet: building the demo company (about half a minute)...")
    if subprocess.call([venv_python(), "-m", "kam_core", "demo"], cwd=ROOT):
        raise Trouble("the demo could not be built; the reason stands above")


# --- the server ---


def refuse_taken_port(port: int) -> None:
    if answers(port):
        free = next((p for p in range(port + 1, 65536) if not answers(p)), PORT)
        raise Trouble(
            f"port {port} is taken, perhaps by a dashboard that already runs: look at http://{HOST}:{port}, "
            f"or take another port: python3 run.py --port {free}"
        )


def answers(port: int) -> bool:
    """True when something listens on the port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


def server_command(python: Path, port: int) -> list[str]:
    """The command that serves the app: `server.py` (compression, headers) where it exists, else the bare script."""
    script = "server.py" if (ROOT / "server.py").exists() else "app.py"
    options = ["--server.address", HOST, "--server.port", str(port), "--server.headless", "true"]
    return [str(python), "-m", "streamlit", "run", script, *options]


def become(command: list[str]) -> int:
    """Turn this process into the command, so that whoever stops it stops the server."""
    if os.name == "nt":  # there, exec would return to the prompt at once and leave the server behind
        return subprocess.call(command, cwd=ROOT)
    os.chdir(ROOT)
    os.execv(command[0], command)


def say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
