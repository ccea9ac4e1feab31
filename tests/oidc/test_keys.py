"""The issuer's keys are asked for when they are needed, and no more often than must be."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.errors import Unavailable
from chalicelib.oidc.fetching import CannotFetch
from chalicelib.oidc.keys import KEPT, PAUSE, IssuerKeys

SECOND = timedelta(seconds=1)


class Served:
    """An issuer whose answer can change, and the clock."""

    def __init__(self, *kids: str) -> None:
        self.now = datetime(2026, 3, 4, tzinfo=UTC)
        self.asked = 0
        self.answer: bytes | None = b""
        self.publish(*kids)
        self.keys = IssuerKeys(self._fetch, lambda: self.now)

    def publish(self, *kids: str) -> None:
        self.answer = json.dumps({"keys": [{"kid": kid, "kty": "RSA"} for kid in kids]}).encode()

    def _fetch(self) -> bytes:
        self.asked += 1
        if self.answer is None:
            raise CannotFetch("status 500")
        return self.answer

    def knows(self, kid: str) -> bool:
        return self.keys.find(kid) is not None


def test_nothing_is_fetched_before_it_is_needed() -> None:
    served = Served("a")
    assert served.asked == 0
    assert served.knows("a")
    assert served.asked == 1


def test_known_key_is_fetched_again_only_when_it_has_been_kept_long_enough() -> None:
    served = Served("a")
    for _ in range(100):
        assert served.knows("a")
    served.now += KEPT - SECOND
    assert served.knows("a")
    assert served.asked == 1
    served.publish("b")
    served.now += SECOND
    assert not served.knows("a")
    assert served.asked == 2


def test_new_key_is_found_as_soon_as_a_token_names_it() -> None:
    served = Served("a")
    assert served.knows("a")
    served.publish("a", "b")
    served.now += PAUSE
    assert served.knows("b")


def test_unknown_ids_do_not_make_us_call_the_issuer_again_and_again() -> None:
    served = Served("a")
    for second in range(300):
        assert not served.knows(f"made up {second}")
        assert served.knows("a")
        served.now += SECOND
    assert served.asked == 300 // int(PAUSE.total_seconds())


def test_unreachable_issuer_is_an_outage_and_is_not_called_again_and_again() -> None:
    served = Served("a")
    served.answer = None
    for _ in range(300):
        with pytest.raises(Unavailable):
            served.knows("a")
        served.now += SECOND
    assert served.asked == 300 // int(PAUSE.total_seconds())
    served.publish("a")
    assert served.knows("a")


def test_known_key_outlives_an_outage_as_long_as_it_is_kept() -> None:
    served = Served("a")
    assert served.knows("a")
    served.answer = None
    served.now += PAUSE
    for _ in range(2):
        with pytest.raises(Unavailable):
            served.knows("unknown")
        assert served.knows("a")
    served.now += KEPT
    with pytest.raises(Unavailable):
        served.knows("a")


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b"{}",
        b'{"keys": 7}',
        b'{"keys": null}',
        b"\xff",
        b"[" * 60_000,
        b"<html>",
    ],
)
def test_document_that_is_no_set_of_keys_is_an_outage(document: bytes) -> None:
    served = Served()
    served.answer = document
    with pytest.raises(Unavailable):
        served.knows("a")


@pytest.mark.parametrize("entry", [7, None, "a", [], {}, {"kid": 7}, {"kid": None}, {"kid": ["a"]}])
def test_entry_that_is_no_key_is_passed_over(entry: Any) -> None:
    served = Served()
    served.answer = json.dumps({"keys": [entry, {"kid": "a", "kty": "RSA"}]}).encode()
    assert served.knows("a")
