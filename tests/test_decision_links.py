"""Decision links: only what was signed here, for this comment and revision, and not for long."""

import re
from dataclasses import astuple
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.decision_links import LINK_LIFE, DecisionLink, make_decision_link, read_decision_link
from chalicelib.errors import LinkEnded, NotFound
from chalicelib.privacy.hashing import Hasher, NoSecret
from chalicelib.signing import sign
from tests.stack import Stack

HASHER = Hasher({"s1": b"1" * 32})
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
COMMENT = "c01ng97crd0gsnvhb8tsv0yzw2j"
DELIVERY = "d01m84xbzv0gsnvhb8tsv0yzw2j-0123456789ab"


def make(at: datetime = AT) -> str:
    return make_decision_link(COMMENT, 3, DELIVERY, at, HASHER)


def test_link_says_which_comment_revision_and_mail_it_is_for() -> None:
    link = read_decision_link(make(), AT, HASHER)
    assert astuple(link) == astuple(DecisionLink(COMMENT, 3, DELIVERY, AT))
    assert link.actor == f"link:{DELIVERY}"


def test_token_goes_into_a_url_as_it_is_and_ends_in_no_punctuation() -> None:
    # Programs that read mail cut a link off before its last full stop.
    assert re.fullmatch("[A-Za-z0-9_-]+[.][A-Za-z0-9_-]*[A-Za-z0-9]", make())
    assert len(make()) < 200


def test_link_holds_for_72_hours_to_the_second() -> None:
    assert timedelta(hours=72) == LINK_LIFE
    last = AT + LINK_LIFE - timedelta(seconds=1)
    assert read_decision_link(make(), last, HASHER).issued_at == AT
    with pytest.raises(LinkEnded):
        read_decision_link(make(), AT + LINK_LIFE, HASHER)


def test_link_of_a_clock_that_is_ahead_holds() -> None:
    assert read_decision_link(make(AT + timedelta(seconds=5)), AT, HASHER).comment_id == COMMENT


def test_every_altered_character_is_noticed() -> None:
    token = make()
    for index, character in enumerate(token):
        other = "A" if character != "A" else "B"
        with pytest.raises(NotFound):
            read_decision_link(token[:index] + other + token[index + 1 :], AT, HASHER)


@pytest.mark.parametrize("made_up", ["", ".", "x", "e30.", "é", "\ud800", "a" * 9999])
def test_made_up_token_is_not_found(made_up: str) -> None:
    with pytest.raises(NotFound):
        read_decision_link(made_up, AT, HASHER)


@pytest.mark.parametrize("purpose", ["form/comment", "cursor/tokens", "decision link/admin", "decision link"])
def test_what_was_signed_for_another_purpose_is_not_found(purpose: str) -> None:
    signed = sign(HASHER, purpose, [COMMENT, 3, DELIVERY, int(AT.timestamp())])
    with pytest.raises(NotFound):
        read_decision_link(signed, AT, HASHER)


def test_staff_and_mail_sign_alike_and_no_other_function_can(stack: Stack) -> None:
    token = make_decision_link(COMMENT, 1, DELIVERY, stack.now, stack.desk("mail").link_hasher)
    assert read_decision_link(token, stack.now, stack.desk("staff").link_hasher).comment_id == COMMENT
    for function in ("public", "authorizer", "relay", "delivery_events", "housekeeping"):
        desk = stack.desk(function)
        with pytest.raises(NoSecret):
            make_decision_link(COMMENT, 1, DELIVERY, stack.now, desk.link_hasher)
        # Nor with the secret that every function has.
        forged = make_decision_link(COMMENT, 1, DELIVERY, stack.now, desk.hasher)
        with pytest.raises(NotFound):
            read_decision_link(forged, stack.now, stack.desk("staff").link_hasher)
