"""The faults: what can become of one call, and why some cannot happen to some calls."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from tests.faults.calls import Call, Send, Strike, answer

_URL = "https://aws.example/"


class Crash(BaseException):
    """The function dies here: out of memory, out of time, the machine gone. Nothing may catch it."""


def _everywhere(_call: Call) -> str | None:
    return None


@dataclass(frozen=True)
class Fault:
    """`excuse` says why it cannot happen to a call, or None where it can.

    `lasts`: it happens to every such call from the first on, until somebody mends it.
    `permanent`: SES will never send what it refused so.
    """

    name: str
    strike: Strike
    excuse: Callable[[Call], str | None] = _everywhere
    lasts: bool = False
    permanent: bool = False


# ---- which calls


def _is_ses(call: Call) -> bool:
    return call.operation == "SendEmail"


def _writes(call: Call) -> bool:
    return call.operation in ("TransactWriteItems", "UpdateItem", "PutItem", "DeleteItem")


def _takes_effect(call: Call) -> str | None:
    effective = _writes(call) or _is_ses(call) or call.operation.startswith("SendMessage")
    return None if effective else "it reads: there is no effect to come after"


def _may_fail_late(call: Call) -> str | None:
    # chalicelib/mail/outcomes.py, and docs/delivery.md says so.
    return (
        "SES's 5xx is taken for its word that it did not take the mail"
        if _is_ses(call)
        else _takes_effect(call)
    )


def _meets_others(call: Call) -> str | None:
    return None if _writes(call) else "only writes to a table conflict"


def _is_batch(call: Call) -> str | None:
    batch = call.operation in ("SendMessageBatch", "BatchGetItem")
    return None if batch else "it succeeds or fails as a whole"


def _of_ses(call: Call) -> str | None:
    return None if _is_ses(call) else "SES alone says so"


# ---- what happens


_THROTTLING = {"SendEmail": ("TooManyRequestsException", 429), "SendMessageBatch": ("RequestThrottled", 400)}


def _throttle(call: Call, _send: Send) -> AWSResponse:
    error, status = _THROTTLING.get(call.operation, ("ThrottlingException", 400))
    return answer(status, {"message": "Rate exceeded"}, error)


def _refuse(error: str, status: int, _call: Call, _send: Send, message: str = "no") -> AWSResponse:
    return answer(status, {"message": message}, error)


def _raise(error: BaseException, _call: Call, _send: Send) -> AWSResponse:
    raise error


def _after(strike: Strike, call: Call, send: Send) -> AWSResponse:
    """What `strike` does, but after the call took effect."""
    send()
    return strike(call, send)


def _conflict(call: Call, _send: Send) -> AWSResponse:
    if call.operation != "TransactWriteItems":
        return answer(400, {"message": "conflict"}, "TransactionConflictException")
    # One reason for each action.
    others = [{"Code": "None"}] * (len(call.body["TransactItems"]) - 1)
    reasons = [{"Code": "TransactionConflict", "Message": "conflict"}, *others]
    body = {"message": "cancelled", "CancellationReasons": reasons}
    return answer(400, body, "TransactionCanceledException")


def _take_part(call: Call, send: Send) -> AWSResponse:
    """All but the first of a batch."""
    if call.operation == "BatchGetItem":
        return answer(200, {"Responses": {}, "UnprocessedKeys": call.body["RequestItems"]})
    first, *rest = call.body["Entries"]
    taken = json.loads(send(call.body | {"Entries": rest}).content)["Successful"] if rest else []
    failed = {"Id": first["Id"], "Code": "InternalError", "SenderFault": False}
    return answer(200, {"Successful": taken, "Failed": [failed]})


_server_error = partial(_refuse, "InternalServerError", 500)
_timeout = partial(_raise, ReadTimeoutError(endpoint_url=_URL))
_reset = partial(_raise, ConnectionClosedError(endpoint_url=_URL))
_crash = partial(_raise, Crash())


def _held(name: str, status: int, message: str = "no") -> Fault:
    said = partial(_refuse, name, status, message=message)
    return Fault(f"SES holds: {name}", said, _of_ses, lasts=True)


def _never(name: str, message: str = "no") -> Fault:
    return Fault(
        f"SES refuses: {name}", partial(_refuse, name, 400, message=message), _of_ses, permanent=True
    )


ANYWHERE = (
    Fault("throttled once", _throttle),
    Fault("throttled always", _throttle, lasts=True),
    Fault("5xx", _server_error),
    Fault("5xx after it took effect", partial(_after, _server_error), _may_fail_late),
    Fault("timeout before", _timeout),
    Fault("timeout after it took effect", partial(_after, _timeout), _takes_effect),
    Fault("connection reset after", partial(_after, _reset), _takes_effect),
    Fault("crash before", _crash),
    Fault("crash after", partial(_after, _crash), _takes_effect),
    Fault("conflict", _conflict, _meets_others),
    Fault("partial failure", _take_part, _is_batch),
)
SES_ALONE = (
    Fault("no connection", partial(_raise, EndpointConnectionError(endpoint_url=_URL)), _of_ses),
    _held("AccountSuspendedException", 400),
    _held("SendingPausedException", 400),
    _held("MailFromDomainNotVerifiedException", 400),
    _held("LimitExceededException", 400),
    _held("NotFoundException", 404),
    _held("AccessDeniedException", 403),
    _held("MessageRejected", 400, "Email address is not verified."),
    _never("MessageRejected"),
    _never("BadRequestException"),
)
FAULTS = {fault.name: fault for fault in (*ANYWHERE, *SES_ALONE)}
