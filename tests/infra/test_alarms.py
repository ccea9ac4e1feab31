"""Somebody hears of mail that is stuck: the alarms, and that they look for what the functions log."""

import json
import logging
from typing import Any

import pytest

from chalicelib.mail.handlers import note_event
from tests.acts import add_comment, publish
from tests.infra.conftest import of_type
from tests.mail.mails import ses_error
from tests.stack import FakeSes, Stack


def words_of(resources: dict[str, Any], name: str) -> list[str]:
    """The words that a line must hold, all of them, for the filter to count it."""
    pattern = resources[name]["Properties"]["FilterPattern"]
    return [word.strip('"') for word in pattern.split()]


def counted(resources: dict[str, Any], name: str, caplog: pytest.LogCaptureFixture) -> int:
    words = words_of(resources, name)
    return sum(all(word in record.getMessage() for word in words) for record in caplog.records)


def test_every_alarm_tells_somebody_and_is_about_what_there_is(resources: dict[str, Any]) -> None:
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    assert set(alarms) == {"DeadLetterAlarm", "MailHeldAlarm", "StaffUnreachedAlarm"}
    assert all(alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}] for alarm in alarms.values())
    made = [
        each["MetricTransformations"][0] for each in of_type(resources, "AWS::Logs::MetricFilter").values()
    ]
    for alarm in alarms.values():
        if alarm["Namespace"] == "Frontdesk":
            assert alarm["MetricName"] in [metric["MetricName"] for metric in made]
    [dimension] = alarms["DeadLetterAlarm"]["Dimensions"]
    assert dimension["Value"] == {"Fn::GetAtt": ["MailDeadLetterQueue", "QueueName"]}


def test_held_mail_is_counted_and_other_mail_is_not(
    resources: dict[str, Any], stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "frontdesk")
    add_comment(stack)
    stack.deliver(FakeSes(ses_error("BadRequestException")))
    add_comment(stack, message="Two")
    stack.deliver(FakeSes())
    assert counted(resources, "MailHeld", caplog) == 0
    add_comment(stack, message="Three")
    stack.deliver(FakeSes(ses_error("SendingPausedException")))
    assert counted(resources, "MailHeld", caplog) == 1


@pytest.mark.parametrize(("to", "expected"), [("mod@example.org", 1), ("robin.wren@visitor.example", 0)])
def test_mail_that_came_back_is_counted_where_it_was_to_staff(
    resources: dict[str, Any], stack: Stack, caplog: pytest.LogCaptureFixture, to: str, expected: int
) -> None:
    caplog.set_level(logging.INFO, "frontdesk")
    publish(stack, notify=True)
    ses = FakeSes()
    stack.deliver(ses)
    [sent] = [m for m in ses.sent if m["Destination"]["ToAddresses"] == [to]]
    mail = {"tags": {tag["Name"]: [tag["Value"]] for tag in sent["EmailTags"]}}
    for report in ("Delivery", "Bounce"):
        note_event({"detail": {"eventType": report, "mail": mail}}, stack.desk("delivery_events"))
    assert counted(resources, "StaffUnreached", caplog) == expected
    assert to not in json.dumps([record.getMessage() for record in caplog.records])
