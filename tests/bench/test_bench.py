"""What the bench counts and compares. No time is measured here."""

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from bench import scene
from bench.compare import compare
from bench.figures import figure, ratio
from bench.plots import bars, lines
from bench.units import item_size, items_of, read_units, write_units, written_by
from bench.words import prose, worst_texts
from chalicelib.config import read_settings
from infra.functions import FUNCTIONS


def result(commit: str, *values: float, size: int = 7_000_000) -> dict[str, Any]:
    return {
        "about": {"commit": commit},
        "zip_bytes": size,
        "warm_requests": {"post": {"in_T": figure(list(values)).to_json(), "cpu_ms": {"median": 1.0}}},
    }


def test_slower_beyond_the_spread_is_told_with_its_commits() -> None:
    [line] = compare(result("a", 1.0, 1.1, 1.2), result("b", 1.3, 1.4, 1.5))
    assert line == "Slower: warm_requests / post in_T, 1.1 to 1.4, in a..b"
    [line] = compare(result("a", 1.3, 1.4, 1.5), result("b", 1.0, 1.1, 1.2))
    assert line.startswith("Faster: warm_requests / post in_T")


def test_within_the_spread_nothing_is_told() -> None:
    assert compare(result("a", 1.0, 1.2, 1.6), result("b", 1.1, 1.3, 1.7)) == [
        "Nothing moved beyond the spread since a."
    ]


def test_larger_zip_is_told() -> None:
    [line] = compare(result("a", 1.0, 1.0), result("b", 1.0, 1.0, size=7_500_000))
    assert line == "Larger: zip_bytes, 7,000,000 to 7,500,000, in a..b"


def test_ratios_are_of_what_was_taken_in_turn() -> None:
    assert ratio([2.0, 8.0, 3.0], [1.0, 4.0, 1.0]).median == 2.0


def test_units_are_dynamodbs() -> None:
    assert (
        item_size({"id": {"S": "\u00e9"}, "n": {"N": "1234"}, "b": {"B": "AAAA"}, "t": {"BOOL": True}}) == 14
    )
    put = {"Put": {"Item": {"id": {"S": "x" * 1023}}}}
    body = {"TransactItems": [put, {"ConditionCheck": {}}, {"Update": {}}]}
    # 1,025 bytes are two units; checks and updates one each; a transaction costs double.
    assert write_units("TransactWriteItems", body) == 8.0
    assert items_of("TransactWriteItems", body, {}) == 3
    assert written_by("TransactWriteItems", body) == 2
    page = {"Items": [{"id": {"S": "x" * 4095}}] * 2}
    assert read_units("Query", {}, page) == 1.5
    assert read_units("GetItem", {"ConsistentRead": True}, {}) == 1.0


def test_texts_are_as_long_as_a_message_may_be() -> None:
    assert len(prose(300, 1)) == 300
    assert prose(300, 1) != prose(300, 2)
    texts = worst_texts()
    assert len(texts) > 20
    assert all(
        3_000 < len(text) <= 5_000 or name == "what composing makes longer" for name, text in texts.items()
    )


def test_plots_are_well_formed() -> None:
    for plot in (
        bars("A & B", [("<x>", 1.0, 0.9, 1.2)], 1.5, "T"),
        lines("Growth", {"list": [(100.0, 1.0), (10_000.0, 1.1)]}, "comments", "ms"),
    ):
        assert ET.fromstring(plot).tag.endswith("svg")  # noqa: S314


@pytest.mark.parametrize("function", [known.name for known in FUNCTIONS])
def test_functions_start_with_the_settings_that_the_bench_gives_them(function: str) -> None:
    given = scene.environment(function, "http://127.0.0.1:1", "site-1000")
    assert read_settings(given).comments_table == "frontdesk-site-1000-comments"
