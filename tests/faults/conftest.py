"""One engine for all cases of a process."""

from collections.abc import Iterator

import pytest

from tests.faults.engine import patient_sdk, running_engine
from tests.faults.world import Engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with running_engine(tmp_path_factory.mktemp("engine") / "data") as endpoint, patient_sdk():
        yield Engine(endpoint)
