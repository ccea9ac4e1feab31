"""Execution environments: fresh loads, one event at a time, no more of them than allowed."""

import os
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from infra.local.environments import Functions, Pool, load_module

APP = """
import os
from types import SimpleNamespace
seen = dict(os.environ)
events = []

def app(event, context):
    events.append(event)
    return {"function": seen["FUNCTION"], "left": context.get_remaining_time_in_millis()}

app.routes = {"/": {"GET": seen["FUNCTION"]}, f"/{seen['FUNCTION']}": {}}

def mail(event, context):
    return seen["FUNCTION"]
"""


@pytest.fixture
def app_file(tmp_path: Path) -> Path:
    file = tmp_path / "app.py"
    file.write_text(APP)
    return file


def test_each_load_is_fresh_and_sees_its_own_environment(app_file: Path) -> None:
    before = dict(os.environ)
    first = load_module(app_file, {"FUNCTION": "public"})
    second = load_module(app_file, {"FUNCTION": "staff"})
    assert first.seen == {"FUNCTION": "public"}
    assert second.seen == {"FUNCTION": "staff"}
    assert first.events is not second.events
    assert dict(os.environ) == before


def test_environment_is_restored_where_the_load_fails(tmp_path: Path) -> None:
    before = dict(os.environ)
    (tmp_path / "app.py").write_text("raise ValueError('wrong setting')")
    with pytest.raises(ValueError, match="wrong setting"):
        load_module(tmp_path / "app.py", {"FUNCTION": "public"})
    assert dict(os.environ) == before


def test_functions_call_their_own_handlers(app_file: Path) -> None:
    functions = Functions(
        lambda name: load_module(app_file, {"FUNCTION": name}), {"public": 1, "staff": 1, "mail": 1}
    )
    answer: dict[str, Any] = functions.invoke("public", {})
    assert answer["function"] == "public"
    assert 0 < answer["left"] <= 29_000
    assert functions.invoke("mail", {}) == "mail"
    assert functions.routes().keys() == {"/", "/public", "/staff"}


def counting_pool(maximum: int) -> tuple[Pool, list[ModuleType]]:
    loaded: list[ModuleType] = []

    def load() -> ModuleType:
        loaded.append(ModuleType("stand_in"))
        return loaded[-1]

    return Pool(load, maximum), loaded


def test_idle_environment_is_used_again() -> None:
    pool, loaded = counting_pool(8)
    for _ in range(3):
        with pool.lease():
            pass
    assert len(loaded) == 1


def test_pool_grows_while_all_are_busy() -> None:
    pool, loaded = counting_pool(2)
    with pool.lease() as first, pool.lease() as second:
        assert first is not second
    assert len(loaded) == 2


def test_caller_beyond_the_maximum_gets_what_is_handed_back() -> None:
    pool, loaded = counting_pool(1)
    taken: list[ModuleType] = []

    def take() -> None:
        with pool.lease() as module:
            taken.append(module)

    waiter = threading.Thread(target=take)
    with pool.lease():
        waiter.start()
        assert taken == []
    waiter.join(10)
    assert taken == loaded
    assert len(loaded) == 1


def test_failed_load_leaves_its_place_free() -> None:
    attempts = iter([ImportError(), None])

    def load() -> ModuleType:
        if error := next(attempts):
            raise error
        return ModuleType("stand_in")

    pool = Pool(load, 1)
    with pytest.raises(ImportError), pool.lease():
        pass
    with pool.lease() as module:
        assert module.__name__ == "stand_in"


def test_environment_is_handed_back_after_an_error() -> None:
    pool, loaded = counting_pool(1)
    with pytest.raises(ValueError, match="x"), pool.lease():
        raise ValueError("x")
    with pool.lease():
        assert len(loaded) == 1


def test_an_old_environment_is_replaced() -> None:
    """Before its role's credentials expire."""
    seconds = 0.0
    loaded: list[ModuleType] = []

    def load() -> ModuleType:
        loaded.append(ModuleType(f"environment{len(loaded)}"))
        return loaded[-1]

    pool = Pool(load, 1, lambda: seconds)
    with pool.lease():
        pass
    seconds = 6 * 3600 + 1
    with pool.lease() as old:
        assert old is loaded[0]
    with pool.lease() as new:
        assert new is loaded[1]
