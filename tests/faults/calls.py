"""AWS calls as they leave the SDK, below its retries: recorded, answered, lost, or cut off late."""

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse


@dataclass(frozen=True)
class Call:
    """One request: the nth of its case, made by `function`. `body` is what was sent, as JSON."""

    number: int
    function: str
    operation: str
    tables: tuple[str, ...]
    body: dict[str, Any]

    def __str__(self) -> str:
        """What it is for, as far as it shows: which operation, on what kind of row, to which state."""
        parts = [self.kind]
        key = self.body.get("Key", {}).get("outbox_id", {}).get("S", "")
        if key:
            parts.append("of a delivery" if key.startswith("d") else "of an order")
        state = self.body.get("ExpressionAttributeValues", {}).get(":state", {}).get("S")
        if state:
            parts.append(f"as {state}")
        return " ".join(parts)

    @property
    def kind(self) -> str:
        """What is broken as a whole, where it is."""
        on = f" {'+'.join(self.tables)}" if self.tables else ""
        return f"{self.function}: {self.operation}{on}"


# Sends the request and returns the answer; with another body than its own, if one is given.
Send = Callable[..., AWSResponse]
# What becomes of a call: an answer, or an exception.
Strike = Callable[[Call, Send], AWSResponse]


@dataclass(frozen=True)
class Mail:
    """A mail that SES took: with which tag, and to whom."""

    delivery_id: str
    attempt: str
    recipients: tuple[str, ...]
    raw: bytes


class Line:
    """The line between the functions and AWS. Every call goes over it, one case at a time.

    `strikes` says what becomes of which call, by its number. `broken` holds those kinds of call that fail
    until somebody mends them. What took effect is told to `on_mail` and `on_message`.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.strikes: dict[int, Strike] = {}
        self.struck: list[Call] = []
        self.broken: dict[str, Strike] = {}
        self.acting = "nobody"
        self.on_mail: Callable[[Mail], None] = lambda _mail: None
        self.on_message: Callable[[str, int], None] = lambda _body, _delay_seconds: None
        self._lock = threading.Lock()

    def clear(self) -> None:
        """For the next case."""
        self.calls, self.strikes, self.struck, self.broken = [], {}, [], {}

    def attach(self, client: Any) -> None:
        client.meta.events.register("before-send", partial(self._pass, client))

    def _pass(self, client: Any, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        with self._lock:
            call = _read_call(len(self.calls), self.acting, event_name.rpartition(".")[2], request)
            self.calls.append(call)
        strike = self.strikes.get(call.number) or self.broken.get(call.kind)
        send = partial(self._send, client, request, call)
        if strike is None:
            return send()
        self.struck.append(call)
        return strike(call, send)

    def _send(
        self, client: Any, request: AWSPreparedRequest, call: Call, body: dict[str, Any] | None = None
    ) -> AWSResponse:
        if body is not None:
            request.body = json.dumps(body).encode()
            request.headers["Content-Length"] = str(len(request.body))
        answer: AWSResponse = client._endpoint.http_session.send(request)
        if answer.status_code == 200:
            self._tell(call, body or call.body, json.loads(answer.content or b"{}"))
        return answer

    def _tell(self, call: Call, sent: dict[str, Any], answer: dict[str, Any]) -> None:
        if call.operation == "SendEmail":
            self.on_mail(_read_mail(sent))
        if call.operation == "SendMessageBatch":
            taken = {entry["Id"] for entry in answer["Successful"]}
            for entry in sent["Entries"]:
                if entry["Id"] in taken:
                    self.on_message(entry["MessageBody"], 0)
        if call.operation == "SendMessage":
            self.on_message(sent["MessageBody"], sent.get("DelaySeconds", 0))


def _read_call(number: int, function: str, operation: str, request: AWSPreparedRequest) -> Call:
    sent: Any = request.body or b"{}"
    body = json.loads(sent)
    return Call(number, function, operation, tuple(dict.fromkeys(_tables(body))), body)


def _tables(body: dict[str, Any]) -> Iterator[str]:
    actions = [action for item in body.get("TransactItems", []) for action in item.values()]
    for name in [
        *(a["TableName"] for a in [body, *actions] if "TableName" in a),
        *body.get("RequestItems", {}),
    ]:
        yield name.rpartition("-")[2]


def _read_mail(body: dict[str, Any]) -> Mail:
    tags = {tag["Name"]: tag["Value"] for tag in body["EmailTags"]}
    raw = base64.b64decode(body["Content"]["Raw"]["Data"])
    return Mail(tags["delivery"], tags["attempt"], tuple(body["Destination"]["ToAddresses"]), raw)


class _Raw(io.BytesIO):
    """A body as urllib3 hands it to botocore."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def answer(status: int, body: dict[str, Any], error: str | None = None) -> AWSResponse:
    """An answer of AWS. SES names its error in a header, the others in the body."""
    headers: Any = {"Content-Type": "application/json"}
    if error:
        headers["x-amzn-ErrorType"] = error
        body = {"__type": error, **body}
    return AWSResponse("https://aws.example/", status, headers, _Raw(json.dumps(body).encode()))
