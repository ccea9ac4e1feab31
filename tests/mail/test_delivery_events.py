"""What SES reports moves a delivery on: once or often, and in any order."""

from itertools import permutations
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.mail.handlers import note_event
from tests.acts import add_comment
from tests.stack import FakeSes, Stack


def sent(stack: Stack, *failures: Exception) -> str:
    add_comment(stack)
    stack.deliver(FakeSes(*failures))
    [row] = [item for item in stack.items("OutboxTable") if "state" in item]
    return str(row["outbox_id"]["S"])


def report(stack: Stack, kind: str, delivery: str, **detail: Any) -> dict[str, Any]:
    mail = {"messageId": "m1", "tags": {"delivery": [delivery]}, "destination": ["mod@example.org"]}
    return note_event({"detail": {"eventType": kind, "mail": mail, **detail}}, stack.desk("delivery_events"))


def state_of(stack: Stack, delivery: str) -> tuple[str, str | None]:
    [row] = [item for item in stack.items("OutboxTable") if item["outbox_id"]["S"] == delivery]
    return row["state"]["S"], row.get("reason", {}).get("S")


@pytest.mark.parametrize("order", list(permutations(["Send", "Delivery", "Delivery"])))
def test_delivered_is_delivered_in_whatever_order_it_is_told(stack: Stack, order: tuple[str, ...]) -> None:
    delivery = sent(stack)
    for kind in order:
        report(stack, kind, delivery)
    assert state_of(stack, delivery) == ("delivered", None)


@pytest.mark.parametrize("order", list(permutations(["Send", "Delivery", "Bounce"])))
def test_bounce_has_the_last_word(stack: Stack, order: tuple[str, ...]) -> None:
    delivery = sent(stack)
    for kind in order:
        report(stack, kind, delivery)
    assert state_of(stack, delivery) == ("failed", "bounce")


@pytest.mark.parametrize(("kind", "state"), [("Send", "sent"), ("Delivery", "delivered")])
def test_report_settles_what_was_unknown_and_it_is_not_sent_again(
    stack: Stack, kind: str, state: str
) -> None:
    delivery = sent(stack, ReadTimeoutError(endpoint_url="https://ses"))
    assert state_of(stack, delivery)[0] == "unknown"
    report(stack, kind, delivery)
    stack.later(minutes=20)
    assert stack.keep_house()["resent"] == 0
    assert state_of(stack, delivery) == (state, None)


@pytest.mark.parametrize("kind", ["Open", "Click", "Subscription", ""])
def test_other_reports_change_nothing(stack: Stack, kind: str) -> None:
    delivery = sent(stack)
    assert report(stack, kind, delivery)["state"] == "unchanged"
    assert state_of(stack, delivery) == ("sent", None)


def test_report_of_an_unknown_mail_is_not_an_error(stack: Stack) -> None:
    assert report(stack, "Delivery", "d0")["state"] == "unchanged"
    assert note_event({"detail": {"eventType": "Send", "mail": {}}}, stack.desk("delivery_events"))


def test_what_is_noted_holds_no_address(stack: Stack) -> None:
    bounced = {"bouncedRecipients": [{"emailAddress": "mod@example.org"}]}
    assert "@" not in str(report(stack, "Bounce", sent(stack), bounce=bounced))
