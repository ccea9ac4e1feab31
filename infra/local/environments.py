"""Execution environments, as in Lambda: each a fresh load of the app that handles one event at a time."""

import importlib.util
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

SECONDS_PER_INVOCATION = 29.0
# Waiting for an environment and using it must end before a client gives up.
SECONDS_FOR_A_PLACE = 8.0
# As Lambda does from time to time; here it is also sooner than the role's credentials expire.
SECONDS_PER_ENVIRONMENT = 6 * 3600.0
MAXIMA = {
    "public": 8,
    "staff": 4,
    "authorizer": 2,
    "relay": 1,
    "mail": 1,
    "delivery_events": 1,
    "housekeeping": 1,
}

_process_environment = threading.Lock()
_numbers = count(1)


def load_module(file: Path, environment: Mapping[str, str]) -> ModuleType:
    """Import `file` anew, seeing `environment` and nothing else."""
    name = f"execution_environment_{next(_numbers)}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    with process_environment(environment):
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return module


@contextmanager
def process_environment(environment: Mapping[str, str]) -> Iterator[None]:
    """os.environ is `environment` and nothing else, also for the SDK as it makes its clients."""
    # There is one os.environ for all threads: two at a time would see each other's settings.
    with _process_environment:
        before = dict(os.environ)
        _replace_environment(environment)
        try:
            yield
        finally:
            _replace_environment(before)


def _replace_environment(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


class Pool:
    """Grows on demand up to `maximum`; beyond it a caller waits for a module to be handed back."""

    def __init__(
        self, load: Callable[[], ModuleType], maximum: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load
        self._clock = clock
        self._loaded_at: dict[int, float] = {}
        self._idle: list[ModuleType] = []
        self._may_grow_by = maximum
        self._changed = threading.Condition()

    @contextmanager
    def lease(self) -> Iterator[ModuleType]:
        module = self._take_idle() or self._grow()
        try:
            yield module
        finally:
            with self._changed:
                if self._is_old(module):
                    self._may_grow_by += 1
                else:
                    self._idle.append(module)
                self._changed.notify()

    def _is_old(self, module: ModuleType) -> bool:
        return self._clock() - self._loaded_at[id(module)] > SECONDS_PER_ENVIRONMENT

    def _take_idle(self) -> ModuleType | None:
        """None: the caller may load another. Raises TimeoutError."""
        with self._changed:
            while not self._idle:
                if self._may_grow_by > 0:
                    self._may_grow_by -= 1
                    return None
                if not self._changed.wait(SECONDS_FOR_A_PLACE):
                    raise TimeoutError("no execution environment is free")
            return self._idle.pop()

    def _grow(self) -> ModuleType:
        try:
            module = self._load()
            self._loaded_at[id(module)] = self._clock()
            return module
        except BaseException:
            with self._changed:
                self._may_grow_by += 1
                self._changed.notify()
            raise


@dataclass(frozen=True)
class LambdaContext:
    function_name: str
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = "512"
    _deadline: float = field(default_factory=lambda: time.monotonic() + SECONDS_PER_INVOCATION)

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class Functions:
    """The functions of the stack, by name."""

    def __init__(self, load: Callable[[str], ModuleType], maxima: Mapping[str, int] = MAXIMA) -> None:
        self._pools = {name: Pool(_bind(load, name), maximum) for name, maximum in maxima.items()}

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        with self._pools[function].lease() as module:
            handler = module.app if function in ("public", "staff") else getattr(module, function)
            return handler(event, LambdaContext(function))

    def warm_up(self) -> None:
        """Load one of each: a wrong setting shows at start, and the first visitor does not wait."""
        for pool in self._pools.values():
            with pool.lease():
                pass

    def routes(self) -> dict[str, dict[str, Any]]:
        """The route tables of the public and staff functions, joined, as one API Gateway has both."""
        joined: dict[str, dict[str, Any]] = {}
        for function in ("public", "staff"):
            with self._pools[function].lease() as module:
                for path, methods in module.app.routes.items():
                    joined.setdefault(path, {}).update(methods)
        return joined


def _bind(load: Callable[[str], ModuleType], name: str) -> Callable[[], ModuleType]:
    return lambda: load(name)
