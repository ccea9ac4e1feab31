"""What each answer of SES means for a mail, and for the delivery's state."""

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)

from chalicelib.mail.outcomes import Outcome, classify, name_of
from tests.acts import add_comment
from tests.mail.mails import delivery, ses_error
from tests.stack import FakeSes, Stack

URL = "https://email.example"
RESET = ConnectionClosedError(endpoint_url=URL)
READ_TIMEOUT = ReadTimeoutError(endpoint_url=URL)

OUTCOMES: list[tuple[Exception, Outcome]] = [
    *(
        (ses_error(code), Outcome.HOLD)
        for code in (
            "AccountSuspendedException",
            "SendingPausedException",
            "MailFromDomainNotVerifiedException",
            "LimitExceededException",
            "NotFoundException",
            "AccessDeniedException",
            "AccessDenied",
            "UnrecognizedClientException",
            "ExpiredTokenException",
            "AccountSendingPausedException",
            "ConfigurationSetSendingPausedException",
            "ConfigurationSetDoesNotExist",
            "ConfigurationSetDoesNotExistException",
            "MailFromDomainNotVerified",
            "SomethingNewException",
        )
    ),
    *(
        (ses_error(code), Outcome.PERMANENT)
        for code in ("BadRequestException", "ValidationException", "InvalidParameterValue", "MessageRejected")
    ),
    *(
        (ses_error(code, 429), Outcome.TRANSIENT)
        for code in ("TooManyRequestsException", "Throttling", "ThrottlingException", "RequestThrottled")
    ),
    *(
        (ses_error(code, 429, "Daily message quota exceeded."), Outcome.HOLD)
        for code in ("TooManyRequestsException", "Throttling")
    ),
    (ses_error("Throttling", 400, "Maximum sending rate exceeded."), Outcome.TRANSIENT),
    (ses_error("InternalFailure", 500), Outcome.TRANSIENT),
    (ses_error("ServiceUnavailable", 503), Outcome.TRANSIENT),
    (ses_error("MessageRejected", message="Email address is not verified. x@y.example"), Outcome.HOLD),
    (ses_error("MessageRejectedException", message="Illegal address"), Outcome.PERMANENT),
    (EndpointConnectionError(endpoint_url=URL), Outcome.TRANSIENT),
    (ConnectTimeoutError(endpoint_url=URL), Outcome.TRANSIENT),
    (READ_TIMEOUT, Outcome.AMBIGUOUS),
    (RESET, Outcome.AMBIGUOUS),
    (HTTPClientError(error="reset by peer"), Outcome.AMBIGUOUS),
    (RuntimeError("anything"), Outcome.AMBIGUOUS),
]


def name(case: object) -> str:
    if isinstance(case, ClientError):
        error = case.response["Error"]
        return f"{error['Code']} {error['Message'][:12]}"
    return case.name if isinstance(case, Outcome) else type(case).__name__


@pytest.mark.parametrize(("error", "outcome"), OUTCOMES, ids=name)
def test_answer_of_ses_has_its_meaning(error: Exception, outcome: Outcome) -> None:
    assert classify(error) is outcome


@pytest.mark.parametrize(
    "error",
    [
        NoCredentialsError(),
        ProxyConnectionError(proxy_url=URL),
        SSLError(endpoint_url=URL, error=ValueError("bad certificate")),
    ],
    ids=name,
)
def test_failure_before_anything_was_sent_is_not_ambiguous(error: BotoCoreError) -> None:
    assert classify(error) is not Outcome.AMBIGUOUS


@pytest.mark.parametrize("error", [error for error, _ in OUTCOMES], ids=name)
def test_reason_never_quotes_an_address(error: Exception) -> None:
    assert "@" not in name_of(error)
    assert name_of(error).isalnum()


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (ses_error("SendingPausedException"), "held", "SendingPausedException"),
        (ses_error("BadRequestException"), "failed", "BadRequestException"),
        (READ_TIMEOUT, "unknown", "ReadTimeoutError"),
        (RESET, "unknown", "ConnectionClosedError"),
        (ses_error("TooManyRequestsException", 429), "pending", "TooManyRequestsException"),
        (ConnectTimeoutError(endpoint_url=URL), "pending", "ConnectTimeoutError"),
        (ses_error("InternalFailure", 500), "pending", "InternalFailure"),
    ],
    ids=name,
)
def test_delivery_comes_to_the_state_of_its_outcome(
    stack: Stack, error: Exception, state: str, reason: str
) -> None:
    add_comment(stack)
    stack.relay()
    stack.run_mail(FakeSes())
    stack.relay()
    ses = FakeSes(error)
    # None of it burns a receive: what should be tried again comes by itself, later.
    assert stack.run_mail(ses) == []
    assert [seconds for seconds, _ in stack.delayed] == ([30] if state == "pending" else [])
    row = delivery(stack)
    assert (row["state"], row["reason"], row["attempts"], ses.sent) == (state, reason, "1", [])


def test_delivery_that_ses_took_is_sent_and_later_forgotten(stack: Stack) -> None:
    add_comment(stack)
    stack.deliver(FakeSes())
    row = delivery(stack)
    assert (row["state"], row["message_id"], row["attempts"]) == ("sent", "m1", "1")
    assert row["sent_at"] == "2026-03-04T05:06:07.890Z"
    assert int(row["expires_at"]) - int(stack.now.timestamp()) == 90 * 86_400
    assert "reason" not in row
