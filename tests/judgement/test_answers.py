"""No visitor learns which rule struck; nothing is dropped; what was taken for spam comes back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.judgement import catalogue, runs
from chalicelib.judgement import rules as rules_module
from chalicelib.judgement.catalogue import CATALOGUE
from tests.acts import ENQUIRY, add_comment, decide, post_comment, post_enquiry, publish, read_thread
from tests.judgement.submissions import AT, HASHER, RULES, rules_with, submitted
from tests.stack import Reply, Stack

# By each something else is struck, and by the last everything that words can strike.
MESSAGES = [
    "where can I get fentanyl",
    "how many percs can I take, 30mg",
    "come to our rehab instead",
    "do you take Aetna",
    "see http://bit.ly/x",
    "evil dot com",
    "buy " * 30,
    "12 Oak Street, 555-123-4567, jo@example.org",
]


def without_id(reply: Reply) -> tuple[int, dict[str, str], dict[str, Any]]:
    body = {key: value for key, value in reply.json.items() if key not in ("id", "reference")}
    return reply.status, reply.headers, body


@pytest.mark.parametrize("message", [*MESSAGES, " ".join(MESSAGES)])
def test_answer_to_a_struck_submission_is_the_answer_to_any(message: str, stack: Stack) -> None:
    token = stack.call("GET", "/v1/form", query={"kind": "comment"}).json["form_token"]
    stack.later(minutes=1)
    plain = without_id(post_comment(stack, message="Ninety days.", form_token=token))
    assert without_id(post_comment(stack, message=message, form_token=token)) == plain
    assert without_id(post_comment(stack, message=message, name="Other", website="x")) == plain
    plain = without_id(post_enquiry(stack))
    assert without_id(post_enquiry(stack, message=message)) == plain
    assert without_id(post_enquiry(stack, message=message, name="Other", website="x")) == plain


def test_id_of_spam_is_like_any(stack: Stack) -> None:
    one, other = add_comment(stack), add_comment(stack, name="Other", website="x")
    assert len(one) == len(other)
    assert one[:9] == other[:9]


@pytest.mark.parametrize("message", ["Ninety days.", " ".join(MESSAGES)])
def test_every_rule_looks_whatever_the_others_find(message: str) -> None:
    asked: list[str] = []

    def asking(rule: rules_module.Rule) -> rules_module.Rule:
        def check(case: rules_module.Case) -> Any:
            asked.append(rule.name)
            return rule.check(case)

        return rules_module.Rule(rule.name, rule.kinds, rule.is_spam, check, rule.once)

    rules = rules_module.Rules(1, tuple(map(asking, RULES.rules)), RULES.phrases)
    rules.strikes(submitted(message, website="x", form_token=""), AT, HASHER)
    assert asked == [rule.name for rule in RULES.rules]


@pytest.mark.parametrize("marks", ["!" * 21, "!" * 20 + "?", "!" * 3 + "?!" * 9])
def test_letters_are_compared_whether_or_not_a_run_is_too_long(
    marks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []

    def has_run(values: Sequence[str], most: int) -> bool:
        compared.append(most)
        return runs.has_run(values, most)

    monkeypatch.setattr(catalogue, "has_run", has_run)
    RULES.strikes(submitted(f"Ninety days{marks}"), AT, HASHER)
    assert compared == [6, 20]


def test_spam_comment_comes_back_and_is_published_and_mailed(stack: Stack) -> None:
    comment_id = add_comment(stack, website="x")

    def stored() -> dict[str, Any]:
        [item] = [i for i in stack.items("CommentsTable") if i["comment_id"]["S"] == comment_id]
        return item

    assert stored()["status"]["S"] == "spam"
    assert "expires_at" in stored()
    assert decide(stack, comment_id, '"1"', status="pending").status == 200
    assert "expires_at" not in stored()
    assert decide(stack, comment_id, '"2"', status="spam").status == 200
    assert "expires_at" in stored()
    assert decide(stack, comment_id, '"3"', status="approved").json["reasons"][0]["code"] == "honeypot"
    assert "expires_at" not in stored()
    assert [shown["id"] for shown in read_thread(stack)["comments"]] == [comment_id]
    assert "comment_approved" in {item["kind"]["S"] for item in stack.items("OutboxTable")}


def test_spam_enquiry_comes_back(stack: Stack) -> None:
    reference = post_enquiry(stack, website="x").json["reference"]
    [item] = stack.items("EnquiriesTable")
    assert (item["status"]["S"], "expires_at" in item) == ("spam", True)
    path = f"/v1/staff/enquiries/{reference}"
    stack.call("PATCH", path, {"status": "new"}, role="admissions", if_match='"1"')
    [item] = stack.items("EnquiriesTable")
    assert (item["status"]["S"], "expires_at" in item) == ("new", False)


def test_staff_read_why_in_sentences(stack: Stack) -> None:
    add_comment(stack, message="where can I get fentanyl")
    [comment] = stack.call("GET", "/v1/staff/comments", role="moderator").json["comments"]
    assert [reason["code"] for reason in comment["reasons"]] == ["form_token_missing", "drug_sourcing"]
    assert all(reason["text"].endswith(".") for reason in comment["reasons"])
    post_enquiry(stack, message="where can I get fentanyl")
    [enquiry] = stack.call("GET", "/v1/staff/enquiries", role="admissions").json["enquiries"]
    assert [reason["code"] for reason in enquiry["reasons"]] == ["form_token_missing", "drug_sourcing"]


def test_sentences_quote_nothing_and_codes_are_one_rules_each() -> None:
    reasons = [reason for kind in CATALOGUE.values() for reason in kind.reasons]
    assert len({reason.code for reason in reasons}) == len(reasons)
    assert ENQUIRY["message"] not in "".join(reason.text for reason in reasons)


def test_clients_network_is_compared_and_not_stored(stack: Stack) -> None:
    rules = rules_with("networks = []", 'networks = ["203.0.113.0/24"]')
    desk = replace(stack.fresh_desk("public"), rules=rules)
    body = {"page": "/a", "name": "Jo", "email": "jo@visitor.example", "message": "Hello", "notify": False}
    stack.call("POST", "/v1/comments", body, desk=desk, ip="203.0.113.7")
    [item] = [i for i in stack.items("CommentsTable") if "status" in i]
    assert item["status"]["S"] == "spam"
    assert "203.0.113" not in repr([stack.items(t) for t in ("CommentsTable", "OutboxTable", "GuardTable")])


def test_approved_comment_is_not_touched_by_the_rules(stack: Stack) -> None:
    publish(stack, message="see evil.com")
    assert read_thread(stack)["comments"][0]["text"] == "see evil.com"
