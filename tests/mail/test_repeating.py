"""That a form or a text came before is found behind the mail: a reason for staff, at no mail's cost."""

import json
import logging
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.errors import Unavailable
from tests.acts import add_comment, change_enquiry, decide, erase, post_comment, post_enquiry
from tests.mail.mails import deliveries, queued
from tests.mail.test_delivering import bring
from tests.stack import FakeSes, Stack
from tests.storage.test_unreadable import spoil

TEXT = "A verse that programs send again and again."
REPEATED = ["form_token_missing", "sent_before"]


def send_twice(stack: Stack, **fields: Any) -> tuple[str, str]:
    """The same text in two comments: the first handled, the second on its way to the mail function."""
    first = add_comment(stack, message=TEXT)
    stack.deliver(FakeSes())
    return first, add_comment(stack, **({"message": f"{TEXT} !!"} | fields))


def reasons_of(stack: Stack, comment_id: str) -> list[str]:
    shown = stack.desk("staff").store.get_comment(comment_id)
    return [reason.code for reason in shown.reasons]


def stored(stack: Stack, comment_id: str) -> dict[str, Any]:
    [item] = [i for i in stack.items("CommentsTable") if i["comment_id"]["S"] == comment_id]
    return item


def marks(stack: Stack) -> list[dict[str, Any]]:
    return [item for item in stack.items("GuardTable") if item["guard_key"]["S"].startswith("mark#")]


def test_order_that_comes_twenty_times_gives_one_reason_and_one_mail(stack: Stack) -> None:
    first, second = send_twice(stack)
    ses = FakeSes()
    assert bring(stack, ses, *stack.relay() * 20) == []
    stack.deliver(ses)
    assert (reasons_of(stack, first), reasons_of(stack, second)) == (["form_token_missing"], REPEATED)
    assert len(ses.sent) == 1


@pytest.mark.parametrize("swapped", [False, True])
def test_first_is_whom_the_mail_function_comes_to_first(stack: Stack, swapped: bool) -> None:
    ids = [add_comment(stack, message=TEXT), add_comment(stack, message=f"{TEXT} !!")]
    orders = {item["subject_id"]["S"]: item["outbox_id"]["S"] for item in stack.items("OutboxTable")}
    ordered = [*reversed(ids)] if swapped else ids
    assert bring(stack, FakeSes(), *(orders[id_] for id_ in ordered)) == []
    assert [reasons_of(stack, id_) for id_ in ordered] == [["form_token_missing"], REPEATED]


