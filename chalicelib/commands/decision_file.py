"""A file of decisions: CSV, or a JSON object on each line. A bad line is told, and stops no other.

CSV has the columns id, revision, status, reason, in this order or as its first line names them; `reason`
may be left out. JSON objects have the same keys, as for POST /v1/staff/comments/bulk.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from chalicelib.commands.typed import LONGEST_REASON, Refused, check_text, is_id
from chalicelib.comments import Status

STATUSES: tuple[Status, ...] = get_args(Status)
_COLUMNS = ["id", "revision", "status", "reason"]
_REQUIRED = _COLUMNS[:3]
_LARGEST_REVISION = 10**18


class UnreadableFile(Exception):
    """Nothing in it can be used. The text says where and why."""


@dataclass(frozen=True)
class Wanted:
    """A decision as somebody wrote it down; `line` is None where it was typed."""

    line: int | None
    id: str
    revision: int
    status: Status
    reason: str | None


@dataclass(frozen=True)
class BadLine:
    """A line that is no decision, and why; `id` is None where it has none."""

    line: int
    id: str | None
    why: str


def read_decisions(content: bytes) -> list[Wanted | BadLine]:
    """Raises UnreadableFile."""
    try:
        # A spreadsheet may put a byte order mark in front.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnreadableFile(f"Line {line}: this is not UTF-8.") from None
    decisions = list(_read_json(text) if text.lstrip().startswith("{") else _read_csv(text))
    if not decisions:
        raise UnreadableFile("Line 1: there is no decision in it.")
    return decisions


def _read_json(text: str) -> Iterator[Wanted | BadLine]:
    # Not splitlines: that breaks at U+2028 too, which JSON may hold as it is (RFC 8259, 7).
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            yield BadLine(number, None, "this is not JSON")
            continue
        yield _check(number, entry) if isinstance(entry, dict) else BadLine(number, None, "this is no object")


def _read_csv(text: str) -> Iterator[Wanted | BadLine]:
    columns: list[str] | None = None
    for number, row in _rows(text):
        if row is None:
            yield BadLine(number, None, "this is not CSV")
            continue
        if not any(cell.strip() for cell in row):
            continue
        if columns is None:
            columns = _find_columns(row)
            if columns is not _COLUMNS:
                continue
        if len(row) > len(columns):
            yield BadLine(number, None, f"there are more than {len(columns)} columns")
            continue
        entry: dict[str, Any] = dict(zip(columns, row, strict=False))
        yield _check(number, entry | {"revision": _to_number(entry.get("revision", ""))})


def _rows(text: str) -> Iterator[tuple[int, list[str] | None]]:
    """Each row with the line on which it begins; None where that is no CSV.

    A quotation mark that is never closed takes in what follows: so reading goes on with the next line.
    """
    # As RFC 4180 has it, a row ends with a line, but a quoted cell may hold line breaks.
    lines = list(io.StringIO(text, newline=""))
    start = 0
    while start < len(lines):
        reader = csv.reader(lines[start:], strict=True)
        begins = 0
        try:
            for row in reader:
                yield start + begins + 1, row
                begins = reader.line_num
        except csv.Error:
            yield start + begins + 1, None
            start += begins + 1
        else:
            return


def _find_columns(first: list[str]) -> list[str]:
    """The columns that the first row names; `_COLUMNS` itself where it names none. Raises UnreadableFile."""
    named = [cell.strip().lower() for cell in first]
    if "id" not in named:
        return _COLUMNS
    if sorted(named) not in (sorted(_COLUMNS), sorted(_REQUIRED)):
        raise UnreadableFile(f"Line 1: the columns must be {', '.join(_COLUMNS)}; the last may be left out.")
    return named


def _to_number(cell: str) -> object:
    cell = cell.strip()
    return int(cell) if cell.isascii() and cell.isdecimal() and len(cell) <= 18 else cell


def _check(line: int, entry: dict[str, Any]) -> Wanted | BadLine:
    sent = entry.get("id")
    if not isinstance(sent, str) or not is_id(sent.strip()):
        return BadLine(line, None, "id: this is no id")
    try:
        return _read(line, sent.strip(), entry)
    except Refused as refused:
        return BadLine(line, sent.strip(), str(refused))


def _read(line: int, wanted_id: str, entry: dict[str, Any]) -> Wanted:
    """Raises Refused."""
    if not set(entry) <= set(_COLUMNS):
        raise Refused(f"there is a key that is none of {', '.join(_COLUMNS)}")
    revision, status, reason = (entry.get(name) for name in ("revision", "status", "reason"))
    # True is an int to Python, and not to JSON.
    if type(revision) is not int or not 0 < revision < _LARGEST_REVISION:
        raise Refused("revision: this is no whole number above 0")
    named = [known for known in STATUSES if isinstance(status, str) and known == status.strip()]
    if not named:
        raise Refused(f"status: this is none of {', '.join(STATUSES)}")
    return Wanted(line, wanted_id, revision, named[0], _read_reason(reason))


def _read_reason(reason: Any) -> str | None:
    """Raises Refused."""
    if reason is None or reason == "":
        return None
    if not isinstance(reason, str):
        raise Refused("reason: it is no text")
    try:
        return check_text(reason, LONGEST_REASON, may_be_blank=True)
    except Refused as refused:
        raise Refused(f"reason: {refused}") from None
