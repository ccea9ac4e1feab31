"""What became slower or faster since the last results, beyond the spread of both."""

from collections.abc import Iterator
from typing import Any

# Of medians: less than this is no news, however narrow the spread.
_NEWS = 1.05
# CPU alone is another on another machine, or on the same one busier: ratios are held together.
_COMPARED = ("init_in_B", "in_T", "in_run_T")


def compare(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """One line for each figure that moved, with the commits between which it did."""
    commits = f"{before['about']['commit']}..{now['about']['commit']}"
    lines = [*_moved(before, now, commits)]
    for name, most in (("zip_bytes", before.get("zip_bytes")),):
        if most and now[name] > most * _NEWS:
            lines.append(f"Larger: {name}, {most:,} to {now[name]:,}, in {commits}")
    return lines or [f"Nothing moved beyond the spread since {before['about']['commit']}."]


def _moved(before: dict[str, Any], now: dict[str, Any], commits: str) -> Iterator[str]:
    earlier, later = dict(_ratios(before)), dict(_ratios(now))
    for name in earlier.keys() & later.keys():
        old, new = earlier[name], later[name]
        if new["low"] > old["high"] and new["median"] > old["median"] * _NEWS:
            yield f"Slower: {name}, {old['median']} to {new['median']}, in {commits}"
        if new["high"] < old["low"] and new["median"] * _NEWS < old["median"]:
            yield f"Faster: {name}, {old['median']} to {new['median']}, in {commits}"


def _ratios(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(part, dict):
        return
    for name, value in part.items():
        if name in _COMPARED:
            yield f"{path} {name}".strip(), value
        else:
            yield from _ratios(value, f"{path} / {name}".strip(" /"))