def test_run_that_ends_in_between_is_made_up_for(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever step it does not come to: the order comes again, and nothing is told twice."""
    first, second = add_comment(stack, message=TEXT), add_comment(stack, message=f"{TEXT} !!")
    orders = stack.relay()
    for step in ("chalicelib.mail.delivering.expand", "chalicelib.mail.repeating.find_subject"):
        with monkeypatch.context() as ended:
            ended.setattr(step, _killed)
            for order in orders:
                with suppress(SystemExit):
                    assert bring(stack, FakeSes(), order) == []
    ses = FakeSes()
    assert bring(stack, ses, *orders) == []
    stack.deliver(ses)
    found = sorted([reasons_of(stack, first), reasons_of(stack, second)])
    assert found == [["form_token_missing"], REPEATED]
    assert len(ses.sent) == 2


def _killed(*_: Any) -> Any:
    # Not an Exception: nothing in the function sees it, as where Lambda ends its process.
    raise SystemExit


@pytest.mark.parametrize("error", [Unavailable("UpdateItem"), KeyError("robin.wren@visitor.example")])
@pytest.mark.parametrize("fails", ["guard.is_first", "comments.add_reason", "comments.get"])
def test_failure_costs_no_mail_and_says_nothing_of_what_was_written(
    stack: Stack,
    fails: str,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, second = send_twice(stack)
    table, method = fails.split(".")

    def fail(*_: Any, **__: Any) -> Any:
        raise error

    ses = FakeSes()
    with monkeypatch.context() as broken, caplog.at_level(logging.DEBUG):
        if method == "get":
            # The mail itself reads the comment too, behind this.
            broken.setattr("chalicelib.mail.repeating.find_subject", fail)
        else:
            broken.setattr(type(getattr(stack.desk("mail").store, table)), method, fail)
        stack.deliver(ses)
    assert len(ses.sent) == 1
    assert {d["state"] for d in deliveries(stack)} == {"sent"}
    [line] = [r for r in caplog.records if "repeat_failed" in r.getMessage()]
    assert line.levelno == logging.ERROR
    assert json.loads(line.getMessage()).items() >= {"id": second, "error": type(error).__name__}.items()
    for word in ("Robin", "robin", "verse", marks(stack)[0]["guard_key"]["S"].rpartition("#")[2]):
        assert word not in caplog.text


@pytest.mark.parametrize(
    "change", [{"status": s} for s in ("approved", "rejected", "spam")] + [{"text": "x"}]
)
def test_what_a_moderator_has_acted_on_is_left_alone(stack: Stack, change: dict[str, str]) -> None:
    _, second = send_twice(stack)
    assert decide(stack, second, '"1"', **change).status == 200
    before = stored(stack, second)
    stack.deliver(FakeSes())
    assert stored(stack, second) == before


def test_what_is_decided_between_reading_and_writing_keeps_its_decision(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _, second = send_twice(stack)
    stack.desk("staff")
    table = type(stack.desk("mail").store.comments)
    add_reason = table.add_reason

    def overtaken(*args: Any) -> Any:
        assert decide(stack, second, '"1"', status="rejected").status == 200
        return add_reason(*args)

    monkeypatch.setattr(table, "add_reason", overtaken)
    stack.deliver(FakeSes())
    assert stored(stack, second)["status"]["S"] == "rejected"
    assert reasons_of(stack, second) == ["form_token_missing"]
    assert "repeat_failed" not in caplog.text


def test_what_was_erased_stays_so_and_what_cannot_be_opened_as_it_is(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    _, erased = send_twice(stack)
    spoilt = add_comment(stack, message=f"{TEXT} ??")
    assert erase(stack, erased).status == 204
    spoil(stack, "CommentsTable", {"comment_id": {"S": spoilt}})
    stack.deliver(FakeSes())
    assert "letter_sealed" not in stored(stack, erased)
    assert stored(stack, spoilt)["letter_sealed"]["B"] == b"s1:garbage"
    assert "repeat_failed" not in caplog.text


def test_reason_is_all_that_changes_and_who_saw_it_before_may_decide(stack: Stack) -> None:
    _, second = send_twice(stack)
    before = stored(stack, second)
    stack.deliver(FakeSes())
    after = stored(stack, second)
    assert after.pop("letter_sealed") != before.pop("letter_sealed")
    assert after == before
    assert decide(stack, second, '"1"', status="approved").status == 200
    assert reasons_of(stack, second) == REPEATED


def test_spam_stays_spam_and_danger_is_mailed_about_as_ever(stack: Stack) -> None:
    danger = "I relapsed last night and I want to die."
    stack.settings["ON_CALL"] = "night@example.org"
    spam, urgent = [
        [add_comment(stack, message=message, name=name, website=website) for name in ("A", "B")]
        for message, website in ((TEXT, "x"), (danger, ""))
    ]
    ses = FakeSes()
    stack.deliver(ses)
    assert sorted(m["Destination"]["ToAddresses"][0] for m in ses.sent) == [
        *["mod@example.org"] * 2,
        *["night@example.org"] * 2,
    ]
    assert {stored(stack, id_)["status"]["S"] for id_ in spam} == {"spam"}
    assert all("expires_at" in stored(stack, id_) for id_ in spam)
    assert {stored(stack, id_)["priority"]["S"] for id_ in urgent} == {"urgent"}
    for pair in (spam, urgent):
        assert sorted("sent_before" in reasons_of(stack, id_) for id_ in pair) == [False, True]


def test_enquiry_that_staff_have_taken_on_is_left_alone(stack: Stack) -> None:
    texts = [TEXT, f"{TEXT} !!", f"{TEXT} ??"]
    references = []
    for text in texts:
        references.append(post_enquiry(stack, message=text).json["reference"])
        stack.relay()
    # All three wait in the queue; the last two are taken up before the mail function comes to them.
    waiting = [json.loads(body)["outbox_id"] for body in queued(stack)]
    orders = {item["outbox_id"]["S"]: item["subject_id"]["S"] for item in stack.items("OutboxTable")}
    waiting.sort(key=lambda id_: references.index(orders[id_]))
    taken = change_enquiry(stack, references[1], '"1"', status="in_progress", note="Called.")
    assert taken.status == 200
    ses = FakeSes()
    assert bring(stack, ses, *waiting) == []
    found = [stack.desk("staff").store.get_enquiry(reference) for reference in references]
    assert [[r.code for r in e.reasons] for e in found] == [
        ["form_token_missing"], ["form_token_missing"], REPEATED,
    ]  # fmt: skip
    assert [(e.status, e.revision) for e in found] == [("new", 1), ("in_progress", 2), ("new", 1)]
    assert [note.text for note in found[1].notes] == ["Called."]
    assert found[2].letter.message == texts[2]


def test_comment_and_enquiry_with_one_text_are_apart(stack: Stack) -> None:
    add_comment(stack, message=TEXT)
    stack.deliver(FakeSes())
    reference = post_enquiry(stack, message=TEXT).json["reference"]
    stack.deliver(FakeSes())
    enquiry = stack.desk("staff").store.get_enquiry(reference)
    assert [reason.code for reason in enquiry.reasons] == ["form_token_missing"]


def test_what_is_kept_is_a_keyed_hash_and_an_id_for_a_week(stack: Stack) -> None:
    comment_id = add_comment(stack, message=TEXT)
    [order] = stack.items("OutboxTable")
    kind, digest = order["mark"]["S"].split("#")
    assert (kind, len(digest)) == ("text", 64)
    stack.deliver(FakeSes())
    [mark] = marks(stack)
    assert mark == {
        "guard_key": {"S": f"mark#text#{digest}"},
        "subject_id": {"S": comment_id},
        "expires_at": {"N": str(int(stack.now.timestamp()) + 7 * 24 * 3600)},
    }
    # The order needs it no more.
    assert not any("mark" in item for item in stack.items("OutboxTable"))


@pytest.mark.parametrize("post", [post_comment, post_enquiry])
def test_order_of_before_there_were_marks_is_mailed(stack: Stack, post: Any) -> None:
    assert post(stack).status == 202
    [order] = stack.items("OutboxTable")
    stack.dynamodb.update_item(
        TableName=stack.table("OutboxTable"),
        Key={"outbox_id": order["outbox_id"]},
        UpdateExpression="REMOVE #mark",
        ExpressionAttributeNames={"#mark": "mark"},
    )
    ses = FakeSes()
    stack.deliver(ses)
    assert ses.sent
    assert marks(stack) == []


def test_of_what_was_erased_before_the_mail_no_mark_is_kept(stack: Stack) -> None:
    erased = add_comment(stack, message=TEXT)
    assert erase(stack, erased).status == 204
    stack.deliver(FakeSes())
    assert marks(stack) == []


def test_short_text_has_a_mark_but_no_row(stack: Stack) -> None:
    add_comment(stack, message="Thank you!")
    [order] = stack.items("OutboxTable")
    assert order["mark"]["S"].startswith("none#")
    stack.deliver(FakeSes())
    assert marks(stack) == []
