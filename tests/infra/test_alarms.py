"""Somebody hears of mail that is stuck: the alarms, and that they look for what the functions log."""

import json
import logging
import re
from typing import Any

import pytest

from chalicelib.event_log import NAMESPACE
from chalicelib.mail.handlers import note_event
from infra.functions import FUNCTIONS
from infra.intrinsics import resolve
from tests.acts import add_comment, publish
from tests.infra.conftest import of_type
from tests.mail.mails import ses_error
from tests.stack import FakeSes, Stack


def queue(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "QueueName"]}


# Namespace, metric, and of what (the first dimension).
ALARMS: dict[str, tuple[str, str, Any]] = {
    "DeadLetterAlarm": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue("MailDeadLetterQueue")),
    "RelayDeadLetterAlarm": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue("RelayDeadLetterQueue")),
    "OldestMailAlarm": ("Frontdesk", "OldestPendingMailSeconds", {"Ref": "Stage"}),
    "EnquiryOverdueAlarm": ("Frontdesk", "NewEnquiryOverdueSeconds", {"Ref": "Stage"}),
    "RelayBehindAlarm": ("AWS/Lambda", "IteratorAge", {"Ref": "Relay"}),
    "MailHeldAlarm": ("Frontdesk", "${Stage}-mail-held", None),
    "StaffUnreachedAlarm": ("Frontdesk", "${Stage}-staff-unreached", None),
    "ServerErrorAlarm": ("AWS/ApiGateway", "5XXError", {"Fn::Sub": "frontdesk-${Stage}"}),
    "AuthorizerFailedAlarm": ("Frontdesk", "${Stage}-authorizer-failed", None),
    "ThrottledAlarm": ("AWS/Lambda", "Throttles", None),
    "ReportsDroppedAlarm": ("AWS/Lambda", "AsyncEventsDropped", {"Ref": "DeliveryEvents"}),
    "NoHousekeepingAlarm": ("AWS/Lambda", "Invocations", {"Ref": "Housekeeping"}),
    "HousekeepingFailedAlarm": ("AWS/Lambda", "Errors", {"Ref": "Housekeeping"}),
    "BounceRateAlarm": ("AWS/SES", "Reputation.BounceRate", None),
    "ComplaintRateAlarm": ("AWS/SES", "Reputation.ComplaintRate", None),
}


AGES = {metric for _, metric, _ in ALARMS.values() if metric.endswith("Seconds")}


def words_of(resources: dict[str, Any], name: str) -> list[str]:
    """The words that a line must hold, all of them, for the filter to count it."""
    pattern = resources[name]["Properties"]["FilterPattern"]
    return [word.strip('"') for word in pattern.split()]


def counted(resources: dict[str, Any], name: str, caplog: pytest.LogCaptureFixture) -> int:
    words = words_of(resources, name)
    return sum(all(word in record.getMessage() for word in words) for record in caplog.records)


def test_every_alarm_tells_somebody_and_is_about_what_there_is(resources: dict[str, Any]) -> None:
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    assert set(alarms) == set(ALARMS)
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
        assert alarm["AlarmDescription"]
    filters = of_type(resources, "AWS::Logs::MetricFilter").values()
    made = [each["MetricTransformations"][0]["MetricName"] for each in filters]
    for alarm in alarms.values():
        if alarm["Namespace"] == NAMESPACE:
            assert alarm["MetricName"] in made or alarm["MetricName"] in AGES


def test_ages_that_alarms_look_at_are_those_that_housekeeping_notes(
    resources: dict[str, Any], stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "frontdesk")
    stack.keep_house()
    [line] = [json.loads(record.getMessage()) for record in caplog.records if record.name == "frontdesk"]
    [described] = line["_aws"]["CloudWatchMetrics"]
    assert {metric["Name"] for metric in described["Metrics"]} >= AGES
    # Of a dimension that it has not, an alarm would see nothing, and say nothing.
    assert (described["Namespace"], described["Dimensions"]) == (NAMESPACE, [["Stage"]])
    of_this_stage = [{"Name": "Stage", "Value": {"Ref": "Stage"}}]
    for name, (_, metric, _) in ALARMS.items():
        assert metric not in AGES or resources[name]["Properties"]["Dimensions"] == of_this_stage


def test_every_alarm_can_be_looked_up_in_the_runbook(resources: dict[str, Any]) -> None:
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        assert alarm["AlarmDescription"].endswith(f". docs/operate.md#{name.lower()}")


@pytest.mark.parametrize(("name", "expected"), ALARMS.items())
def test_an_alarm_watches_the_metric_that_aws_documents(
    resources: dict[str, Any], name: str, expected: tuple[str, str, Any]
) -> None:
    alarm = resources[name]["Properties"]
    namespace, metric, of = expected
    named = {"Fn::Sub": metric} if "$" in metric else metric
    assert (alarm["Namespace"], alarm["MetricName"]) == (namespace, named)
    assert [dimension["Value"] for dimension in alarm.get("Dimensions", [])][:1] == ([of] if of else [])


def test_silence_alarms_where_it_is_the_trouble_and_nowhere_else(resources: dict[str, Any]) -> None:
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        expected = "breaching" if name == "NoHousekeepingAlarm" else "notBreaching"
        assert alarm["TreatMissingData"] == expected, name


def test_ses_is_heeded_before_it_reviews_the_account(resources: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-dg.html: 5 %, and 0.1 %."""
    assert resources["BounceRateAlarm"]["Properties"]["Threshold"] < 0.05
    assert resources["ComplaintRateAlarm"]["Properties"]["Threshold"] < 0.001


def test_the_authorizers_refusals_are_no_failure(resources: dict[str, Any]) -> None:
    """It refuses by an error of its own; what counts is what the access log says of the gateway's reason."""
    pattern = resources["AuthorizerFailed"]["Properties"]["FilterPattern"]
    assert re.findall(r'"(\w+)"', pattern) == ["AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR"]
    access_log = resources["RestAPI"]["Properties"]["AccessLogSetting"]["Format"]
    assert json.loads(access_log)["refused"] == "$context.error.responseType"
    assert "$.refused" in pattern


def test_the_dashboard_is_json_about_what_there_is(resources: dict[str, Any], known: dict[str, str]) -> None:
    functions = {function.logical_id: function.name for function in FUNCTIONS}
    queues = {"MailQueue.QueueName": "mail", "MailDeadLetterQueue.QueueName": "mail-dead"}
    body = resources["Dashboard"]["Properties"]["DashboardBody"]
    widgets = json.loads(resolve(body, {**known, **functions, **queues}))["widgets"]
    assert len(widgets) == 10
    assert all(widget["properties"]["metrics"] for widget in widgets)


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
