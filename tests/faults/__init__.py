"""DynamoDB as it fails: stand-ins for botocore's client."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from chalicelib.wiring import Desk
from tests.stack import Stack

URL = "https://dynamodb.example"


def refused(code: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "for robin.wren@visitor.example"}, **more}
    return ClientError(response, "Any")


def cancelled(*codes: str) -> ClientError:
    reasons = [{"Code": code} for code in codes]
    return refused("TransactionCanceledException", CancellationReasons=reasons)


OUTAGES: dict[str, Exception] = {
    "throttled": refused("ThrottlingException"),
    "throughput": refused("ProvisionedThroughputExceededException"),
    "server error": refused("InternalServerError"),
    "no access": refused("AccessDeniedException"),
    "no table": refused("ResourceNotFoundException"),
    "read timeout": ReadTimeoutError(endpoint_url=URL),
    "connect timeout": ConnectTimeoutError(endpoint_url=URL),
    "no connection": EndpointConnectionError(endpoint_url=URL),
}


class FailingClient:
    """Fails at `operations` (all if none are named), and hands everything else to `client`."""

    def __init__(self, error: Exception, client: Any = None, operations: tuple[str, ...] = ()) -> None:
        self.calls: list[str] = []
        self._error = error
        self._client = client
        self._operations = operations

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self.calls.append(operation)
            if not self._operations or operation in self._operations:
                raise self._error
            return getattr(self._client, operation)(**request)

        return call


class CancellingClient:
    """Cancels the first `times` transactions for `code`, and hands everything else to `client`."""

    def __init__(self, code: str, client: Any, times: int = 1000) -> None:
        self.commits = 0
        self._code = code
        self._client = client
        self._times = times

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def transact_write_items(self, TransactItems: list[Any]) -> Any:
        self._times -= 1
        if self._times >= 0:
            # A cancellation has one reason for each write.
            raise cancelled(*["None"] * (len(TransactItems) - 1), self._code)
        self.commits += 1
        return self._client.transact_write_items(TransactItems=TransactItems)


class ScriptedClient:
    """Gives `answers` one after the other, whatever it is asked; those that are exceptions are raised."""

    def __init__(self, *answers: Any) -> None:
        self.requests: list[dict[str, Any]] = []
        self._answers = list(answers)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self.requests.append(request)
            answer = self._answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def desk_on(stack: Stack, function: str, client: Any) -> Desk:
    """The function's desk with `client` in the place of DynamoDB; it does not sleep between attempts."""
    desk = stack.fresh_desk(function)
    desk.store.database._client = client
    desk.store.database._sleep = lambda _seconds: None
    return desk
