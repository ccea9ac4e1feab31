"""The AWS emulator: a child process that listens on 127.0.0.1 and keeps its state in the data folder."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from infra.local.errors import CannotRunError
from infra.local.folder import DataFolder

SECONDS_TO_START = 30.0
SECONDS_TO_SAVE = 60.0
SECONDS_BEFORE_SAYING_SO = 3.0
SERVICES = ("cloudformation", "dynamodb", "dynamodbstreams", "sqs", "ses", "sts", "iam")

# No proxy: the machine's own proxy settings must not send a loopback request elsewhere.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Emulator:
    def __init__(self, process: subprocess.Popen[bytes], endpoint: str) -> None:
        self._process = process
        self.endpoint = endpoint

    def wait_until_healthy(self, check_stopping: Callable[[], None]) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._is_healthy():
            check_stopping()
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise CannotRunError("The emulator did not start: see emulator.log in the data folder")
            time.sleep(0.05)

    def _is_healthy(self) -> bool:
        try:
            with _opener.open(f"{self.endpoint}/_ministack/health", timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def has_ended(self) -> bool:
        """Waits a moment: a connection breaks before the process is gone."""
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            return False
        return True

    def wait(self) -> int:
        return self._process.wait()

    def stop(self) -> None:
        """Returns when the state is saved: the emulator saves on SIGTERM, and at no other time."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(SECONDS_BEFORE_SAYING_SO)
        except subprocess.TimeoutExpired:
            print("Saving the data", flush=True)
            self._wait_for_the_rest()

    def _wait_for_the_rest(self) -> None:
        try:
            self._process.wait(SECONDS_TO_SAVE - SECONDS_BEFORE_SAYING_SO)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            print(
                "The emulator did not end in time: what came in during this run may not be saved", flush=True
            )


def start_emulator(
    python: Path, folder: DataFolder, lock_descriptor: int, more_services: Sequence[str] = ()
) -> Emulator:
    if not python.exists():
        raise CannotRunError("The emulator is not installed: start with make run, which installs it")
    port = find_free_port()
    with folder.emulator_log.open("wb") as log:
        process = subprocess.Popen(
            [str(python), str(Path(__file__).with_name("emulator_process.py"))],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=emulator_environment(port, folder, (*SERVICES, *more_services)),
            cwd=folder.state,
            pass_fds=[lock_descriptor],
            # Ctrl-C goes to a whole process group; the emulator must outlive what still writes to it.
            process_group=0,
        )
    return Emulator(process, f"http://127.0.0.1:{port}")


def emulator_environment(port: int, folder: DataFolder, services: Sequence[str]) -> dict[str, str]:
    """All that the emulator is told. The caller's own variables stay out: an AWS profile or SMTP_HOST
    of theirs would change what it does."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder.state),
        "TMPDIR": str(folder.state),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": ",".join(services),
        # IAM is evaluated, and each function acts in its own role: see infra/local/roles.py.
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder.state),
        # Both would open ports on every interface.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # At INFO it logs the addresses that mail is sent to.
        "LOG_LEVEL": "WARNING",
    }


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
