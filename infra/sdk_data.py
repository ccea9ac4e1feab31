"""The part of botocore's data that the functions use: it reads megabytes of JSON at each start otherwise.

Which operations those are is in sdk_calls.json; tests/policies/test_policies.py holds it to the calls that
are recorded in the story of everything that the functions do.
"""

import json
import re
from pathlib import Path
from typing import Any

import botocore.session

CALLS = Path(__file__).with_name("sdk_calls.json")
# Where an account's own endpoint would be found from ARNs in the request: tables are called by name here.
_NEEDLESS = "operationContextParams"
_WHOLE = ("_retry", "partitions", "sdk-default-configuration")


def read_calls() -> dict[str, list[str]]:
    """The operations that are called, by service."""
    calls: dict[str, list[str]] = json.loads(CALLS.read_text())
    return calls


def write_sdk_data(folder: Path) -> None:
    """Fill `folder` with what a botocore.loaders.Loader that looks nowhere else needs for these calls.

    Without a service's endpoint rules: the SDK then takes its endpoint from the older list, once, and works
    no rules out anew for each call. A test holds that both name the same ones.
    """
    loader: Any = botocore.session.Session().get_component("data_loader")
    calls = read_calls()
    for name in _WHOLE:
        _write(folder / f"{name}.json", loader.load_data(name))
    _write(folder / "endpoints.json", _cut_endpoints(loader.load_data("endpoints"), set(calls)))
    for service, operations in calls.items():
        version = loader.determine_latest_version(service, "service-2")
        place = folder / service / version
        model = loader.load_service_model(service, "service-2", version)
        _write(place / "service-2.json", cut_model(model, operations))


def cut_model(model: dict[str, Any], operations: list[str]) -> dict[str, Any]:
    """A service's model with these operations alone, and the shapes that they need."""
    kept = {name: _without(_NEEDLESS, model["operations"][name]) for name in operations}
    shapes: dict[str, Any] = {}
    wanted = _shapes_in(kept)
    while wanted:
        name = wanted.pop()
        shapes[name] = model["shapes"][name]
        wanted |= _shapes_in(shapes[name]) - set(shapes)
    cut: dict[str, Any] = _without_documentation(
        {**model, "operations": kept, "shapes": dict(sorted(shapes.items()))}
    )
    return cut


def _without(name: str, part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != name}


def _shapes_in(part: Any) -> set[str]:
    """Which shapes a part of a model refers to."""
    return set(re.findall(r'"shape": "([^"]+)"', json.dumps(part)))


def _without_documentation(part: Any) -> Any:
    if isinstance(part, dict):
        # A member of that name is a dict.
        return {
            name: _without_documentation(value)
            for name, value in part.items()
            if not (name == "documentation" and isinstance(value, str))
        }
    return [_without_documentation(value) for value in part] if isinstance(part, list) else part


def _cut_endpoints(endpoints: dict[str, Any], services: set[str]) -> dict[str, Any]:
    # SESv2's endpoints are called email: botocore's own name for where it is.
    prefixes = services | {"email"}
    partitions = [
        {
            **partition,
            "services": {name: value for name, value in partition["services"].items() if name in prefixes},
        }
        for partition in endpoints["partitions"]
    ]
    return {**endpoints, "partitions": partitions}


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, separators=(",", ":")))
