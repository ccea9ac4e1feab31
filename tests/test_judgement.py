"""What makes a submission suspect, and what makes it spam."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from chalicelib.judgement import HONEYPOT, Reason, is_spam, judge, make_form_token
from chalicelib.privacy.hashing import Hasher

HASHER = Hasher({"h1": sha256(b"one").digest()})
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
TOKEN = make_form_token("comment", AT, HASHER)


def codes(token: str = TOKEN, *, after: float = 60, website: str = "", kind: str = "comment") -> list[str]:
    return [r.code for r in judge(kind, website, token, AT + timedelta(seconds=after), HASHER)]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-1, ["form_token_too_young"]),
        (0, ["form_token_too_young"]),
        (2.9, ["form_token_too_young"]),
        (3, []),
        (86_400, []),
        (86_401, ["form_token_too_old"]),
    ],
)
def test_form_token_is_good_from_three_seconds_to_a_day(seconds: float, expected: list[str]) -> None:
    assert codes(after=seconds) == expected


@pytest.mark.parametrize("token", ["x", TOKEN[:-1], TOKEN + "A", "MTA." + "A" * 22])
def test_made_up_form_token_is_forged(token: str) -> None:
    assert codes(token) == ["form_token_forged"]


def test_form_token_of_the_other_form_is_forged() -> None:
    assert codes(kind="enquiry") == ["form_token_forged"]


def test_missing_form_token_is_said() -> None:
    assert codes("") == ["form_token_missing"]


def test_filled_honeypot_comes_first_and_alone_makes_spam() -> None:
    assert codes("", website="http://x") == ["honeypot", "form_token_missing"]
    assert codes(website=" \t") == []
    assert is_spam((HONEYPOT,))
    assert not is_spam(judge("comment", "", "", AT, HASHER))
    assert not is_spam((Reason("other", "Another."),))
