"""Whatever is found about a submission, it is stored by the same calls: no time tells what struck.

Counted at the wire: each call, and of a transaction each action, by its kind and table.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.ids import new_id
from chalicelib.judgement.form_tokens import make_form_token
from chalicelib.judgement.proofs import make_challenge
from chalicelib.judgement.reasons import ADDRESS_RATE, FIRST_TIME_AUTHOR
from chalicelib.judgement.rules_file import read_rules
from chalicelib.judgement.submitted import Kind
from chalicelib.wiring import Desk
from tests.acts import COMMENT, ENQUIRY
from tests.judgement.submissions import DOCUMENT
from tests.judgement.test_docs import codes_in_the_source
from tests.judgement.test_proofs import packed, solve
from tests.stack import FakeSes, Reply, Stack
from tests.storage.test_round_trips import watched

RULES = read_rules(
    DOCUMENT.replace("phrases = []", 'phrases = ["bargain"]')
    .replace("addresses = []", 'addresses = ["known@visitor.example"]')
    .replace("networks = []", 'networks = ["198.51.100.0/24"]')
    .replace("names = []", 'names = ["Kim Lee"]')
)
PLAIN = "Ninety days today, and the mornings are easier."
TEXT = "A verse that programs send again and again."
# How long ago the form was opened, in seconds.
USUAL = 60
MOST = 50
KINDS: tuple[Kind, ...] = ("comment", "enquiry")
ACTS = {"comment": COMMENT, "enquiry": ENQUIRY}
PATHS = {"comment": "/v1/comments", "enquiry": "/v1/enquiries"}

# What strikes a comment: what is sent otherwise, and the reason that staff must find.
STRIKES: dict[str, dict[str, Any]] = {
    "honeypot": {"website": "http://x"},
    "form_token_missing": {"form_token": ""},
    "form_token_forged": {"form_token": "forged"},
    "form_token_too_young": {"age": 0},
    "form_token_too_old": {"age": 25 * 3600},
    "blocked_word": {"message": "What a bargain."},
    "blocked_address": {"email": "known@visitor.example"},
    "blocked_network": {"ip": "198.51.100.4"},
    "has_links": {"message": "I read it at http://evil.example this morning, all of it."},
    "link_shortener": {"message": "I read it at http://bit.ly/x this morning, all of it."},
    "only_links": {"message": "http://evil.example"},
    "hidden_link": {"message": "I read it at evil dot com this morning, all of it."},
    "repeated_text": {"message": "well " * 30},
    "advertising": {"message": "There is a promo code for you."},
    "drug_sourcing": {"message": "where can I get fentanyl"},
    "drug_dosing": {"message": "how many percs can I take, 30mg"},
    "rival_facility": {"message": "come to our rehab instead"},
    "staff_name": {"message": "It was Kim Lee who listened."},
    "contact_phone": {"message": "Call me on 555-123-4567."},
    "contact_email": {"message": "Write to jo@example.org."},
    "contact_street": {"message": "I live at 12 Oak Street."},
    "looks_like_enquiry": {"message": "do you take Aetna"},
    "crisis_self_harm": {"message": "I want to kill myself tonight."},
    "crisis_overdose": {"message": "I took all my pills and I can't stay awake."},
    "crisis_other_in_danger": {"message": "My son is not breathing, he took heroin."},
    "crisis_relapse": {"message": "I relapsed last night."},
    "form_token_replayed": {"spent": True},
    "sent_before": {"message": TEXT, "form_token": ""},
    "proof_missing": {"altcha": ""},
}
# Of enquiries these are not asked, or do not strike.
COMMENTS_ALONE = {
    "blocked_word",
    "advertising",
    "staff_name",
    "contact_phone",
    "contact_email",
    "contact_street",
    "looks_like_enquiry",
}
# Found where nobody waits for an answer: when staff look, and behind the mail.
NEVER_WHILE_POSTING = {FIRST_TIME_AUTHOR.code, ADDRESS_RATE.code, "looks_like_spam", "akismet"}


def strikes_of(kind: Kind) -> list[str]:
    return [code for code in STRIKES if kind == "comment" or code not in COMMENTS_ALONE]


@dataclass
class Visitors:
    """They post to a stack where every rule is on. What was sent before has been handled."""

    stack: Stack
    desk: Desk
    # A form of each kind of which something came already.
    spent: dict[Kind, str]

    def open_form(self, kind: Kind, age: int) -> tuple[str, str]:
        """The token of a form that was opened `age` seconds ago, and the proof of work for it."""
        opened, hasher = self.stack.now - timedelta(seconds=age), self.desk.hasher
        token = make_form_token(kind, opened, hasher)
        return token, self.prove(token, opened)

    def prove(self, token: str, at: datetime) -> str:
        return packed(solve(make_challenge(token, at, MOST, self.desk.hasher)))

    def post(self, kind: Kind, change: dict[str, Any]) -> tuple[list[Any], Reply]:
        """Post it with `change`; return what went over the wire, and the answer."""
        change = {**change}
        ip, age = change.pop("ip", "203.0.113.7"), change.pop("age", USUAL)
        token, proof = self.open_form(kind, age)
        if change.pop("spent", False):
            token, proof = self.spent[kind], self.prove(self.spent[kind], self.stack.now)
        body = ACTS[kind] | {"message": PLAIN, "form_token": token, "altcha": proof} | change
        with watched(self.desk) as calls:
            reply = self.stack.call(
                "POST", PATHS[kind], body, desk=self.desk, ip=ip, idempotency_key=new_id("k", self.stack.now)
            )
        return [(name, _actions(call)) for name, call in calls], reply

    def codes(self, kind: Kind, reply: Reply) -> set[str]:
        """What staff are told of it."""
        store = self.stack.desk("staff").store
        if kind == "comment":
            return {reason.code for reason in store.get_comment(reply.json["id"]).reasons}
        return {reason.code for reason in store.get_enquiry(reply.json["reference"]).reasons}


def _actions(call: dict[str, Any]) -> list[tuple[str, str]]:
    actions = [next(iter(item.items())) for item in call["TransactItems"]]
    return [(kind, action["TableName"].rpartition("-")[2]) for kind, action in actions]


@pytest.fixture
def visitors(stack: Stack) -> Visitors:
    stack.settings |= {"RATE_LIMIT": "1000", "ALTCHA": "true"}
    visitors = Visitors(stack, replace(stack.desk("public"), rules=RULES), {})
    for kind in KINDS:
        visitors.spent[kind], _ = visitors.open_form(kind, USUAL)
        visitors.post(kind, {"message": TEXT, "form_token": ""})
        visitors.post(kind, {"message": "Of the form that is used again.", "spent": True})
    stack.deliver(FakeSes())
    return visitors


def told(reply: Reply) -> tuple[int, dict[str, str], dict[str, Any], int]:
    """What a visitor sees of an answer, but for the id."""
    shown = {key: value for key, value in reply.json.items() if key not in ("id", "reference")}
    return reply.status, reply.headers, shown, len(reply.text)


@pytest.mark.parametrize(("kind", "trust_after"), [("comment", ""), ("comment", "1"), ("enquiry", "")])
def test_calls_and_answer_are_the_same_whichever_rule_strikes(
    visitors: Visitors, kind: Kind, trust_after: str
) -> None:
    visitors.stack.settings["TRUST_AFTER"] = trust_after
    visitors.desk = replace(visitors.stack.fresh_desk("public"), rules=RULES)
    # A process that does not know yet how full the network's bucket is may have to ask twice.
    visitors.post(kind, {})
    plain_calls, plain = visitors.post(kind, {})
    assert [name for name, _ in plain_calls] == ["TransactWriteItems"] * (2 if trust_after else 1)
    replies = {}
    for code in strikes_of(kind):
        calls, replies[code] = visitors.post(kind, STRIKES[code])
        assert calls == plain_calls, code
        assert told(replies[code]) == told(plain), code
    assert plain.status == 202
    # Else nothing struck, and nothing was shown by it.
    visitors.stack.deliver(FakeSes())
    assert visitors.codes(kind, plain) == set()
    assert {code for code, reply in replies.items() if code not in visitors.codes(kind, reply)} == set()


def test_every_code_that_can_be_found_was_tried() -> None:
    assert set(STRIKES) == set(codes_in_the_source()) - NEVER_WHILE_POSTING


def test_all_at_once_takes_the_same_calls_too(visitors: Visitors) -> None:
    everything: dict[str, Any] = {}
    for strike in STRIKES.values():
        everything |= strike | {"message": f"{everything.get('message', '')} {strike.get('message', '')}"}
    everything |= {"message": everything["message"][:5000], "form_token": ""}
    plain_calls, plain = visitors.post("comment", {})
    calls, struck = visitors.post("comment", everything)
    assert (calls, told(struck)) == (plain_calls, told(plain))
