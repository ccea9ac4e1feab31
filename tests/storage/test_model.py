"""The model's table: each decision teaches once, erasing takes it back, and no race loses or doubles any."""

from collections import Counter
from typing import Any

import pytest

from chalicelib.judgement.features import buckets_of
from chalicelib.judgement.learning import Counts, Lesson, Model
from chalicelib.judgement.taught import Label, Taught
from chalicelib.storage.model import FOLDED_AT_ONCE, ModelTable
from tests.acts import add_comment, answer, decide, erase, publish
from tests.stack import Stack


@pytest.fixture(autouse=True)
def _no_rate(stack: Stack) -> None:
    stack.settings["RATE_LIMIT"] = "1000"


def table(stack: Stack, function: str = "staff") -> ModelTable:
    return stack.desk(function).store.get_model()


def learnt(stack: Stack) -> Counts:
    """What whoever reads it now gets: counts and lessons added up."""
    table(stack).forget_read()
    model = table(stack).find()
    assert model is not None
    return model.counts


def expected(stack: Stack, *taught: tuple[Label, str]) -> Counts:
    """What the model is where these comments, and no others, were learnt: `label, message`."""
    counts = Counts()
    for label, message in taught:
        counts.apply(Lesson(buckets_of(message, table(stack)._key), label, None))
    return counts


def lessons(stack: Stack) -> list[dict[str, Any]]:
    return [item for item in stack.items("ModelTable") if item["part"]["S"] != "counts"]


# Each path of decisions on one comment, and what it has taught in the end.
PATHS: list[tuple[list[str], Label | None]] = [
    (["spam"], "spam"),
    (["approved"], "approved"),
    (["rejected"], None),
    (["spam", "approved"], "approved"),
    (["approved", "spam"], "spam"),
    (["spam", "pending"], None),
    (["approved", "rejected"], None),
    (["spam", "pending", "spam", "approved", "rejected", "spam"], "spam"),
]


@pytest.mark.parametrize(("path", "taught"), PATHS)
@pytest.mark.parametrize("fold", [False, True])
def test_comment_has_taught_what_was_decided_last(
    stack: Stack, path: list[str], taught: Label | None, fold: bool
) -> None:
    comment_id = add_comment(stack, message="Hello there.")
    for revision, status in enumerate(path, 1):
        assert decide(stack, comment_id, f'"{revision}"', status=status).status == 200
        if fold:
            stack.keep_house()
    assert learnt(stack) == expected(stack, *([(taught, "Hello there.")] if taught else []))


@pytest.mark.parametrize(("path", "taught"), PATHS)
@pytest.mark.parametrize("fold", [False, True])
def test_erasing_takes_back_what_was_learnt(
    stack: Stack, path: list[str], taught: Label | None, fold: bool
) -> None:
    publish(stack, message="Another one, that stays.")
    before = learnt(stack).pack()
    comment_id = add_comment(stack, message="Hello there.")
    for revision, status in enumerate(path, 1):
        decide(stack, comment_id, f'"{revision}"', status=status)
    if fold:
        stack.keep_house()
    assert (learnt(stack).pack() == before) is (taught is None)
    assert erase(stack, comment_id).status == 204
    assert learnt(stack).pack() == before
    stack.keep_house()
    assert learnt(stack) == expected(stack, ("approved", "Another one, that stays."))


def test_redaction_changes_nothing_of_what_was_learnt(stack: Stack) -> None:
    comment_id = publish(stack, message="Call me at 555 0100.")
    assert decide(stack, comment_id, '"2"', text="Call me.").status == 200
    assert decide(stack, comment_id, '"3"', status="spam", text="Call.").status == 200
    assert learnt(stack) == expected(stack, ("spam", "Call me at 555 0100."))
    assert erase(stack, comment_id).status == 204
    assert learnt(stack) == Counts()


def test_what_a_rule_takes_for_spam_teaches_nothing_until_somebody_says_so(stack: Stack) -> None:
    comment_id = add_comment(stack, message="Buy.", website="http://x.example")
    assert stack.desk("staff").store.get_comment(comment_id).status == "spam"
    assert learnt(stack) == Counts()
    assert decide(stack, comment_id, '"1"', status="approved").status == 200
    assert learnt(stack) == expected(stack, ("approved", "Buy."))


