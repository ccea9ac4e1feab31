"""Which of the API's paths a request is for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True)
class Match:
    resource_path: str
    """As declared: /v1/staff/comments/{comment_id}"""
    path_parameters: dict[str, str]
    methods: Mapping[str, Any]
    """The path's route entries, by method."""


class RouteTable:
    def __init__(self, routes: Mapping[str, Mapping[str, Any]]) -> None:
        # Where two paths fit, API Gateway takes the one with the concrete segment.
        self._paths = sorted(routes, key=_parameters_last)
        self._routes = routes

    def find(self, raw_path: str) -> Match | None:
        """`raw_path` is still percent-encoded: an encoded slash belongs to its segment."""
        segments = [unquote(segment) for segment in _split(raw_path)]
        for path in self._paths:
            parameters = _match(_split(path), segments)
            if parameters is not None:
                return Match(path, parameters, self._routes[path])
        return None


def _split(path: str) -> list[str]:
    """API Gateway takes /v1/comments/ for /v1/comments."""
    if len(path) > 1 and path.endswith("/"):
        path = path[:-1]
    return path.split("/")


def _is_parameter(segment: str) -> bool:
    return segment.startswith("{") and segment.endswith("}")


def _parameters_last(path: str) -> list[bool]:
    return [_is_parameter(segment) for segment in _split(path)]


def _match(declared: list[str], segments: list[str]) -> dict[str, str] | None:
    if len(declared) != len(segments):
        return None
    parameters: dict[str, str] = {}
    for name, value in zip(declared, segments, strict=True):
        if _is_parameter(name) and value:
            parameters[name[1:-1]] = value
        elif name != value:
            return None
    return parameters
