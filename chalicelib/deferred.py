"""What is not imported before it is used: each function loads what its own routes and events need.

The pydantic models and handlers of routes that a function does not serve were a tenth of its cold start
(docs/performance.md).
"""

from importlib import import_module
from typing import Any


class Deferred:
    """Something of a module, by name. `load` imports it; so does calling it."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self.__name__ = name
        self._loaded: Any = None

    def load(self) -> Any:
        if self._loaded is None:
            self._loaded = getattr(import_module(self._module), self.__name__)
        return self._loaded

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.load()(*arguments, **named)


class DeferredModule:
    """Stands for a module: `module.thing` is a Deferred."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Deferred:
        return Deferred(self._name, name)


def loaded(thing: Any) -> Any:
    """Return what a Deferred stands for; anything else is itself."""
    return thing.load() if isinstance(thing, Deferred) else thing
