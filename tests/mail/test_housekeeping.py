"""What housekeeping moves on, when, and that it touches nothing else."""

import json
import logging

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.errors import Unavailable
from tests.acts import add_comment, change_enquiry, everything_stored, post_enquiry
from tests.mail.mails import delivery, queued, ses_error
from tests.stack import FakeSes, Stack

NOTHING = {"lost_leases": 0, "resent": 0, "resumed": 0, "queued_again": 0, "lessons": 0}
PAUSED = ses_error("SendingPausedException")
TIMEOUT = ReadTimeoutError(endpoint_url="https://email.example")


class Dying(FakeSes):
    """The function dies while it waits for SES."""

    def send_email(self, **_: object) -> dict[str, str]:
        raise MemoryError


def with_delivery(stack: Stack, ses: FakeSes) -> None:
    """One comment, its order done, its one delivery brought to `ses`."""
    add_comment(stack)
    stack.relay()
    stack.run_mail(FakeSes())
    stack.relay()
    stack.run_mail(ses)


def test_nothing_is_moved_where_all_is_well(stack: Stack) -> None:
    with_delivery(stack, FakeSes())
    add_comment(stack, message="Just now.")
    stack.relay()
    before = everything_stored(stack)
    queued(stack)
    assert stack.keep_house() == NOTHING
    stack.later(days=1)
    del before["OutboxTable"]
    assert stack.keep_house() == NOTHING | {"queued_again": 1}
    after = everything_stored(stack)
    del after["OutboxTable"]
    assert after == before


def test_sent_and_failed_mail_is_never_touched_again(stack: Stack) -> None:
    with_delivery(stack, FakeSes())
    with_delivery_failed = ses_error("BadRequestException")
    add_comment(stack, message="Another.")
    stack.relay()
    stack.run_mail(FakeSes(with_delivery_failed))
    stack.relay()
    stack.run_mail(FakeSes(with_delivery_failed))
    before = everything_stored(stack)
    stack.later(days=30)
    assert stack.keep_house() == NOTHING
    assert everything_stored(stack) == before
    assert queued(stack) == []


def test_held_mail_is_resumed_after_ten_minutes(stack: Stack) -> None:
    with_delivery(stack, FakeSes(PAUSED))
    stack.later(minutes=10)
    assert stack.keep_house() == NOTHING
    stack.later(seconds=1)
    assert stack.keep_house() == NOTHING | {"resumed": 1, "queued_again": 1}
    ses = FakeSes()
    stack.run_mail(ses)
    assert (delivery(stack)["state"], len(ses.sent)) == ("sent", 1)


def test_mail_that_ses_keeps_refusing_stays_held_and_is_tried_again(stack: Stack) -> None:
    with_delivery(stack, FakeSes(PAUSED))
    for attempt in range(2, 5):
        stack.later(minutes=30, seconds=1)
        stack.keep_house()
        stack.run_mail(FakeSes(PAUSED))
        assert (delivery(stack)["state"], delivery(stack)["attempts"]) == ("held", str(attempt))


def test_lease_is_given_up_after_sixty_seconds(stack: Stack) -> None:
    with_delivery(stack, Dying())
    assert delivery(stack)["state"] == "sending"
    stack.later(seconds=60)
    assert stack.keep_house() == NOTHING
    assert delivery(stack)["state"] == "sending"
    stack.later(seconds=1)
    assert stack.keep_house() == NOTHING | {"lost_leases": 1}
    assert (delivery(stack)["state"], delivery(stack)["reason"]) == ("unknown", "lease_lost")


def test_mail_of_unknown_fate_is_sent_again_once_after_fifteen_minutes(stack: Stack) -> None:
    with_delivery(stack, FakeSes(TIMEOUT))
    stack.later(minutes=15)
    assert stack.keep_house() == NOTHING
    stack.later(seconds=1)
    assert stack.keep_house() == NOTHING | {"resent": 1, "queued_again": 1}
    assert delivery(stack)["resent"] is True
    stack.run_mail(FakeSes(TIMEOUT))
    # An address is kept no longer than that of any other mail.
    assert int(delivery(stack)["expires_at"]) <= int(stack.now.timestamp()) + 90 * 86_400
    for _ in range(3):
        stack.later(days=1)
        assert stack.keep_house() == NOTHING
    assert delivery(stack)["state"] == "unknown"
    assert queued(stack) == []


def test_mail_of_unknown_fate_is_sent_when_the_second_try_goes_well(stack: Stack) -> None:
    with_delivery(stack, FakeSes(TIMEOUT))
    stack.later(minutes=16)
    stack.keep_house()
    ses = FakeSes()
    stack.run_mail(ses)
    assert (delivery(stack)["state"], len(ses.sent)) == ("sent", 1)


