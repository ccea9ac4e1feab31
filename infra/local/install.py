"""Make the virtual environments, where the locks have changed since the last time.

Runs on the system's Python before anything is installed, so it uses the standard library alone.
"""

import hashlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class CannotInstall(Exception):
    """What stands in the way, in words for the person at the terminal."""


@dataclass(frozen=True)
class Installation:
    """One lock, installed into one virtual environment."""

    venv: Path
    lock: Path

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.venv / f".installed-{self.lock.stem}"

    def fingerprint(self) -> str:
        return hashlib.sha256(sys.version.encode() + self.lock.read_bytes()).hexdigest()

    def is_current(self) -> bool:
        return self.python.exists() and self.stamp.exists() and self.stamp.read_text() == self.fingerprint()


def installations_for(purpose: str, root: Path) -> list[Installation]:
    """One lock a venv, as pip checks hashes one lock at a time: each holds the runtime's requirements too."""
    venvs = {
        "run": {".venv": "local", ".venv-emulator": "emulator"},
        "test": {".venv": "test", ".venv-emulator": "emulator"},
        "bench": {
            ".venv": "local",
            ".venv-emulator": "emulator",
            ".venv-bench": "bench",
            ".venv-peer": "peer",
        },
        "tools": {".venv-tools": "tools", ".venv-checkov": "checkov"},
        # The tools' environment for the template's translation.
        "deploy": {".venv": "local", ".venv-tools": "tools"},
        "rehearse": {".venv": "local", ".venv-emulator": "emulator", ".venv-tools": "tools"},
    }[purpose]
    return [Installation(root / venv, root / "requirements" / f"{lock}.txt") for venv, lock in venvs.items()]


def check_python() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs on whatever Python is found
        raise CannotInstall(
            f"Python 3.11 or newer is needed, and this is {sys.version.split()[0]}: "
            "install a newer one, or name it: make run PYTHON=/path/to/python3"
        )
    try:
        import ensurepip  # noqa: F401, PLC0415
    except ImportError:
        raise CannotInstall(
            "This Python cannot make virtual environments: install its venv package "
            "(Debian, Ubuntu: sudo apt install python3-venv)"
        ) from None


def install(installation: Installation) -> None:
    started = time.monotonic()
    _say(f"Installing {installation.lock.name} into {installation.venv.name}: this can take a minute")
    if not installation.python.exists():
        _run([sys.executable, "-m", "venv", "--clear", str(installation.venv)], installation)
    pip = [str(installation.python), "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]
    _run([*pip, "install", "--require-hashes", "--requirement", str(installation.lock)], installation)
    installation.stamp.write_text(installation.fingerprint())
    _say(f"Installed {installation.lock.name} in {time.monotonic() - started:.0f} s")


def _run(command: list[str], installation: Installation) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        last_lines = "\n".join(done.stdout.splitlines()[-12:])
        raise CannotInstall(
            f"{last_lines}\nInstalling {installation.lock.name} failed, see above: "
            "check the network connection, then run the same command again"
        )


def _say(line: str) -> None:
    try:
        # One write: two installations speak at once.
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read this has left (`| head -1`): what is begun is installed all the same.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(purpose: str) -> int:
    try:
        check_python()
        missing = [i for i in installations_for(purpose, ROOT) if not i.is_current()]
        with ThreadPoolExecutor(max_workers=2) as workers:
            list(workers.map(install, missing))
    except CannotInstall as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
