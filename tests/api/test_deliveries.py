"""What staff see of the mail, and that they can have one sent again."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.mail.handlers import mail_batch
from chalicelib.staff_tokens import Role
from tests.acts import add_comment, post_enquiry
from tests.mail.mails import deliveries, queued, ses_error
from tests.stack import FakeSes, Stack

KEYS = {"id", "kind", "subject_id", "state", "reason", "attempts", "created_at", "sent_at"}


def listed(stack: Stack, role: Role = "admin", **query: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    cursor = ""
    while True:
        asked = {**query, **({"cursor": cursor} if cursor else {})}
        reply = stack.call("GET", "/v1/staff/deliveries", role=role, query=asked)
        assert reply.status == 200, reply.text
        found += reply.json["deliveries"]
        cursor = reply.json["next_cursor"]
        if not cursor:
            return found


@pytest.mark.parametrize("role", ("moderator", "admin"))
@pytest.mark.parametrize("limit", ["1", "2", "100"])
@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_every_state_is_listed_once_without_an_address(
    stack: Stack, role: Role, limit: str, order: str
) -> None:
    failures: list[Exception] = [
        ses_error("BadRequestException"),
        ses_error("SendingPausedException"),
        ReadTimeoutError(endpoint_url="https://ses"),
    ]
    for number, failure in enumerate(failures):
        add_comment(stack, message=f"{number}")
        stack.deliver(FakeSes(failure))
    add_comment(stack, message="sent")
    stack.deliver(FakeSes())
    add_comment(stack, message="waits")
    shown = listed(stack, role, limit=limit, order=order)
    assert [d["state"] for d in shown] == ["failed", "unknown", "held", "pending", "sent"]
    assert {d["reason"] for d in shown} == {
        "BadRequestException",
        "ReadTimeoutError",
        "SendingPausedException",
        None,
    }
    assert all(set(d) == KEYS for d in shown)
    assert "@" not in json.dumps(shown)
    for each in shown:
        assert listed(stack, role, state=str(each["state"]), limit=limit) == [each]


def test_unknown_state_and_foreign_cursor_are_refused(stack: Stack) -> None:
    reply = stack.call("GET", "/v1/staff/deliveries", role="admin", query={"state": "lost"})
    assert (reply.status, reply.json["code"]) == (422, "invalid_fields")
    add_comment(stack)
    add_comment(stack, message="2")
    query = {"limit": "1", "state": "pending"}
    cursor = stack.call("GET", "/v1/staff/deliveries", role="admin", query=query).json["next_cursor"]
    reply = stack.call("GET", "/v1/staff/deliveries", role="admin", query={"cursor": cursor})
    assert (reply.status, reply.json["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (ses_error("BadRequestException"), "failed"),
        (ses_error("SendingPausedException"), "held"),
        (ReadTimeoutError(endpoint_url="https://ses"), "unknown"),
        (None, "sent"),
    ],
)
def test_mail_is_sent_again_marked_and_audited(stack: Stack, failure: Exception | None, state: str) -> None:
    add_comment(stack)
    stack.deliver(FakeSes(*([failure] if failure else [])))
    [before] = listed(stack)
    assert before["state"] == state
    reply = stack.call("POST", f"/v1/staff/deliveries/{before['id']}/resend", role="moderator")
    assert (reply.status, reply.json["state"]) == (202, "pending")
    ses = FakeSes()
    stack.run_mail(ses)
    [sent] = ses.sent
    assert "before" in sent["Content"]["Raw"]["Data"].decode()
    [after] = listed(stack)
    assert (after["id"], after["state"], after["attempts"]) == (before["id"], "sent", 2)
    [entry] = stack.desk("staff").store.audit.history(str(before["id"]))
    assert (entry.act.action, entry.act.before, entry.act.after) == ("resend", state, "pending")


def test_mail_under_way_is_not_sent_again(stack: Stack) -> None:
    add_comment(stack)
    [order] = listed(stack)
    assert order["state"] == "pending"
    reply = stack.call("POST", f"/v1/staff/deliveries/{order['id']}/resend", role="admin")
    assert (reply.status, reply.json["code"]) == (409, "illegal_transition")
    assert stack.call("POST", "/v1/staff/deliveries/d0/resend", role="admin").status == 404


def test_resend_that_the_queue_does_not_take_is_brought_by_housekeeping(stack: Stack) -> None:
    add_comment(stack)
    stack.deliver(FakeSes())
    [sent] = listed(stack)

    class Out:
        def __getattr__(self, _: str) -> object:
            raise ReadTimeoutError(endpoint_url="https://sqs")

        def send_message_batch(self, **_: object) -> None:
            raise ReadTimeoutError(endpoint_url="https://sqs")

    desk = stack.desk("staff")
    out = replace(desk, queue=replace(desk.queue, client=Out()))
    path = f"/v1/staff/deliveries/{sent['id']}/resend"
    assert stack.call("POST", path, role="admin", desk=out).status == 202
    stack.later(seconds=5)
    stack.keep_house()
    assert queued(stack) == [json.dumps({"outbox_id": sent["id"]})]


def test_dead_letters_are_listed_and_stay_and_say_what_they_are(stack: Stack) -> None:
    post_enquiry(stack, contact_by=["call"])
    stack.relay()
    stack.run_mail(FakeSes())
    [row] = deliveries(stack)
    for body in (json.dumps({"outbox_id": row["outbox_id"]}), "not ours: robin@visitor.example"):
        stack.sqs.send_message(QueueUrl=stack.dead_letter_url, MessageBody=body)
    reply = stack.call("GET", "/v1/staff/dead-letters", role="admissions")
    assert reply.status == 200
    assert reply.json["count"] == 2
    assert {letter["outbox_id"] for letter in reply.json["dead_letters"]} == {row["outbox_id"], None}
    assert [x["delivery"]["state"] for x in reply.json["dead_letters"] if x["delivery"]] == ["pending"]
    assert "visitor.example" not in reply.text
    desk = stack.desk("staff")
    attributes = stack.sqs.get_queue_attributes(
        QueueUrl=stack.dead_letter_url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"]
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "2"
    assert desk.queue.dead_letter_url == stack.dead_letter_url


def test_redriven_dead_letter_is_delivered_once(stack: Stack) -> None:
    add_comment(stack)
    stack.relay()
    stack.run_mail(FakeSes())
    [row] = deliveries(stack)
    for _ in range(3):
        body = json.dumps({"outbox_id": row["outbox_id"]})
        stack.sqs.send_message(QueueUrl=stack.dead_letter_url, MessageBody=body)
    assert stack.desk("staff").queue.redrive() == 3
    ses = FakeSes()
    stack.run_mail(ses)
    assert len(ses.sent) == 1
    assert stack.desk("staff").queue.list_dead_letters() == (0, [])


def test_row_that_always_fails_says_why_and_is_not_queued_again_and_again(stack: Stack) -> None:
    add_comment(stack)
    stack.relay()
    stack.run_mail(FakeSes())
    [row] = deliveries(stack)
    stack.dynamodb.update_item(
        TableName=stack.table("OutboxTable"),
        Key={"outbox_id": {"S": str(row["outbox_id"])}},
        UpdateExpression="SET recipient_sealed = :x",
        ExpressionAttributeValues={":x": {"B": b"no box"}},
    )
    record = {"messageId": "m", "body": json.dumps({"outbox_id": row["outbox_id"]})}
    answer = mail_batch({"Records": [record]}, stack.desk("mail"))
    assert answer["batchItemFailures"] == [{"itemIdentifier": "m"}]
    [shown] = listed(stack)
    assert (shown["state"], shown["reason"]) == ("pending", "Unreadable")
    queued(stack)
    stack.later(hours=1)
    stack.keep_house()
    assert queued(stack) == []


def kinds_seen(stack: Stack, role: Role) -> set[str]:
    shown = stack.call("GET", "/v1/staff/deliveries", role=role, query={"limit": "100"}).json
    return {delivery["kind"] for delivery in shown["deliveries"]}


def test_each_role_sees_and_resends_the_mail_that_concerns_it(stack: Stack) -> None:
    """Who wrote to admissions is not the moderators' business, and nobody may have them mailed again."""
    add_comment(stack)
    post_enquiry(stack)
    stack.deliver(FakeSes())
    assert kinds_seen(stack, "moderator") == {"comment_submitted"}
    assert kinds_seen(stack, "admissions") == {"enquiry_submitted", "enquiry_received"}
    assert kinds_seen(stack, "admin") == {"comment_submitted", "enquiry_submitted", "enquiry_received"}
    others: dict[Role, Role] = {"moderator": "admissions", "admissions": "moderator"}
    for role, other in others.items():
        listed = stack.call("GET", "/v1/staff/deliveries", role=other).json["deliveries"]
        path = f"/v1/staff/deliveries/{listed[0]['id']}/resend"
        assert stack.call("POST", path, role=role).status == 403
        assert stack.call("POST", path, role=other).status == 202
