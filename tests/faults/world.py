"""A stack on the engine, with the clock, the stream, the queue and SES's events around it as AWS has them.

The clock stands still until `pass_time` moves it. A function that fails or dies is called again as its
source would: the stream from its first failed record, the queue after the visibility timeout and at
most five times, SES's events twice more, housekeeping at its next turn.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from chalicelib.mail.handlers import keep_house, mail_batch, note_event, relay_batch
from chalicelib.wiring import Desk
from tests.acts import tables
from tests.faults.calls import Line, Mail
from tests.faults.engine import Session, make_client
from tests.faults.kinds import Crash
from tests.stack import Reply, Stack, template

SENDER = "desk@example.org"
HOUSEKEEPING_EVERY = timedelta(minutes=5)
_STREAM_RETRY = timedelta(minutes=1)
_EVENT_TRIES = 3
_EVENT_RETRY = timedelta(minutes=1)
# Longer than the longest way to rest: 5 receives, a lease, a hold and a resend one after the other.
_PATIENCE = timedelta(hours=4)


def queue_properties() -> tuple[timedelta, int]:
    """The mail queue's visibility timeout, and how often it brings a message."""
    queue = template()["Resources"]["MailQueue"]["Properties"]
    return timedelta(seconds=queue["VisibilityTimeout"]), int(queue["RedrivePolicy"]["maxReceiveCount"])


@dataclass
class Message:
    id: str
    body: str
    visible_at: datetime
    receives: int = 0


@dataclass
class Event:
    """What SES reports, and when it is to be brought to the function."""

    detail: dict[str, Any]
    due_at: datetime
    tries: int = 0


@dataclass
class Engine:
    """The endpoint, the line over which every desk talks to it, and clients for the harness itself."""

    endpoint: str
    line: Line = field(default_factory=Line)

    def __post_init__(self) -> None:
        self.session = Session(self.endpoint, self.line.attach)
        self.dynamodb = make_client(self.endpoint, "dynamodb")
        self.sqs = make_client(self.endpoint, "sqs")
        make_client(self.endpoint, "sesv2").create_email_identity(EmailIdentity=SENDER)


