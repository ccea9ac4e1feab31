"""The operations that docs/cost.md prices, each told as a story: what is called, which functions run."""

from collections.abc import Callable
from typing import Any

from chalicelib.mail.handlers import note_event
from infra.cost import Usage, invocation
from tests.acts import PAGE, decide, post_comment, post_enquiry, publish, read_thread
from tests.cost.usage import counted
from tests.stack import FakeSes, Stack

MESSAGE = "I wrote this to see what a message of ordinary length costs. " * 5
# Lambda's own lines about an invocation (START, END, REPORT), and ours.
_LOG_BYTES = 700
_SES_REPORTS = ("Send", "Delivery")


def view(stack: Stack, prices: dict[str, Any]) -> Usage:
    """A visitor reads a page of twenty comments."""
    for number in range(20):
        publish(stack, message=f"{number}: {MESSAGE}")
    with counted(stack) as usage:
        thread = read_thread(stack)
    return usage + _request("public", len(str(thread)), prices)


def comment(stack: Stack, prices: dict[str, Any]) -> Usage:
    """A comment is posted, moderators are mailed, one of them reads and approves it."""
    with counted(stack) as usage:
        reply = post_comment(stack, message=MESSAGE)
        mails = _deliver(stack)
        queue = stack.call("GET", "/v1/staff/comments", role="moderator")
        decide(stack, reply.json["id"], '"1"', status="approved")
        mails += _deliver(stack)
    requests = _request("public", len(reply.text), prices)
    for text in (queue.text, ""):
        requests += _request("staff", len(text), prices) + _event("authorizer", prices)
    return usage + requests + _mail(mails, prices)


def enquiry(stack: Stack, prices: dict[str, Any]) -> Usage:
    """An enquiry is sent, admissions and the enquirer are mailed, somebody reads it and closes it."""
    with counted(stack) as usage:
        reply = post_enquiry(stack, message=MESSAGE)
        mails = _deliver(stack)
        path = f"/v1/staff/enquiries/{reply.json['reference']}"
        read = stack.call("GET", path, role="admissions")
        stack.call("PATCH", path, {"status": "closed"}, role="admissions", if_match='"1"')
    requests = _request("public", len(reply.text), prices)
    for text in (read.text, read.text):
        requests += _request("staff", len(text), prices) + _event("authorizer", prices)
    return usage + requests + _mail(mails, prices)


def housekeeping(stack: Stack, prices: dict[str, Any]) -> Usage:
    """One run in which there is nothing to do."""
    with counted(stack) as usage:
        stack.keep_house()
    return usage + _event("housekeeping", prices)


def post(stack: Stack, prices: dict[str, Any]) -> Usage:
    with counted(stack) as usage:
        reply = post_comment(stack, message=MESSAGE)
    return usage + _request("public", len(reply.text), prices)


def list_hundred(stack: Stack, prices: dict[str, Any]) -> Usage:
    for number in range(100):
        publish(stack, message=f"{number}: {MESSAGE}")
    with counted(stack) as usage:
        reply = stack.call("GET", "/v1/comments", query={"page": PAGE, "limit": "100"})
    assert len(reply.json["comments"]) == 100
    return usage + _request("public", len(reply.text), prices)


def count_fifty(stack: Stack, prices: dict[str, Any]) -> Usage:
    with counted(stack) as usage:
        reply = stack.call("POST", "/v1/comments/counts", {"pages": [f"/page-{n}" for n in range(50)]})
    return usage + _request("public", len(reply.text), prices)


def send(stack: Stack, prices: dict[str, Any]) -> Usage:
    with counted(stack) as usage:
        reply = post_enquiry(stack, message=MESSAGE)
    return usage + _request("public", len(reply.text), prices)


def approve(stack: Stack, prices: dict[str, Any]) -> Usage:
    comment_id = post_comment(stack, message=MESSAGE).json["id"]
    with counted(stack) as usage:
        reply = decide(stack, comment_id, '"1"', status="approved")
    return usage + _request("staff", len(reply.text), prices) + _event("authorizer", prices)


OPERATIONS: dict[str, Callable[[Stack, dict[str, Any]], Usage]] = {
    "views": view,
    "comments": comment,
    "enquiries": enquiry,
}

# One request each, and nothing that comes of it: what docs/performance.md prices.
REQUESTS: dict[str, Callable[[Stack, dict[str, Any]], Usage]] = {
    "post a comment": post,
    "list 100 comments": list_hundred,
    "counts of 50 pages": count_fifty,
    "send an enquiry": send,
    "approve a comment": approve,
}


def _deliver(stack: Stack) -> int:
    """Carry what is to be mailed to SES, and SES's reports back; return how many mails it were."""
    ses = FakeSes()
    stack.deliver(ses)
    for mail in ses.sent:
        tags = {tag["Name"]: [tag["Value"]] for tag in mail["EmailTags"]}
        for report in _SES_REPORTS:
            note_event(
                {"detail": {"eventType": report, "mail": {"tags": tags}}}, stack.desk("delivery_events")
            )
    return len(ses.sent)


def _request(function: str, answered: int, prices: dict[str, Any]) -> Usage:
    return _event(function, prices) + Usage({"api_requests": 1, "egress": answered + 1000})


def _event(function: str, prices: dict[str, Any]) -> Usage:
    return invocation(function, prices) + Usage({"logs": _LOG_BYTES})


def _mail(mails: int, prices: dict[str, Any]) -> Usage:
    """The functions behind the outbox, as though nothing ever came in one batch: the dearest case."""
    usage: Usage = Usage({"mails": mails})
    # The order's way and each mail's; the stream is read for nothing.
    for _ in range(1 + mails):
        usage += _event("relay", prices) + _event("mail", prices)
    for _ in range(mails * len(_SES_REPORTS)):
        usage += _event("delivery_events", prices)
    # Each message is received and deleted; an idle queue is asked too, which is not counted here.
    return usage + Usage({"sqs_requests": 2 * (1 + mails)})
