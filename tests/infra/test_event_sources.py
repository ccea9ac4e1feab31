"""How functions are fed in AWS, how many at once, and what becomes of what fails again and again."""

from typing import Any

import pytest

from infra.functions import FUNCTIONS, Function

EVERY_FUNCTION = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)


def test_the_stream_is_tried_again_by_halves_and_then_given_up(resources: dict[str, Any]) -> None:
    mapping = resources["RelayEventSource"]["Properties"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert 0 < mapping["MaximumRetryAttempts"] <= 20
    # Long before the stream forgets, which is after a day.
    assert mapping["MaximumRecordAgeInSeconds"] <= 6 * 3600
    destination = {"Destination": {"Fn::GetAtt": ["RelayDeadLetterQueue", "Arn"]}}
    assert mapping["DestinationConfig"] == {"OnFailure": destination}


def test_no_report_of_ses_is_kept_in_a_queue(resources: dict[str, Any]) -> None:
    """It has the recipient's address: what cannot be handled is dropped, and an alarm counts it."""
    for function in ("DeliveryEvents", "Housekeeping"):
        config = resources[f"{function}InvokeConfig"]
        assert "DestinationConfig" not in config["Properties"]
        assert (config["Properties"]["Qualifier"], config["DependsOn"]) == ("live", [f"{function}Live"])
        assert "DeadLetterConfig" not in resources[function]["Properties"]


@EVERY_FUNCTION
def test_no_function_can_starve_another(resources: dict[str, Any], function: Function) -> None:
    reserved = resources[function.logical_id]["Properties"]["ReservedConcurrentExecutions"]
    off = {"Ref": "AWS::NoValue"}
    assert reserved == {"Fn::If": ["HasReservedConcurrency", function.reserved, off]}
    assert function.reserved > 0


def test_the_mail_queues_pollers_are_as_many_as_may_run(resources: dict[str, Any]) -> None:
    """A poller that Lambda throttles burns a receive of its message, and five make a dead letter."""
    [mail] = [function for function in FUNCTIONS if function.name == "mail"]
    scaling = resources["MailEventSource"]["Properties"]["ScalingConfig"]
    assert scaling == {"MaximumConcurrency": mail.reserved}
