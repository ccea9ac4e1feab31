"""Whoever reads what a command prints may leave, as head does: the command ends with 1, and says nothing."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack import ROOT

MODULES = ("deploy", "package", "release", "lint", "findings")
# More than any buffer holds, so that a line fails and not the last flush alone.
PREFLIGHT = """
import sys
from chalicelib.commands.ending import end_quietly
from infra.deploy import __main__ as deploy

def run(options):
    for _ in range(10000):
        print(f"good    {options.command}")
    return 0

deploy.run = run
sys.exit(end_quietly(lambda: deploy.main(sys.argv[1:])))
"""
INSTALL = "from infra.local.install import _say; _say('one'); _say('two'); open(sys.argv[1], 'w')"


def run_unread(*words: str, errors_too: bool = False) -> tuple[int, str]:
    """The exit code and what stands on stderr, where nobody reads stdout."""
    reader, writer = os.pipe()
    os.close(reader)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(  # noqa: S603
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        stdout=writer,
        stderr=writer if errors_too else subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    return done.returncode, done.stderr or ""


@pytest.mark.parametrize("module", [*(f"infra.{name}" for name in MODULES), "chalicelib.commands"])
def test_help_that_nobody_reads_ends_quietly(module: str) -> None:
    assert run_unread("-m", module, "--help") == (1, "")


@pytest.mark.parametrize("command", ["preflight", "diff"])
def test_what_only_tells_ends_quietly_where_nobody_reads_it(command: str) -> None:
    assert run_unread("-c", PREFLIGHT, command, "prod") == (1, "")
    assert run_unread("-c", PREFLIGHT, command, "prod", errors_too=True) == (1, "")


@pytest.mark.parametrize("command", ["deploy", "destroy"])
def test_what_changes_something_says_on_stderr_that_it_stopped(command: str) -> None:
    """CloudFormation does not stop, and the rest is not done."""
    code, told = run_unread("-c", PREFLIGHT, command, "prod")
    assert (code, told.count("\n")) == (1, 1)
    assert told.startswith("Stopped, for nobody reads what it says: CloudFormation goes on")
    assert run_unread("-c", PREFLIGHT, command, "prod", errors_too=True) == (1, "")


def test_an_installation_goes_on_where_nobody_reads_of_it(tmp_path: Path) -> None:
    assert run_unread("-c", f"import sys\n{INSTALL}", str(tmp_path / "done")) == (0, "")
    assert (tmp_path / "done").exists()


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_command_runs_where_its_streams_are_closed(closed: str) -> None:
    """Python has no stream there at all."""
    words = f"{shlex.quote(sys.executable)} -m chalicelib.commands --help {closed}"
    done = subprocess.run(["/bin/sh", "-c", words], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
