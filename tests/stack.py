"""One test's stack: desks for each function on moto, a clock that stands still, API Gateway's calls."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import yaml
from botocore.config import Config
from botocore.validate import ParamValidator
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends

from chalicelib import ids
from chalicelib.api.requests import Request
from chalicelib.api.routes import ROUTES, Route
from chalicelib.api.views import respond
from chalicelib.mail.handlers import keep_house, mail_batch, relay_batch
from chalicelib.staff_tokens import Role
from chalicelib.wiring import Desk, open_desk

ROOT = Path(__file__).parent.parent


@cache
def template() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "infra" / "template.yaml").read_text())
    return loaded


def _tables() -> list[tuple[str, dict[str, Any]]]:
    resources = template()["Resources"].items()
    return [(name, r["Properties"]) for name, r in resources if r["Type"] == "AWS::DynamoDB::Table"]


def _backend() -> DynamoDBBackend:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]


def _create_table(name: str, properties: dict[str, Any]) -> None:
    """As moto's CreateTable does it, without the way there: that takes 5 ms a table, for each test."""
    _backend().create_table(
        name,
        schema=properties["KeySchema"],
        attr=properties["AttributeDefinitions"],
        global_indexes=properties.get("GlobalSecondaryIndexes", []),
        billing_mode=properties["BillingMode"],
        throughput=None,
        indexes=[],
        streams=None,
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )


@cache
def _client(service: str) -> Any:
    """The tests' own clients are others than the desks': so that the desks' calls can be told apart."""
    return botocore.session.get_session().create_client(service)


@cache
def _desks_client(service: str) -> Any:
    """Its parameters are checked all the same, before what the desks make of them."""
    unchecked = Config(parameter_validation=False)
    client: Any = botocore.session.get_session().create_client(service, config=unchecked)
    client.meta.events.register_first("provide-client-params", _check_parameters)
    return client


def _check_parameters(params: dict[str, Any], model: Any, **_: Any) -> None:
    report = ParamValidator().validate(params, model.input_shape)
    assert not report.has_errors(), report.generate_report()


class SharedSession:
    """Stands for botocore's session: one client a service for all tests, for making each takes long."""

    def create_client(self, service: str, **_: Any) -> Any:
        return _desks_client(service)


