"""A subject's audit entries are a chain: none can be altered, taken out or put in without breaking it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.audit import Act, Entry, chain, find_break

AT = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)


def a_chain(length: int = 5) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(length):
        act = Act("c1", "token:t1", "decide", AT, before="pending", after="approved", reason=f"r{number}")
        entries.append(chain(act, entries[-1] if entries else None))
    return entries


def test_chain_that_nobody_touched_holds() -> None:
    assert find_break(a_chain()) is None
    assert find_break([]) is None


@pytest.mark.parametrize(
    "altered",
    [
        {"actor": "token:t2"},
        {"action": "read"},
        {"after": "spam"},
        {"reason": None},
        {"at": datetime(2026, 3, 4, tzinfo=UTC)},
        {"subject": "c2"},
        {"read_ids": ("c9",)},
    ],
)
def test_altered_act_breaks_the_chain_there(altered: dict[str, object]) -> None:
    entries = a_chain()
    entries[2] = replace(entries[2], act=replace(entries[2].act, **altered))  # type: ignore[arg-type]
    assert find_break(entries) == 3


def test_entry_that_was_hashed_anew_breaks_the_chain_behind_it() -> None:
    entries = a_chain()
    entries[2] = chain(replace(entries[2].act, after="spam"), entries[1])
    assert find_break(entries) == 4


@pytest.mark.parametrize("gone", [0, 2, 3])
def test_missing_entry_breaks_the_chain_where_it_was(gone: int) -> None:
    entries = a_chain()
    del entries[gone]
    assert find_break(entries) == gone + 1


def test_entry_that_was_put_in_breaks_the_chain() -> None:
    entries = a_chain()
    entries.insert(2, entries[1])
    assert find_break(entries) == 3


def test_swapped_entries_break_the_chain() -> None:
    entries = a_chain()
    entries[1], entries[2] = entries[2], entries[1]
    assert find_break(entries) == 2
