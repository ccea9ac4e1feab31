"""One order becomes one mail to each address, however often the queue brings it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.mail.handlers import mail_batch
from tests.acts import add_comment, decide, post_comment, post_enquiry, publish
from tests.faults import OUTAGES, FailingClient, desk_on
from tests.mail.mails import deliveries, delivery, ses_error
from tests.stack import FakeSes, Stack


def recipients(ses: FakeSes) -> list[str]:
    """Of staff: what visitors are sent has its own tests."""
    to = (address for mail in ses.sent for address in mail["Destination"]["ToAddresses"])
    return sorted(address for address in to if address.endswith("example.org"))


def bring(stack: Stack, ses: Any, *outbox_ids: str) -> list[str]:
    """Bring messages to the mail function as the queue does; return those that failed."""
    records = [{"messageId": f"m-{i}", "body": json.dumps({"outbox_id": i})} for i in outbox_ids]
    answer = mail_batch({"Records": records}, replace(stack.desk("mail"), ses=ses))
    return [failure["itemIdentifier"].removeprefix("m-") for failure in answer["batchItemFailures"]]


@pytest.mark.parametrize(
    ("topic", "expected"),
    [("admissions", ["adm@example.org"]), ("family", ["adm@example.org", "fam@example.org"])],
)
def test_enquiry_is_mailed_once_to_each_address_of_its_topic(
    stack: Stack, topic: str, expected: list[str]
) -> None:
    post_enquiry(stack, topic=topic)
    ses = FakeSes()
    stack.deliver(ses)
    assert recipients(ses) == expected
    assert {d["state"] for d in deliveries(stack)} == {"sent"}


def test_address_that_stands_twice_is_mailed_once(stack: Stack) -> None:
    stack.settings["MODERATORS"] = "mod@example.org,mod@EXAMPLE.org,two@example.org"
    add_comment(stack)
    ses = FakeSes()
    stack.deliver(ses)
    assert recipients(ses) == ["mod@example.org", "two@example.org"]


def test_message_that_comes_twenty_times_is_one_mail(stack: Stack) -> None:
    add_comment(stack)
    ses = FakeSes()
    [order_id] = stack.relay()
    assert bring(stack, ses, *[order_id] * 20) == []
    delivery_id = delivery(stack)["outbox_id"]
    assert bring(stack, ses, *[delivery_id] * 20) == []
    assert bring(stack, ses, *[order_id, delivery_id] * 5) == []
    assert len(ses.sent) == 1
    assert delivery(stack)["attempts"] == "1"


def test_delivery_that_another_run_is_sending_is_left_to_it(stack: Stack) -> None:
    add_comment(stack)
    bring(stack, FakeSes(), *stack.relay())
    outbox_id = str(delivery(stack)["outbox_id"])

    class Slow(FakeSes):
        def send_email(self, **request: Any) -> dict[str, str]:
            # While this one waits for SES, the queue brings the same message elsewhere.
            assert bring(stack, other, outbox_id) == []
            return super().send_email(**request)

    slow, other = Slow(), FakeSes()
    bring(stack, slow, outbox_id)
    assert (len(slow.sent), len(other.sent)) == (1, 0)


class Overtaken:
    """DynamoDB for a run that another one overtakes between its reading and its first write."""

    def __init__(self, stack: Stack, overtake: Callable[[], object]) -> None:
        self._client = stack.dynamodb
        self._overtake: Callable[[], object] | None = overtake

    def __getattr__(self, operation: str) -> Any:
        if operation in ("update_item", "transact_write_items") and self._overtake:
            overtake, self._overtake = self._overtake, None
            overtake()
        return getattr(self._client, operation)


@pytest.mark.parametrize("what", ["order", "delivery"])
def test_of_two_runs_that_read_the_same_row_one_goes_on(stack: Stack, what: str) -> None:
    add_comment(stack)
    ids = stack.relay()
    if what == "delivery":
        bring(stack, FakeSes(), *ids)
        ids = [str(delivery(stack)["outbox_id"])]
    first, second = FakeSes(), FakeSes()
    plain = stack.desk("mail")

    def overtake() -> None:
        stack._desks["mail"] = plain
        assert bring(stack, first, *ids) == []

    stack._desks["mail"] = desk_on(stack, "mail", Overtaken(stack, overtake))
    assert bring(stack, second, *ids) == []
    assert len(deliveries(stack)) == 1
    assert (len(first.sent), len(second.sent)) == ((0, 0) if what == "order" else (1, 0))


def test_passing_failure_is_tried_again_later_and_burns_no_receive(stack: Stack) -> None:
    add_comment(stack)
    bring(stack, FakeSes(), *stack.relay())
    outbox_id = str(delivery(stack)["outbox_id"])
    ses = FakeSes(ses_error("Throttling", 429), ses_error("Throttling", 429))
    assert [bring(stack, ses, outbox_id) for _ in range(3)] == [[], [], []]
    assert [seconds for seconds, _ in stack.delayed] == [30, 60]
    assert len(ses.sent) == 1
    assert (delivery(stack)["state"], delivery(stack)["attempts"]) == ("sent", "3")


@pytest.mark.parametrize("error", ["SendingPausedException", "BadRequestException"])
def test_delivery_at_rest_is_not_sent_when_the_queue_brings_it_again(stack: Stack, error: str) -> None:
    add_comment(stack)
    bring(stack, FakeSes(), *stack.relay())
    outbox_id = str(delivery(stack)["outbox_id"])
    ses = FakeSes(ses_error(error))
    for _ in range(3):
        assert bring(stack, ses, outbox_id) == []
    assert ses.sent == []


@pytest.mark.parametrize("post", [post_comment, post_enquiry])
def test_spam_is_not_mailed(stack: Stack, post: Any) -> None:
    assert post(stack, website="http://x").status == 202
    ses = FakeSes()
    stack.deliver(ses)
    assert (ses.sent, deliveries(stack)) == ([], [])


def test_comment_marked_as_spam_before_the_mail_went_is_not_mailed(stack: Stack) -> None:
    decide(stack, add_comment(stack), '"1"', status="spam")
    ses = FakeSes()
    stack.deliver(ses)
    assert ses.sent == []


def test_approval_mails_nobody_on_staff(stack: Stack) -> None:
    publish(stack)
    ses = FakeSes()
    stack.deliver(ses)
    assert recipients(ses) == ["mod@example.org"]


def test_enquiry_of_a_topic_that_is_gone_goes_to_admissions(stack: Stack) -> None:
    post_enquiry(stack, topic="family")
    stack.settings["TOPICS"] = '{"admissions": ["adm@example.org"]}'
    ses = FakeSes()
    stack.deliver(ses)
    assert recipients(ses) == ["adm@example.org"]


@pytest.mark.parametrize("table", ["CommentsTable", "EnquiriesTable"])
def test_order_about_what_is_gone_ends_quietly(stack: Stack, table: str) -> None:
    key = "comment_id" if table == "CommentsTable" else "reference"
    gone = add_comment(stack) if table == "CommentsTable" else post_enquiry(stack).json["reference"]
    stack.dynamodb.delete_item(TableName=stack.table(table), Key={key: {"S": gone}})
    ses = FakeSes()
    stack.deliver(ses)
    assert ses.sent == []


@pytest.mark.parametrize("body", ["{}", "[]", "not json", "", '{"outbox_id": ""}', "null"])
def test_poison_message_fails_alone(stack: Stack, body: str) -> None:
    add_comment(stack)
    good = [{"messageId": f"good-{i}", "body": json.dumps({"outbox_id": i})} for i in stack.relay()]
    records = [{"messageId": "poison", "body": body}, *good, {"messageId": "poison 2", "body": body}]
    answer = mail_batch({"Records": records}, replace(stack.desk("mail"), ses=FakeSes()))
    assert answer["batchItemFailures"] == [{"itemIdentifier": "poison"}, {"itemIdentifier": "poison 2"}]
    assert len(deliveries(stack)) == 1


def test_unknown_id_vanishes(stack: Stack) -> None:
    assert bring(stack, FakeSes(), "o-unknown") == []


@pytest.mark.parametrize("operation", ["get_item", "transact_write_items", "update_item"])
def test_message_comes_again_when_the_database_is_out(stack: Stack, operation: str) -> None:
    add_comment(stack)
    ids = stack.relay()
    if operation == "update_item":
        bring(stack, FakeSes(), *ids)
        ids = [str(delivery(stack)["outbox_id"])]
    ses = FakeSes()
    stack._desks["mail"] = desk_on(
        stack, "mail", FailingClient(OUTAGES["throttled"], stack.dynamodb, (operation,))
    )
    assert bring(stack, ses, *ids) == ids
    assert ses.sent == []
    del stack._desks["mail"]
    bring(stack, ses, *ids)
    stack.deliver(ses)
    assert len(ses.sent) == 1


def test_row_that_somebody_else_put_into_the_outbox_is_mailed_to_nobody(stack: Stack) -> None:
    """Who took over the public function may put rows and seal addresses: no mail of ours goes there."""
    add_comment(stack)
    ses = FakeSes()
    stack.deliver(ses)
    [row] = [item for item in stack.items("OutboxTable") if "recipient_sealed" in item]
    forged = {
        **row,
        "outbox_id": {"S": "dforged"},
        "state": {"S": "pending"},
        "recipient_sealed": {"B": stack.desk("mail").store.outbox._seal.close("thief@evil.example")},
    }
    stack.dynamodb.put_item(TableName=stack.table("OutboxTable"), Item=forged)
    stack.deliver(ses)
    # Those who are mailed about it anyway may be told once more; nobody else is.
    assert {m["Destination"]["ToAddresses"][0] for m in ses.sent} == {"mod@example.org"}
    [after] = [item for item in stack.items("OutboxTable") if item["outbox_id"]["S"] == "dforged"]
    assert (after["state"]["S"], after["reason"]["S"]) == ("failed", "readdressed")
