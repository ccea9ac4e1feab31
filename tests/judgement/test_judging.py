"""What makes a submission suspect, and what makes it spam."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from chalicelib.judgement.form_tokens import make_form_token
from chalicelib.judgement.judging import judge
from chalicelib.judgement.reasons import Judgement
from chalicelib.judgement.rules_file import DEFAULT_RULES, read_rules
from chalicelib.judgement.submitted import Kind, Submitted
from chalicelib.privacy.hashing import Hasher

HASHER = Hasher({"h1": sha256(b"one").digest()})
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
RULES = read_rules(DEFAULT_RULES.read_text())
TOKEN = make_form_token("comment", AT, HASHER)


def judged(
    token: str = TOKEN,
    *,
    after: float = 60,
    website: str = "",
    kind: Kind = "comment",
    message: str = "Hello",
    name: str = "Jo",
) -> Judgement:
    submitted = Submitted(kind, name, "jo@example.org", message, website, token, "192.0.2.7")
    return judge(submitted, RULES, AT + timedelta(seconds=after), HASHER)


def codes(token: str = TOKEN, *, after: float = 60, website: str = "", kind: Kind = "comment") -> list[str]:
    return [r.code for r in judged(token, after=after, website=website, kind=kind).reasons]


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


@pytest.mark.parametrize(
    "token",
    ["x", TOKEN[:-1], TOKEN + "A", "MTA." + "A" * 22],
    # Not the tokens themselves: each process makes another one.
    ids=["made up", "cut", "extended", "signed by nobody"],
)
def test_made_up_form_token_is_forged(token: str) -> None:
    assert codes(token) == ["form_token_forged"]


def test_form_token_of_the_other_form_is_forged() -> None:
    assert codes(kind="enquiry") == ["form_token_forged"]


def test_missing_form_token_is_said() -> None:
    assert codes("") == ["form_token_missing"]


def test_filled_honeypot_comes_first_and_alone_makes_spam() -> None:
    assert codes("", website="http://x") == ["honeypot", "form_token_missing"]
    assert codes(website=" \t") == []
    assert judged(website="http://x").is_spam
    assert not judged("").is_spam


@pytest.mark.parametrize("kind", ["comment", "enquiry"])
def test_danger_is_urgent_and_its_reason_comes_first(kind: Kind) -> None:
    found = judged("", message="I want to die tonight", kind=kind)
    assert found.priority == "urgent"
    assert [r.code for r in found.reasons] == ["crisis_self_harm", "form_token_missing"]
    assert judged().priority == "normal"


def test_danger_beats_spam_and_the_reasons_of_both_stay() -> None:
    found = judged(message="I want to die tonight", website="http://x")
    assert (found.is_spam, found.priority) == (False, "urgent")
    assert [r.code for r in found.reasons] == ["crisis_self_harm", "honeypot"]


def test_danger_in_the_name_alone_is_danger() -> None:
    """Somebody may have no more strength than for the first field."""
    found = judged(name="I want to die", message="hello")
    assert found.priority == "urgent"
