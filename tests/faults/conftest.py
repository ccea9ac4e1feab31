"""One engine for all cases of a process."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from tests.faults.engine import patient_sdk, running_engine
from tests.faults.matrix import Case, Outcome, play
from tests.faults.world import Engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with running_engine(tmp_path_factory.mktemp("engine")) as endpoint, patient_sdk():
        yield Engine(endpoint)


@pytest.fixture(scope="session")
def record(engine: Engine, keys: dict[str, str]) -> Callable[[str], Outcome]:
    """`record(story)`: the story without a fault."""
    return cache(lambda story: play(engine, keys, Case(story)))