@dataclass
class World(Stack):
    """`reports` names what SES reports of a mail, in the order in which it arrives; `overtaking` brings
    that before SES has answered."""

    engine: Engine = field(kw_only=True)
    reports: tuple[str, ...] = field(default=("Send", "Delivery"), kw_only=True)
    overtaking: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        self.dynamodb, self.sqs = self.engine.dynamodb, self.engine.sqs
        self._desks: dict[str, Desk] = {}
        self.line = self.engine.line
        self.line.on_mail, self.line.on_message = self._note_mail, self._note_message
        for logical_id in tables():
            self._create(logical_id)
        self.queue_url = self.sqs.create_queue(QueueName=self.name)["QueueUrl"]
        self.dead_letter_url = self.queue_url
        self.queue: list[Message] = []
        self.dead: list[Message] = []
        self.stream: list[str] = []
        self.events: list[Event] = []
        self.taken: list[tuple[datetime, Mail]] = []
        self.mend_at: datetime | None = None
        self._relayed: set[str] = set()
        self._messages = 0
        self._stream_due = self._house_due = self.now

    def _create(self, logical_id: str) -> None:
        properties = template()["Resources"][logical_id]["Properties"]
        known = ("KeySchema", "AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes")
        self.dynamodb.create_table(
            TableName=self.table(logical_id), **{k: properties[k] for k in known if k in properties}
        )

    def delete(self) -> None:
        for logical_id in tables():
            self.dynamodb.delete_table(TableName=self.table(logical_id))
        self.sqs.delete_queue(QueueUrl=self.queue_url)

    def desk(self, function: str) -> Desk:
        """As it is, delays and all: the line tells of them."""
        if function not in self._desks:
            self._desks[function] = self.fresh_desk(function)
        return self._desks[function]

    def fresh_desk(self, function: str) -> Desk:
        with patch("chalicelib.wiring.make_session", lambda: self.engine.session):
            desk = super().fresh_desk(function)
        desk.store.database._sleep = lambda _seconds: None
        return desk

    def items(self, logical_id: str) -> list[dict[str, Any]]:
        scanned = self.dynamodb.scan(TableName=self.table(logical_id), ConsistentRead=True)
        found: list[dict[str, Any]] = scanned["Items"]
        return found

    # ---- who calls the functions

    def request(self, method: str, path: str, body: Any = None, **more: Any) -> Reply | None:
        """A call over HTTP; None where the function died, which the gateway answers with a 5xx of its own."""
        function = "staff" if more.get("role") else "public"
        reply: Reply | None = None
        with self._alive(function):
            reply = self.call(method, path, body, **more)
        # Not from within: a crash ends the block, and then there is none.
        return reply  # noqa: RET504

    def carry_stream(self) -> bool:
        """One batch of the outbox's insertions to the relay; whether there was any."""
        found = {item["outbox_id"]["S"] for item in self.items("OutboxTable")}
        self.stream += sorted(found - self._relayed)
        self._relayed |= found
        if not self.stream or self._stream_due > self.now:
            return False
        batch = self.stream[:100]
        records = [
            {"eventName": "INSERT", "dynamodb": {"Keys": {"outbox_id": {"S": id_}}, "SequenceNumber": str(n)}}
            for n, id_ in enumerate(batch)
        ]
        done, answer = self._invoke("relay", lambda desk: relay_batch({"Records": records}, desk))
        failed = [int(f["itemIdentifier"]) for f in answer["batchItemFailures"]] if done else [0]
        if failed:
            self.stream = self.stream[min(failed) :]
            self._stream_due = self.now + _STREAM_RETRY
        else:
            self.stream = self.stream[len(batch) :]
        return True

    def carry_queue(self) -> bool:
        """One batch of the queue to the mail function; whether there was any."""
        visibility, receives = queue_properties()
        visible = [m for m in self.queue if m.visible_at <= self.now]
        for message in visible:
            if message.receives == receives:
                self.queue.remove(message)
                self.dead.append(message)
        batch = [m for m in visible if m in self.queue][:10]
        for message in batch:
            message.receives += 1
            message.visible_at = self.now + visibility
        if not batch:
            return False
        records = [{"messageId": m.id, "body": m.body} for m in batch]
        done, answer = self._invoke("mail", lambda desk: mail_batch({"Records": records}, desk))
        failed = {f["itemIdentifier"] for f in answer["batchItemFailures"]} if done else {m.id for m in batch}
        for message in batch:
            if message.id not in failed:
                self.queue.remove(message)
        return True

    def carry_events(self) -> bool:
        """What SES has reported to its function; whether there was any."""
        due = [e for e in self.events if e.due_at <= self.now]
        for event in due:
            self._report(event)
        return bool(due)

    def keep_house_now(self) -> None:
        self._house_due = self.now + HOUSEKEEPING_EVERY
        self._invoke("housekeeping", keep_house)

    # ---- until nothing moves

    def run_dry(self) -> None:
        """Carry everything that is due now."""
        while any([self.carry_stream(), self.carry_queue(), self.carry_events()]):
            pass

    def settle(self) -> bool:
        """Let time pass until everything is at rest; False where it never is."""
        until = self.now + _PATIENCE
        self.run_dry()
        self.keep_house_now()
        self.run_dry()
        while not self.is_at_rest():
            if self.now >= until:
                return False
            self.pass_time()
        return True

    def pass_time(self) -> None:
        """Go to when something is due, and do it."""
        due = [self._house_due, *(m.visible_at for m in self.queue), *(e.due_at for e in self.events)]
        due += [self._stream_due] if self.stream else []
        due += [self.mend_at] if self.mend_at else []
        self.now = max(self.now, min(due))
        if self.mend_at and self.mend_at <= self.now:
            self.mend()
        if self._house_due <= self.now:
            self.keep_house_now()
        self.run_dry()

    def mend(self) -> None:
        self.line.broken.clear()
        self.mend_at = None

    def is_at_rest(self) -> bool:
        waiting = self.stream or self.queue or self.events or self.mend_at
        return not waiting and not any(moves(row) for row in self.outbox())

    def outbox(self) -> list[dict[str, Any]]:
        """Every row of the outbox, as plain values."""
        return [{k: next(iter(v.values())) for k, v in row.items()} for row in self.items("OutboxTable")]

    # ---- functions live and die

    @contextmanager
    def _alive(self, function: str) -> Iterator[None]:
        before, self.line.acting = self.line.acting, function
        try:
            yield
        except Crash:
            # The next call finds a new execution environment.
            self._desks.pop(function, None)
        finally:
            self.line.acting = before

    def _invoke(self, function: str, handle: Callable[[Desk], dict[str, Any]]) -> tuple[bool, dict[str, Any]]:
        """Whether the function came to its end, and its answer."""
        answer: dict[str, Any] | None = None
        with self._alive(function):
            try:
                answer = handle(self.desk(function))
            except Exception:
                # Lambda notes it, and the source brings it again.
                answer = None
        return answer is not None, answer or {}

    # ---- what took effect

    def _note_message(self, body: str, delay_seconds: int) -> None:
        self._messages += 1
        visible_at = self.now + timedelta(seconds=delay_seconds)
        self.queue.append(Message(f"m{self._messages}", body, visible_at))

    def _note_mail(self, mail: Mail) -> None:
        self.taken.append((self.now, mail))
        for report in self.reports:
            tags = {"delivery": [mail.delivery_id], "attempt": [mail.attempt]}
            detail = {"eventType": report, "mail": {"messageId": "m", "tags": tags}}
            event = Event(detail, self.now)
            self.events.append(event)
            if self.overtaking:
                self._report(event)

    def _report(self, event: Event) -> None:
        event.tries += 1
        done, _ = self._invoke("delivery_events", lambda desk: note_event({"detail": event.detail}, desk))
        if done or event.tries == _EVENT_TRIES:
            self.events.remove(event)
        else:
            event.due_at = self.now + event.tries * _EVENT_RETRY


def moves(row: dict[str, Any]) -> bool:
    """Whether housekeeping or the queue has still to do with it."""
    state = row.get("state")
    return state in ("pending", "sending", "held") or (state == "unknown" and not row.get("resent"))