@dataclass(frozen=True)
class Reply:
    """What came back: status, headers with lower-case names, and the body."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Stack:
    name: str
    keys: dict[str, str]
    now: datetime = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)
    mails: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    called: set[tuple[str, str]] = field(default_factory=set)
    # What was put into the queue with a delay: seconds, body. `undelay` lets them pass.
    delayed: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dynamodb = _client("dynamodb")
        self.sqs = _client("sqs")
        self._desks: dict[str, Desk] = {}
        self._relayed: set[str] = set()
        for logical_id, properties in _tables():
            _create_table(self.table(logical_id), properties)
        self.queue_url = self.sqs.create_queue(QueueName=self.name)["QueueUrl"]
        self.dead_letter_url = self.sqs.create_queue(QueueName=f"{self.name}-dead")["QueueUrl"]

    def table(self, logical_id: str) -> str:
        return f"{self.name}-{logical_id.removesuffix('Table').lower()}"

    def delete(self) -> None:
        for logical_id, _ in _tables():
            _backend().tables.pop(self.table(logical_id))
        self.sqs.delete_queue(QueueUrl=self.queue_url)
        self.sqs.delete_queue(QueueUrl=self.dead_letter_url)

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def desk(self, function: str) -> Desk:
        if function not in self._desks:
            fresh = self.fresh_desk(function)
            queue = replace(fresh.queue, client=_DelayingSqs(fresh.queue.client, self.delayed))
            self._desks[function] = replace(fresh, queue=queue)
        return self._desks[function]

    def fresh_desk(self, function: str) -> Desk:
        """As a new execution environment has it."""
        return open_desk(self.environ(function), lambda: self.now)

    def environ(self, function: str) -> dict[str, str]:
        names = (
            "comments",
            "enquiries",
            "outbox",
            "pages",
            "guard",
            "staff",
            "audit",
            "suppressions",
            "model",
        )
        return {
            "STAGE": "local",
            "FUNCTION": function,
            **{f"{name.upper()}_TABLE": f"{self.name}-{name}" for name in names},
            "MAIL_QUEUE_URL": self.queue_url,
            "MAIL_DEAD_LETTER_QUEUE_URL": self.dead_letter_url,
            "MAIL_RATE": "1000",
            **self._keys_for(function),
            "PUBLIC_URL": "https://desk.example.org",
            "SITES": "https://www.example.org,https://blog.example.org",
            "MODERATORS": "mod@example.org",
            "TOPICS": '{"admissions": ["adm@example.org"], "family": ["fam@example.org", "adm@example.org"]}',
            "MAIL_SENDER": "desk@example.org",
            **self.settings,
        }

    def _keys_for(self, function: str) -> dict[str, str]:
        others = {"PRIVATE": ("staff", "mail"), "AKISMET": ("mail",)}
        return {
            k: v for k, v in self.keys.items() if function in others.get(k.partition("_")[0], (function,))
        }

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: Role | None = None,
        query: dict[str, str] | None = None,
        desk: Desk | None = None,
        ip: str = "203.0.113.7",
        **headers: str,
    ) -> Reply:
        """Call a route in its function. Header names are written with `_` for `-`."""
        # HEAD is GET whose body the gateway leaves out.
        served = "GET" if method == "HEAD" else method
        route, parameters = _find_route(served, path)
        self.called.add((served, route.path))
        raw = body if isinstance(body, str) or body is None else json.dumps(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if raw is not None:
            sent = {"content-type": "application/json", **sent}
        event = {
            "headers": sent,
            "multiValueQueryStringParameters": {k: [v] for k, v in (query or {}).items()},
            "pathParameters": parameters,
            "body": raw,
            "requestContext": {
                "httpMethod": method,
                "resourcePath": route.path,
                "requestId": ids.new_id("r", self.now),
                "identity": {"sourceIp": ip},
                "authorizer": {"principalId": f"token:{role}", "role": role} if role else None,
            },
        }
        at_desk = desk or self.desk(route.audience)
        known = route if route.method == served else None
        answer = respond(Request(event), at_desk, known, route.audience, ("GET",)).to_dict()
        return Reply(
            answer["statusCode"], {k.lower(): v for k, v in answer["headers"].items()}, str(answer["body"])
        )

    def relay(self, desk: Desk | None = None) -> list[str]:
        """Carry what was inserted into the outbox since the last time to the queue; return the ids."""
        found = self.dynamodb.scan(TableName=self.table("OutboxTable"), ConsistentRead=True)["Items"]
        new = sorted({item["outbox_id"]["S"] for item in found} - self._relayed)
        self._relayed |= set(new)
        records = [
            {"eventName": "INSERT", "dynamodb": {"Keys": {"outbox_id": {"S": id_}}, "SequenceNumber": str(n)}}
            for n, id_ in enumerate(new)
        ]
        assert relay_batch({"Records": records}, desk or self.desk("relay")) == {"batchItemFailures": []}
        return new

    def deliver(self, ses: Any) -> None:
        """Carry everything through relay, queue and mail function until nothing is left to carry."""
        while self.relay():
            self.run_mail(ses)

    def run_mail(self, ses: Any = None, desk: Desk | None = None) -> list[str]:
        """Bring each message of the queue to the mail function once; return the ids that failed."""
        failed: list[str] = []
        while received := self._receive():
            records = [{"messageId": m["MessageId"], "body": m["Body"]} for m in received]
            answer = mail_batch({"Records": records}, desk or replace(self.desk("mail"), ses=ses))
            failed += [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
            for message in received:
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return failed

    def undelay(self) -> None:
        for _, body in self.delayed:
            self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body)
        self.delayed.clear()

    def _receive(self) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def keep_house(self, desk: Desk | None = None) -> dict[str, Any]:
        return keep_house(desk or self.desk("housekeeping"))

    def items(self, logical_id: str) -> list[dict[str, Any]]:
        """Every item of a table, as DynamoDB's attributes."""
        items: list[dict[str, Any]] = self.dynamodb.scan(TableName=self.table(logical_id))["Items"]
        return items


class _DelayingSqs:
    """SQS whose delays pass when a test says so, not by the clock on the wall."""

    def __init__(self, client: Any, delayed: list[tuple[int, str]]) -> None:
        self._client = client
        self._delayed = delayed

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def send_message(self, MessageBody: str, DelaySeconds: int = 0, **request: Any) -> Any:
        if DelaySeconds:
            self._delayed.append((DelaySeconds, MessageBody))
            return {}
        return self._client.send_message(MessageBody=MessageBody, **request)


class FakeSes:
    """Stands for SES: keeps what it is sent, or fails as it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.sent: list[dict[str, Any]] = []
        self._failures = list(failures)

    def send_email(self, **request: Any) -> dict[str, str]:
        if self._failures:
            raise self._failures.pop(0)
        self.sent.append(request)
        return {"MessageId": f"m{len(self.sent)}"}


def _find_route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    parts = path.split("/")
    fitting = []
    for route in ROUTES:
        pattern = route.path.split("/")
        if len(pattern) == len(parts) and all(
            p == q or q.startswith("{") for p, q in zip(parts, pattern, strict=True)
        ):
            names = {q[1:-1]: p for p, q in zip(parts, pattern, strict=True) if q.startswith("{")}
            fitting.append((route.method != method, route, names))
    _, route, names = min(fitting, key=lambda fit: fit[0])
    return route, names