def test_answers_of_staff_teach_nothing(stack: Stack) -> None:
    first = publish(stack, message="Hello.")
    reply = answer(stack, first).json
    assert decide(stack, reply["id"], '"1"', status="spam").status == 200
    assert learnt(stack) == expected(stack, ("approved", "Hello."))


def test_decision_that_fails_teaches_nothing(stack: Stack) -> None:
    comment_id = add_comment(stack)
    assert decide(stack, comment_id, '"7"', status="spam").status == 412
    assert decide(stack, comment_id, '"1"', status="pending").status == 409
    assert stack.items("ModelTable") == []


def test_folding_changes_nothing_of_what_is_read_and_leaves_no_lesson(stack: Stack) -> None:
    for n in range(3):
        publish(stack, message=f"Number {n}.")
    before = learnt(stack)
    assert len(lessons(stack)) == 3
    assert stack.keep_house()["lessons"] == 3
    assert lessons(stack) == []
    assert learnt(stack) == before
    assert stack.keep_house()["lessons"] == 0


def test_more_lessons_than_one_transaction_holds_are_folded_in_several(stack: Stack) -> None:
    database = stack.desk("staff").store.database
    comment = stack.desk("staff").store.get_comment(add_comment(stack))
    taught = Taught("spam", table(stack).generation)
    for _ in range(FOLDED_AT_ONCE + 2):
        database.transact(table(stack).teach(comment, taught))
    assert stack.keep_house()["lessons"] == FOLDED_AT_ONCE + 2
    assert learnt(stack).comments == {"approved": 0, "spam": FOLDED_AT_ONCE + 2}


def test_of_two_who_fold_at_once_one_does(stack: Stack) -> None:
    publish(stack)
    before = learnt(stack)
    slow, quick = table(stack, "housekeeping"), table(stack)
    load = slow._load

    def load_then_wait() -> Any:
        read = load()
        assert quick.fold() == 1
        publish(stack, message="Meanwhile.")
        return read

    slow._load = load_then_wait  # type: ignore[method-assign]
    assert slow.fold() == 0
    assert learnt(stack).comments == {"approved": 2, "spam": 0}
    assert Counter(item["part"]["S"][:6] for item in stack.items("ModelTable")) == {"counts": 1, "lesson": 1}
    assert before.comments == {"approved": 1, "spam": 0}


def test_lesson_holds_no_word_and_no_id(stack: Stack) -> None:
    comment_id = publish(stack, message="Extraordinary words.")
    [item] = lessons(stack)
    assert set(item) == {"generation", "part", "learn", "buckets"}
    assert comment_id not in str(item)
    assert b"xtra" not in item["buckets"]["B"]


def test_unreadable_comment_is_erased_and_stays_counted(stack: Stack) -> None:
    """What it taught cannot be told without its text."""
    comment_id = publish(stack, message="Hello.")
    before = learnt(stack)
    key = {"comment_id": {"S": comment_id}}
    stack.dynamodb.update_item(
        TableName=stack.table("CommentsTable"),
        Key=key,
        UpdateExpression="SET letter_sealed = :x",
        ExpressionAttributeValues={":x": {"B": b"s9:x"}},
    )
    assert erase(stack, comment_id).status == 204
    assert learnt(stack) == before


def test_decision_cannot_be_lost_by_the_reader_of_the_moment(stack: Stack) -> None:
    """The environment that decides sees what it taught at once; another one within seconds."""
    comment_id = add_comment(stack)
    other = stack.fresh_desk("staff").store.get_model()
    for model in (table(stack), other):
        found = model.find()
        assert isinstance(found, Model)
        assert found.counts == Counts()
    decide(stack, comment_id, '"1"', status="spam")
    [mine, others] = [model.find() for model in (table(stack), other)]
    assert mine
    assert mine.counts.comments["spam"] == 1
    assert others
    assert others.counts.comments["spam"] == 0
    stack.later(seconds=5)
    refreshed = other.find()
    assert refreshed
    assert refreshed.counts.comments["spam"] == 1


def test_only_those_who_decide_or_keep_house_have_the_model(stack: Stack) -> None:
    has = {f for f in ("public", "staff", "mail", "relay", "housekeeping") if stack.desk(f).store.model}
    assert has == {"staff", "housekeeping"}