@pytest.mark.parametrize("stage", ["order", "delivery"])
def test_what_was_never_relayed_is_queued_again(stack: Stack, stage: str) -> None:
    add_comment(stack)
    if stage == "delivery":
        stack.relay()
        stack.run_mail(FakeSes())
    # From here on the relay is out.
    stack.later(seconds=119)
    assert stack.keep_house() == NOTHING
    stack.later(seconds=2)
    assert stack.keep_house() == NOTHING | {"queued_again": 1}
    ses = FakeSes()
    for _ in range(2):
        stack.run_mail(ses)
        stack.later(minutes=3)
        stack.keep_house()
    assert len(ses.sent) == 1


def test_what_was_queued_again_is_not_queued_thrice_while_it_waits(stack: Stack) -> None:
    add_comment(stack)
    stack.later(minutes=3)
    assert stack.keep_house()["queued_again"] == 1
    stack.later(minutes=5)
    assert stack.keep_house()["queued_again"] == 0
    stack.later(minutes=6)
    assert stack.keep_house()["queued_again"] == 1


def test_what_was_resent_once_rests_however_often_it_is_unknown(stack: Stack) -> None:
    """It must not stay overdue either: enough such rows would fill each run's share."""
    add_comment(stack)
    timeout = ReadTimeoutError(endpoint_url="https://ses")
    stack.deliver(FakeSes(timeout))
    stack.later(minutes=16)
    assert stack.keep_house()["resent"] == 1
    stack.run_mail(FakeSes(timeout))
    stack.keep_house()
    stack.run_mail(FakeSes(timeout))
    assert [i["state"]["S"] for i in stack.items("OutboxTable") if "state" in i] == ["unknown"]
    stack.later(days=60)
    assert stack.desk("housekeeping").store.outbox_entries.list_overdue("unknown", stack.now, 200) == []


def metrics_of(stack: Stack, caplog: pytest.LogCaptureFixture) -> dict[str, int]:
    """The ages that one run of housekeeping notes, in seconds."""
    caplog.set_level(logging.INFO, "frontdesk")
    caplog.clear()
    stack.keep_house()
    [line] = [json.loads(record.getMessage()) for record in caplog.records if record.name == "frontdesk"]
    return {name: value for name, value in line.items() if name.endswith("Seconds")}


def test_ages_of_what_waits_longest_are_noted(stack: Stack, caplog: pytest.LogCaptureFixture) -> None:
    assert metrics_of(stack, caplog) == {
        "OldestPendingMailSeconds": 0,
        "OldestPendingCommentSeconds": 0,
        "OldestNewEnquirySeconds": 0,
        "NewEnquiryOverdueSeconds": 0,
    }
    add_comment(stack)
    stack.later(minutes=3)
    post_enquiry(stack)
    stack.later(minutes=4)
    assert metrics_of(stack, caplog) == {
        "OldestPendingMailSeconds": 7 * 60,
        "OldestPendingCommentSeconds": 7 * 60,
        "OldestNewEnquirySeconds": 4 * 60,
        "NewEnquiryOverdueSeconds": 0,
    }


def test_new_enquiry_is_overdue_from_reply_hours_on(stack: Stack, caplog: pytest.LogCaptureFixture) -> None:
    stack.settings["REPLY_HOURS"] = "2"
    reference = post_enquiry(stack).json["reference"]
    stack.later(hours=2)
    assert metrics_of(stack, caplog)["NewEnquiryOverdueSeconds"] == 0
    stack.later(minutes=1)
    assert metrics_of(stack, caplog)["NewEnquiryOverdueSeconds"] == 60
    # Somebody has taken it.
    assert change_enquiry(stack, reference, '"1"', status="in_progress").status == 200
    assert metrics_of(stack, caplog)["NewEnquiryOverdueSeconds"] == 0


def test_a_digest_that_is_to_come_is_not_mail_that_is_late(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    stack.settings["DIGEST_MINUTES"] = "60"
    add_comment(stack)
    stack.deliver(FakeSes())
    add_comment(stack, message="Another.")
    stack.deliver(FakeSes())
    stack.later(minutes=30)
    assert metrics_of(stack, caplog)["OldestPendingMailSeconds"] == 0


def test_what_cannot_be_counted_keeps_nothing_from_being_tidied(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_comment(stack)
    stack.later(minutes=5)
    desk = stack.desk("housekeeping")

    def refuse() -> None:
        raise Unavailable("query")

    monkeypatch.setattr(type(desk.store.comments), "find_oldest_pending", lambda _self: refuse())
    assert stack.keep_house()["queued_again"] == 1
