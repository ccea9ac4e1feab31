"""What an answer of SES means for a delivery.

SES has no idempotency token, so the one mistake to avoid is to send again what may have been sent.
Names are those of the SESv2 API's SendEmail, and of the v1 names that emulators still use
(https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors).
"""

from enum import Enum

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
    SSLError,
)


class Outcome(Enum):
    TRANSIENT = "transient"  # not sent: try again later
    HOLD = "hold"  # not sent, and not before somebody mends something
    PERMANENT = "permanent"  # will never be sent
    AMBIGUOUS = "ambiguous"  # may or may not have been sent


_BY_CODE = {
    Outcome.HOLD: (
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
    ),
    Outcome.PERMANENT: ("BadRequestException", "ValidationException", "InvalidParameterValue"),
    Outcome.TRANSIENT: ("TooManyRequestsException", "Throttling", "ThrottlingException", "RequestThrottled"),
}
_OUTCOMES = {code: outcome for outcome, codes in _BY_CODE.items() for code in codes}
# Nothing left this machine.
_BEFORE_SENDING = (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
    SSLError,
)
# MessageRejected is two things: a mail that SES will not take, or a sender (or, in the sandbox, a
# recipient) that is not verified yet.
_UNVERIFIED = "not verified"
_OVER_QUOTA = "quota exceeded"


def classify(error: Exception) -> Outcome:
    """Anything unknown is ambiguous: better one mail late, and marked, than two."""
    if isinstance(error, ClientError):
        return _classify_answer(error)
    if isinstance(error, _BEFORE_SENDING):
        return Outcome.TRANSIENT
    return Outcome.AMBIGUOUS


def name_of(error: Exception) -> str:
    """A name for the delivery's `reason`: never the error's text, which can quote addresses."""
    if isinstance(error, ClientError):
        return str(error.response["Error"]["Code"])
    return type(error).__name__


def _classify_answer(error: ClientError) -> Outcome:
    code = error.response["Error"]["Code"]
    if code in ("MessageRejected", "MessageRejectedException"):
        unverified = _UNVERIFIED in error.response["Error"].get("Message", "")
        return Outcome.HOLD if unverified else Outcome.PERMANENT
    if code in _OUTCOMES and _OVER_QUOTA in error.response["Error"].get("Message", "").lower():
        # The rate and the day's quota are refused under one name; only the first is over in a moment.
        return Outcome.HOLD
    if code in _OUTCOMES:
        return _OUTCOMES[code]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    # SES answered: a 5xx is its word that it did not take the mail; a new 4xx needs a person.
    return Outcome.TRANSIENT if status >= 500 else Outcome.HOLD
