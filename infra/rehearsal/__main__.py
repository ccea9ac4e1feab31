"""Rehearse a deployment on this machine: from nothing to nothing, an upgrade, two roll-backs, two removals.

    python -m infra.rehearsal

`make rehearse` runs it; docs/deploy.md tells what it does, and what the emulator leaves out. It reaches no
AWS. The exit code is 0 when all held, 1 when something did not, with where the logs are.
"""

import platform
import shutil
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import NoReturn

from chalicelib.commands.ending import end_quietly
from infra.local.errors import CannotRunError
from infra.package import ROOT
from infra.rehearsal.account import running_account
from infra.rehearsal.errors import RehearsalError
from infra.rehearsal.program import Rehearsal
from infra.rehearsal.steps import Steps
from infra.rehearsal.terminal import Terminal

_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def main() -> int:
    signal.signal(signal.SIGTERM, _interrupt)
    work = Path(tempfile.mkdtemp(prefix="frontdesk-rehearsal-"))
    steps = Steps(lambda line: print(line, flush=True))
    try:
        _rehearse(work, steps)
    except KeyboardInterrupt:
        print("Interrupted: everything that was started has ended", file=sys.stderr)
        shutil.rmtree(work, ignore_errors=True)
        return 130
    except Exception as error:
        # An answer of another shape than it should have is a step that failed, like any other.
        (work / "traceback.log").write_text(traceback.format_exc())
        known = isinstance(error, (RehearsalError, CannotRunError))
        why = str(error) if known else f"{type(error).__name__}: {error}"
        print(f"Failed: {steps.current}: {why.rstrip('.')}. The logs are in {work}", file=sys.stderr)
        return 1
    shutil.rmtree(work, ignore_errors=True)
    print(f"{steps.seconds():5.1f} s  The rehearsal went well")
    return 0


def _rehearse(work: Path, steps: Steps) -> None:
    logs = work / "logs"
    logs.mkdir()
    with running_account(work / "emulator", ROOT / ".venv-emulator" / "bin" / "python") as account:
        terminal = Terminal(account, logs, _architecture())
        try:
            Rehearsal(ROOT, work, account, terminal, steps).run()
        except Exception:
            (logs / "functions.log").write_text("\n".join(account.function_logs()))
            raise


def _architecture() -> str:
    """Lambda's word for this machine's, where the emulator runs the functions. Raises RehearsalError."""
    machine = platform.machine().lower()
    if machine not in _ARCHITECTURES or sys.platform != "linux":
        raise RehearsalError(
            f"The functions' dependencies are built for Linux, and this is {sys.platform} on {machine}: "
            "rehearse in a container or a virtual machine with Linux"
        )
    return _ARCHITECTURES[machine]


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(end_quietly(main))
