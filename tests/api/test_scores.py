"""Scores: of what waits, once enough was decided; never of what was decided on, and never in the way."""

from typing import Any

import pytest

from chalicelib.judgement.learning import FEWEST_DECISIONS
from tests.acts import add_comment, answer, decide, decision_link
from tests.faults import OUTAGES, FailingClient, desk_on
from tests.stack import Stack

SPAM = "Check out my channel and subscribe for free gift cards number {}"
KIND = "Thank you for this, ninety days sober today, day {}"


@pytest.fixture(autouse=True)
def _no_rate(stack: Stack) -> None:
    stack.settings |= {"RATE_LIMIT": "1000", "ADDRESS_RATE_LIMIT": "1000"}


def train(stack: Stack, spam: int = FEWEST_DECISIONS, approved: int = FEWEST_DECISIONS) -> None:
    for status, text, times in (("spam", SPAM, spam), ("approved", KIND, approved)):
        for n in range(times):
            comment_id = add_comment(stack, message=text.format(n))
            assert decide(stack, comment_id, '"1"', status=status).status == 200


def listed(stack: Stack, **query: str) -> list[dict[str, Any]]:
    answered = stack.call("GET", "/v1/staff/comments", role="moderator", query=query)
    assert answered.status == 200, answered.text
    found: list[dict[str, Any]] = answered.json["comments"]
    return found


def one(stack: Stack, comment_id: str) -> Any:
    return stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator").json


@pytest.mark.parametrize(("spam", "approved"), [(0, 0), (FEWEST_DECISIONS - 1, 8), (8, FEWEST_DECISIONS - 1)])
def test_score_is_null_while_too_little_was_decided(stack: Stack, spam: int, approved: int) -> None:
    train(stack, spam, approved)
    comment_id = add_comment(stack, message=SPAM.format("new"))
    assert [comment["score"] for comment in listed(stack)] == [None]
    assert one(stack, comment_id)["score"] is None


def test_what_waits_is_scored_the_same_in_the_list_and_alone(stack: Stack) -> None:
    train(stack)
    spam = add_comment(stack, message=SPAM.format("new"))
    stack.later(minutes=1)
    kind = add_comment(stack, message=KIND.format("new"))
    scores = {comment["id"]: comment["score"] for comment in listed(stack)}
    assert scores[spam] > 0.9
    assert scores[kind] < 0.1
    assert {id_: one(stack, id_)["score"] for id_ in scores} == scores


def test_order_of_the_queue_is_not_changed_by_scores(stack: Stack) -> None:
    texts = [KIND.format("x"), SPAM.format("x"), KIND.format("y"), SPAM.format("y")]
    waiting = []
    for text in texts:
        stack.later(minutes=11)
        waiting.append(add_comment(stack, message=text))
    before = [comment["id"] for comment in listed(stack)]
    train(stack)
    assert [comment["id"] for comment in listed(stack)] == before == waiting
    assert [comment["id"] for comment in listed(stack, order="newest")] == waiting[::-1]


def test_high_score_is_told_in_a_sentence_and_a_low_one_is_not(stack: Stack) -> None:
    train(stack)
    spam = one(stack, add_comment(stack, message=SPAM.format("new")))
    kind = one(stack, add_comment(stack, message=KIND.format("new")))
    [told] = [reason for reason in spam["reasons"] if reason["code"] == "looks_like_spam"]
    assert told["text"].startswith("Looks like what moderators here marked as spam (9")
    assert "looks_like_spam" not in [reason["code"] for reason in kind["reasons"]]


def test_sentence_is_of_the_moment_and_is_not_stored(stack: Stack) -> None:
    train(stack)
    comment_id = add_comment(stack, message=SPAM.format("new"))
    assert one(stack, comment_id)["score"] > 0.9
    decide(stack, comment_id, '"1"', status="rejected")
    shown = one(stack, comment_id)
    assert shown["score"] is None
    assert "looks_like_spam" not in {reason["code"] for reason in shown["reasons"]}


@pytest.mark.parametrize("status", ["approved", "rejected", "spam"])
def test_what_was_decided_on_has_no_score(stack: Stack, status: str) -> None:
    """It would be the classifier's word on its own example."""
    train(stack)
    comment_id = add_comment(stack, message=SPAM.format("new"))
    assert decide(stack, comment_id, '"1"', status=status).json["score"] is None
    assert {comment["score"] for comment in listed(stack, status=status)} == {None}


def test_what_was_put_back_is_scored_without_its_own_lesson(stack: Stack) -> None:
    train(stack)
    comment_id = add_comment(stack, message=SPAM.format("new"))
    before = one(stack, comment_id)["score"]
    decide(stack, comment_id, '"1"', status="approved")
    back = decide(stack, comment_id, '"2"', status="pending").json
    assert back["score"] == one(stack, comment_id)["score"] == before


def test_what_a_rule_took_for_spam_is_scored(stack: Stack) -> None:
    """So that a mistaken rule is found: nobody has decided."""
    train(stack)
    add_comment(stack, message=KIND.format("new"), website="x")
    undecided = [comment for comment in listed(stack, status="spam") if comment["decided_at"] is None]
    assert [comment["score"] < 0.1 for comment in undecided] == [True]


def test_answer_of_staff_has_no_score(stack: Stack) -> None:
    train(stack)
    [first, *_] = listed(stack, status="approved")
    assert answer(stack, first["id"]).json["score"] is None


def test_page_of_a_decision_link_tells_it_too(stack: Stack) -> None:
    train(stack)
    spam = add_comment(stack, message=SPAM.format("new"))
    page = stack.call("GET", decision_link(stack, spam))
    assert page.status == 200
    assert "Looks like what moderators here marked as spam (9" in page.text


def test_erasing_takes_it_back(stack: Stack) -> None:
    train(stack)
    add_comment(stack, message=SPAM.format("new"))
    assert listed(stack)[0]["score"] is not None
    [first, *_] = listed(stack, status="spam")
    assert stack.call("DELETE", f"/v1/staff/comments/{first['id']}", role="moderator").status == 204
    # One fewer than is needed.
    assert listed(stack)[0]["score"] is None


class NoModel(FailingClient):
    """DynamoDB without the model's table."""

    def query(self, **request: Any) -> Any:
        if request["TableName"].endswith("-model"):
            self.calls.append("model")
            raise self._error
        return self._client.query(**request)


@pytest.mark.parametrize("outage", OUTAGES)
def test_list_does_without_scores_where_the_model_cannot_be_had(stack: Stack, outage: str) -> None:
    train(stack)
    comment_id = add_comment(stack, message=SPAM.format("new"))
    client = NoModel(OUTAGES[outage], stack.dynamodb, ("none",))
    stack._desks["staff"] = desk_on(stack, "staff", client)
    for _ in range(3):
        assert [(c["id"], c["score"]) for c in listed(stack)] == [(comment_id, None)]
    # And waits for it once in five seconds, not for each request.
    assert client.calls.count("model") == 1


def test_list_does_without_scores_where_the_counts_are_nonsense(stack: Stack) -> None:
    train(stack)
    stack.keep_house()
    [item] = stack.items("ModelTable")
    stack.dynamodb.put_item(TableName=stack.table("ModelTable"), Item=item | {"buckets": {"B": b"x"}})
    add_comment(stack)
    assert [comment["score"] for comment in listed(stack)] == [None]
