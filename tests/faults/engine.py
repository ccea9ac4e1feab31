"""The engine under the matrix: ministack in a process of its own, and the SDK's clients of it.

Clients race on it as they do on AWS, and it is real in what moto is not: conditions hold between
threads, and a ClientRequestToken makes a repeated transaction one.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import botocore.session
from botocore.config import Config

from infra.local.aws import CREDENTIAL, REGION
from infra.local.emulator import start_emulator
from infra.local.folder import locked, open_folder
from infra.local.running import read_options

# A busy machine is not a fault: only those that are injected may be met.
_NO_HURRY = Config(connect_timeout=30, read_timeout=60, max_pool_connections=20)


@contextmanager
def running_engine(root: Path) -> Iterator[str]:
    """Yield the endpoint of an emulator that lives in the folder `root`."""
    folder = open_folder(root)
    with locked(folder) as lock:
        emulator = start_emulator(read_options(os.environ).emulator_python, folder, lock)
        try:
            emulator.wait_until_healthy(lambda: None)
            yield emulator.endpoint
        finally:
            emulator.stop()


def make_client(endpoint: str, service: str, config: Config | None = None) -> Any:
    session: Any = botocore.session.get_session()
    return session.create_client(
        service,
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=CREDENTIAL,
        aws_secret_access_key=CREDENTIAL,
        config=(config or Config()).merge(_NO_HURRY),
    )


class Session:
    """Stands for botocore's session: clients as wiring asks for them, each prepared by `prepare`."""

    def __init__(self, endpoint: str, prepare: Callable[[Any], None]) -> None:
        self._endpoint = endpoint
        self._prepare = prepare
        self._clients: dict[str, Any] = {}

    def create_client(self, service: str, config: Config) -> Any:
        if service not in self._clients:
            self._clients[service] = make_client(self._endpoint, service, config)
            self._prepare(self._clients[service])
        return self._clients[service]


@contextmanager
def patient_sdk() -> Iterator[None]:
    """The SDK tries again as ever, but does not sleep, and its retries are not used up by earlier cases."""
    with (
        patch("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None)),
        patch("botocore.retries.quota.RetryQuota.acquire", lambda _self, _amount: True),
    ):
        yield
