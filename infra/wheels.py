"""The wheels that the zip is made of, kept in a folder: packaging needs the network once for each lock.

    python -m infra.wheels

fetches those for both architectures, where they are not there yet: `make test` and `make bench` do it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from chalicelib.commands.ending import end_quietly

ROOT = Path(__file__).resolve().parents[1]
# glibc of Lambda's Amazon Linux: 2.26 up to Python 3.11, 2.34 from 3.12 on. pip takes each tag literally.
_OLDEST_GLIBC = 17
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
_PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]


class CannotFetchError(Exception):
    """The last lines of what pip said."""


def install_wheels(root: Path, architecture: str, target: Path) -> None:
    """Install the lock's wheels for a Lambda of `architecture` into `target`. Raises CannotFetchError.

    Hashes are checked, when a wheel is fetched and when it is installed.
    """
    folder = fetch_wheels(root, architecture)
    only_there = ["--no-index", f"--find-links={folder}", "--no-compile", f"--target={target}"]
    _run_pip("install", *only_there, *_checked(root, architecture))


def fetch_wheels(root: Path, architecture: str) -> Path:
    """Return the folder with them. Raises CannotFetchError."""
    folder = root / ".wheels" / f"{architecture}-3.{sys.version_info.minor}"
    stamp = folder / "lock"
    lock = hashlib.sha256((root / "requirements.txt").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _run_pip("download", f"--dest={folder}", *_checked(root, architecture))
        stamp.write_text(lock)
    return folder


def _checked(root: Path, architecture: str) -> list[str]:
    return [
        "--require-hashes",
        "--only-binary=:all:",
        "--no-deps",
        *(f"--platform={platform}" for platform in _platforms(architecture)),
        f"--python-version=3.{sys.version_info.minor}",
        "--implementation=cp",
        f"--requirement={root / 'requirements.txt'}",
    ]


def _platforms(architecture: str) -> list[str]:
    machine = MACHINES[architecture]
    newest = 26 if sys.version_info < (3, 12) else 34
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(newest, _OLDEST_GLIBC - 1, -1)]
    return [*tags, f"manylinux2014_{machine}"]


def _run_pip(*arguments: str) -> None:
    done = subprocess.run(
        [*_PIP, *arguments],
        env=os.environ.copy(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotFetchError("\n".join(done.stdout.splitlines()[-12:]))


def main() -> int:
    try:
        for architecture in MACHINES:
            fetch_wheels(ROOT, architecture)
    except CannotFetchError as error:
        print(f"{error}\nThe dependencies could not be fetched, see above", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(end_quietly(main))
