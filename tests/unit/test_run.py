"""run.py's decisions, without installing anything: what is missing, what is in the way, what it says."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import run

RUN = Path(run.__file__)


@pytest.fixture
def empty_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a requirement file and nothing else, which run.py takes for its own."""
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(run, "RUNTIME", tmp_path / "requirements.txt")
    (tmp_path / "requirements.txt").write_text("duckdb==2.0.0\n")
    return tmp_path


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((run.HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


def pretend_installed(requirements: Path) -> None:
    run.venv_python().parent.mkdir(parents=True, exist_ok=True)
    run.venv_python().touch()
    run.stamp_of(requirements).write_text(run.fingerprint(requirements))


# --- which Python ---


@pytest.mark.parametrize("version", [(3, 6, 15), (3, 10, 13)])
def test_an_old_python_is_told_so_before_anything_else(version: tuple[int, int, int]):
    program = f"import runpy, sys; sys.version_info = {version}; runpy.run_path({str(RUN)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"Python 3.11 or newer is needed; this is {version[0]}.{version[1]}" in done.stderr
    assert "Traceback" not in done.stderr


# --- when to install ---


def test_nothing_is_installed_in_an_empty_clone(empty_clone: Path):
    assert not run.is_installed(run.RUNTIME)


def test_the_same_requirements_are_not_installed_twice(empty_clone: Path):
    pretend_installed(run.RUNTIME)
    assert run.is_installed(run.RUNTIME)


def test_changed_requirements_are_installed_again(empty_clone: Path):
    pretend_installed(run.RUNTIME)
    run.RUNTIME.write_text("duckdb==2.0.1\n")
    assert not run.is_installed(run.RUNTIME)


def test_an_environment_whose_python_has_gone_is_made_again(empty_clone: Path):
    pretend_installed(run.RUNTIME)
    run.venv_python().unlink()
    assert not run.is_installed(run.RUNTIME)
    assert not run.venv_works()


def test_an_installation_broken_off_leaves_no_stamp(empty_clone: Path, monkeypatch: pytest.MonkeyPatch):
    pretend_installed(run.RUNTIME)
    run.RUNTIME.write_text("duckdb==2.0.1\n")
    monkeypatch.setattr(run, "venv_works", lambda: True)
    monkeypatch.setattr(run, "pip_install", broken_off)
    with pytest.raises(KeyboardInterrupt):
        run.install(run.RUNTIME)
    assert not run.stamp_of(run.RUNTIME).exists()


def broken_off(_: Path) -> None:
    raise KeyboardInterrupt


def test_a_complete_installation_is_stamped(empty_clone: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run, "create_venv", lambda: pretend_installed(run.RUNTIME))
    monkeypatch.setattr(run, "pip_install", lambda _: None)
    run.install(run.RUNTIME)
    assert run.is_installed(run.RUNTIME)


# --- what went wrong ---


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "the disk is full"),
        ("WARNING: Retrying after connection broken by 'NewConnectionError'\nERROR: No matching", "cannot be reached"),
        ("socket.gaierror: Temporary failure in name resolution", "cannot be reached"),
        ("note\nERROR: No matching distribution found for duckdb==2.0.0\n", "ERROR: No matching distribution found"),
        ("", "no reason was given"),
    ],
)
def test_a_failed_installation_is_explained(output: str, advice: str):
    assert advice in run.why_failed(output)


def test_a_python_without_venv_is_told_what_to_install(empty_clone: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(run.Trouble, match=r"sudo apt install python3\.\d+-venv"):
        run.create_venv()


def test_a_full_disk_is_noticed_before_anything_is_written(empty_clone: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run.shutil, "disk_usage", lambda _: SimpleNamespace(free=run.GIGABYTE / 2))
    with pytest.raises(run.Trouble, match=r"0\.5 GB are free .* 1\.5 GB are needed"):
        run.install(run.RUNTIME)
    assert not run.VENV.exists()


def test_a_disk_that_fills_up_later_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(run, "serve", fills_the_disk)
    assert run.main([]) == 1
    assert capsys.readouterr().err == "run.py: the disk is full; free some space and run the same command again\n"


def fills_the_disk(_: int) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


# --- the port ---


def test_a_taken_port_is_refused_with_the_option_to_take_another(
    taken_port: int, empty_clone: Path, capsys: pytest.CaptureFixture[str]
):
    assert run.main(["--port", str(taken_port)]) == 1
    said = capsys.readouterr().err
    assert f"port {taken_port} is taken" in said
    assert "python3 run.py --port " in said
    assert not run.VENV.exists()  # refused before the long work


@pytest.mark.parametrize("port", ["0", "70000", "eight"])
def test_an_impossible_port_is_wrong_usage(port: str):
    with pytest.raises(SystemExit) as stopped:
        run.main(["--port", port])
    assert stopped.value.code == 2


# --- the demo ---


def test_a_warehouse_with_a_pointer_has_data(tmp_path: Path):
    assert not run.has_data(tmp_path)
    (tmp_path / "CURRENT").write_text("1")
    assert run.has_data(tmp_path)


def test_a_snapshot_without_its_pointer_is_still_somebodys_data(tmp_path: Path):
    (tmp_path / "snapshots").mkdir()
    assert not run.has_data(tmp_path)
    (tmp_path / "snapshots" / "1.duckdb").touch()
    assert run.has_data(tmp_path)


def test_the_warehouse_is_where_the_product_looks_for_it(empty_clone: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("KAM_WAREHOUSE", raising=False)
    assert run.warehouse() == empty_clone / "data" / "warehouse"
    monkeypatch.setenv("KAM_WAREHOUSE", str(empty_clone / "other"))
    assert run.warehouse() == empty_clone / "other"


def test_a_demo_that_fails_stops_the_start(empty_clone: Path, monkeypatch: pytest.MonkeyPatch):
    pretend_installed(run.RUNTIME)
    monkeypatch.setattr(run, "answers", lambda port: False)
    monkeypatch.setattr(run, "has_data", lambda folder: False)
    monkeypatch.setattr(run.subprocess, "call", lambda *_, **__: 1)
    assert run.main([]) == 1


# --- serving and testing ---


def test_the_bare_script_is_served_until_there_is_a_server(empty_clone: Path):
    assert "app.py" in run.server_command(Path("python"), 8501)
    (empty_clone / "server.py").touch()
    assert "server.py" in run.server_command(Path("python"), 8501)


def test_the_server_listens_on_this_machine_only():
    command = run.server_command(Path("python"), 8502)
    assert command[command.index("--server.address") + 1] == "127.0.0.1"
    assert command[command.index("--server.port") + 1] == "8502"


def test_every_check_runs_and_the_worst_exit_code_counts(monkeypatch: pytest.MonkeyPatch):
    ran = []

    def step(command: list[str], **_: object) -> int:
        ran.append(command[2])
        return {"ruff": 1, "mypy": 2, "pytest": 0}[command[2]]

    monkeypatch.setattr(run, "install", lambda _: None)
    monkeypatch.setattr(run.subprocess, "call", step)
    assert run.main(["test", "-x"]) == 2
    assert ran == ["ruff", "mypy", "pytest"]


def test_stopping_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(run, "serve", broken_off)
    assert run.main([]) == 130
    assert capsys.readouterr().err == ""
