"""Keyed hashes: they recognise, and under another purpose, secret or day they say nothing."""

from datetime import date
from hashlib import sha256

import pytest

from chalicelib.privacy.hashing import Hasher

HASHER = Hasher({"h1": b"1" * 32})
DAY = date(2026, 3, 4)


def test_purposes_and_secrets_part_the_hashes() -> None:
    hashes = {
        Hasher({"h1": secret}).digest(purpose, message)
        for secret in (b"1" * 32, b"2" * 32)
        for purpose in ("a", "b")
        for message in ("x", "y")
    }
    assert len(hashes) == 8
    assert {len(digest) for digest in hashes} == {32}
    assert sha256(b"x").digest() not in hashes


def test_address_is_recognised_in_any_case_and_names_its_key() -> None:
    assert HASHER.address("Jo@Example.org") == HASHER.address("jo@example.org")
    assert HASHER.address("jo@example.org") != HASHER.address("jo2@example.org")
    assert HASHER.address("jo@example.org").startswith("h1.")


def test_last_secret_is_the_current_one() -> None:
    rotated = Hasher({"h1": b"1" * 32, "h2": b"2" * 32})
    assert rotated.address("jo@example.org").startswith("h2.")
    assert rotated.digest("a", "x") == Hasher({"h2": b"2" * 32}).digest("a", "x")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("2001:DB8::1", "2001:db8:0:0::1", True),
        ("no address", "another", True),
    ],
)
def test_network_is_an_address_or_an_ipv6_64(one: str, other: str, same: bool) -> None:
    assert (HASHER.network(one, DAY) == HASHER.network(other, DAY)) is same


def test_network_is_another_each_day_and_shows_no_address() -> None:
    today, tomorrow = HASHER.network("203.0.113.7", DAY), HASHER.network("203.0.113.7", date(2026, 3, 5))
    assert today != tomorrow
    assert len(today) == 32


@pytest.mark.parametrize(
    ("one", "other"), [("jo@straße.example", "jo@strasse.example"), ("jo@οδος.example", "jo@οδοσ.example")]
)
def test_addresses_at_two_domains_have_two_hashes(one: str, other: str) -> None:
    """Case folding would make them one: then an export would hand out somebody else's letters."""
    assert HASHER.address(one) != HASHER.address(other)
