"""The data folder: everything that the next run must find again, used by one run at a time."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.local.errors import CannotRunError

SECONDS_TO_WAIT_FOR_A_DEAD_RUN = 30.0


@dataclass(frozen=True)
class DataFolder:
    root: Path

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def emulator_log(self) -> Path:
        return self.root / "emulator.log"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def mail(self) -> Path:
        return self.root / "mail"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints.json"

    @property
    def tokens(self) -> Path:
        return self.root / "tokens.json"

    @property
    def ready(self) -> Path:
        return self.root / "ready.json"

    @property
    def lock(self) -> Path:
        return self.root / "lock"


def open_folder(root: Path) -> DataFolder:
    """Readable by its owner alone: it holds private keys, tokens and mail."""
    folder = DataFolder(root.resolve())
    try:
        for directory in (folder.root, folder.state, folder.mail):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRunError(
            f"The data folder {root} cannot be made ({error.strerror}): "
            "name another with FRONTDESK_DATA=folder make run"
        ) from None
    return folder


@contextmanager
def locked(folder: DataFolder) -> Iterator[int]:
    """Yields the lock's descriptor. A child that inherits it keeps the folder locked until it has ended:
    an emulator that outlives a killed run still has the only copy of that run's data."""
    descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(descriptor, folder)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, folder: DataFolder) -> None:
    deadline = time.monotonic() + SECONDS_TO_WAIT_FOR_A_DEAD_RUN
    told = False
    while not _try_lock(descriptor):
        holder = os.pread(descriptor, 20, 0).decode()
        if _is_alive(holder) or time.monotonic() > deadline:
            raise CannotRunError(
                f"The data folder {folder.root} is in use by another run (process {holder or 'unknown'}): "
                "stop that one, or use another folder with FRONTDESK_DATA=folder make run"
            )
        if not told:
            print("Waiting for the emulator of the last run to save its data", flush=True)
            told = True
        time.sleep(0.1)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(process_id: str) -> bool:
    try:
        os.kill(int(process_id), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
