"""Visitors, moderators, SES and faults in any order: what is promised holds at every step, and in the end."""

import uuid
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from chalicelib.mail.handlers import mail_batch, note_event
from tests.acts import COMMENT, ENQUIRY, PAGE, decide
from tests.faults import FailingClient, desk_on, refused
from tests.faults.kinds import Crash
from tests.faults.world import moves
from tests.mail.mails import queued, ses_error
from tests.stack import Stack

_PEOPLE = st.integers(0, 2)
_SHOWN = {"pending", "held", "failed", "unknown"}
_REPORTS = ["Send", "Delivery", "Bounce", "Complaint", "Reject", "DeliveryDelay"]


@dataclass(frozen=True)
class Taken:
    """A mail that SES took."""

    delivery_id: str
    attempt: str


class Ses:
    """SES in a mood: it takes a mail or not, and says so or not."""

    moods = ("takes", "loses the answer", "is busy", "holds", "refuses", "dies before", "dies after")

    def __init__(self) -> None:
        self.mood = "takes"
        self.taken: list[Taken] = []
        self.refused: set[str] = set()

    def send_email(self, **request: Any) -> dict[str, str]:
        tags = {tag["Name"]: tag["Value"] for tag in request["EmailTags"]}
        mood, self.mood = self.mood, "takes"
        if mood in ("takes", "loses the answer", "dies after"):
            self.taken.append(Taken(tags["delivery"], tags["attempt"]))
        if mood == "refuses":
            self.refused.add(tags["delivery"])
        errors: dict[str, BaseException] = {
            "loses the answer": ReadTimeoutError(endpoint_url="https://ses.example"),
            "is busy": ses_error("TooManyRequestsException", 429),
            "holds": ses_error("SendingPausedException"),
            "refuses": ses_error("BadRequestException"),
            "dies before": Crash(),
            "dies after": Crash(),
        }
        if mood in errors:
            raise errors[mood]
        return {"MessageId": f"m{len(self.taken)}"}


class Machine(RuleBasedStateMachine):
    made = 0

    def __init__(self, keys: dict[str, str], run: str) -> None:
        super().__init__()
        Machine.made += 1
        self.stack = Stack(f"m{run}-{Machine.made}", keys)
        self.ses = Ses()
        # What was accepted under which key, and which of it a moderator has decided on since.
        self.accepted: dict[tuple[str, int], str] = {}
        self.decided: set[str] = set()
        self.reported: set[str] = set()

    def teardown(self) -> None:
        try:
            self.ses.mood = "takes"
            self._come_to_rest()
            self._check_the_end()
        finally:
            self.stack.delete()

    # ---- people

    @initialize()
    def somebody_writes_first(self) -> None:
        self.comment(0)

    @rule(person=_PEOPLE)
    def comment(self, person: int) -> None:
        body = COMMENT | {
            "message": f"I am {person}.",
            "email": f"person{person}@visitor.example",
            "notify": True,
        }
        self._post("/v1/comments", "id", body, person)

    @rule(person=_PEOPLE)
    def enquire(self, person: int) -> None:
        body = ENQUIRY | {"email": f"person{person}@visitor.example", "topic": "family"}
        self._post("/v1/enquiries", "reference", body, person)

    @rule(person=_PEOPLE, error=st.sampled_from(["ThrottlingException", "InternalServerError"]))
    def comment_while_the_database_is_out(self, person: int, error: str) -> None:
        desk = desk_on(self.stack, "public", FailingClient(refused(error)))
        reply = self.stack.call("POST", "/v1/comments", COMMENT | {"name": f"{person}"}, desk=desk)
        assert reply.status == 503

    @rule(status=st.sampled_from(["approved", "rejected", "spam", "pending"]), which=st.integers(0, 5))
    def moderate(self, status: str, which: int) -> None:
        ids = [id_ for (path, _), id_ in self.accepted.items() if path == "/v1/comments"]
        if ids:
            comment_id = ids[which % len(ids)]
            reply = decide(self.stack, comment_id, "*", status=status)
            assert reply.status in (200, 409), reply.text
            self.decided.add(comment_id)

    # ---- mail

    @rule()
    def relay(self) -> None:
        self.stack.relay()

    @rule(mood=st.sampled_from(Ses.moods))
    def run_mail(self, mood: str) -> None:
        self.ses.mood = mood
        self._bring(queued(self.stack))

    @rule(operation=st.sampled_from(["get_item", "update_item", "transact_write_items"]))
    def run_mail_while_the_database_is_out(self, operation: str) -> None:
        failing = FailingClient(refused("ThrottlingException"), self.stack.dynamodb, (operation,))
        self._bring(queued(self.stack), desk_on(self.stack, "mail", failing).store)

    @rule(which=st.integers(0, 20), report=st.sampled_from(_REPORTS))
    def ses_reports(self, which: int, report: str) -> None:
        if self.ses.taken:
            mail = self.ses.taken[which % len(self.ses.taken)]
            tags = {"delivery": [mail.delivery_id], "attempt": [mail.attempt]}
            event = {"detail": {"eventType": report, "mail": {"tags": tags}}}
            note_event(event, self.stack.desk("delivery_events"))
            self.reported.add(mail.delivery_id)

    @rule(minutes=st.sampled_from([1, 5, 20]))
    def time_passes(self, minutes: int) -> None:
        self.stack.later(minutes=minutes)
        self.stack.undelay()
        self.stack.keep_house()

    # ---- what holds

    @invariant()
    def one_key_is_one_submission(self) -> None:
        for path, logical_id in (("/v1/comments", "CommentsTable"), ("/v1/enquiries", "EnquiriesTable")):
            stored = sum("status" in item for item in self.stack.items(logical_id))
            assert stored == sum(accepted == path for accepted, _ in self.accepted)

    @invariant()
    def no_mail_comes_three_times_and_none_twice_unmarked(self) -> None:
        rows = self._rows()
        for delivery_id, times in Counter(mail.delivery_id for mail in self.ses.taken).items():
            assert times <= 2
            assert times == 1 or rows[delivery_id].get("resent")

    @invariant()
    def what_a_row_says_is_true(self) -> None:
        taken = {mail.delivery_id for mail in self.ses.taken}
        for id_, row in self._rows().items():
            assert row.get("state") not in ("sent", "delivered") or id_ in taken

    @invariant()
    def counters_are_what_a_recount_finds(self) -> None:
        comments = self.stack.items("CommentsTable")
        approved = sum("public_json" in item for item in comments)
        edges = [int(item["approved_count"]["N"]) for item in comments if "approved_count" in item]
        pages = [int(item["approved_count"]["N"]) for item in self.stack.items("PagesTable")]
        assert set(edges + pages) <= {approved}
        shown = self.stack.call("GET", "/v1/comments", query={"page": PAGE}).json
        assert shown["count"] == len(shown["comments"]) == approved

    # ---- how

    def _post(self, path: str, key: str, body: dict[str, Any], person: int) -> None:
        reply = self.stack.call("POST", path, body, idempotency_key=f"key-{person}", ip=f"203.0.113.{person}")
        if reply.status == 429:
            return
        assert reply.status == 202, reply.text
        # The first answer again, however often.
        assert self.accepted.setdefault((path, person), reply.json[key]) == reply.json[key]

    def _bring(self, bodies: list[str], store: Any = None) -> None:
        """Each to the mail function; what it fails on, or dies of, is lost with its message."""
        for body in bodies:
            desk = replace(self.stack.desk("mail"), ses=self.ses)
            desk = replace(desk, store=store) if store else desk
            try:
                mail_batch({"Records": [{"messageId": "m", "body": body}]}, desk)
            except Crash:
                continue

    def _rows(self) -> dict[str, dict[str, Any]]:
        items = self.stack.items("OutboxTable")
        return {i["outbox_id"]["S"]: {k: next(iter(v.values())) for k, v in i.items()} for i in items}

    def _come_to_rest(self) -> None:
        for _ in range(16):
            self.stack.relay()
            self.stack.undelay()
            self._bring(queued(self.stack))
            if not self.stack.delayed and not any(moves(row) for row in self._rows().values()):
                return
            self.stack.later(minutes=5)
            self.stack.keep_house()

    def _check_the_end(self) -> None:
        rows = self._rows()
        for row in rows.values():
            assert row.get("state") in (None, "sent", "delivered", "failed", "unknown"), row
            assert row.get("state") != "unknown" or row.get("resent")
        for (path, _), subject_id in self.accepted.items():
            about = [row for row in rows.values() if row["subject_id"] == subject_id]
            mailed = {mail.delivery_id for mail in self.ses.taken} & {str(row["outbox_id"]) for row in about}
            shown = any(row.get("state") in _SHOWN for row in about)
            # Who called it spam before it was mailed knows of it.
            assert mailed or shown or (path == "/v1/comments" and subject_id in self.decided)
        for id_, row in rows.items():
            if row.get("state") == "failed" and id_ not in self.ses.refused and id_ not in self.reported:
                assert row["subject_id"] in self.decided, row


@pytest.mark.usefixtures("aws")
def test_promises_hold_whatever_happens_in_whatever_order(keys: dict[str, str]) -> None:
    bounds = settings(max_examples=12, stateful_step_count=20)
    make: Any = lambda: Machine(keys, uuid.uuid4().hex[:8])  # noqa: E731
    run_state_machine_as_test(make, settings=bounds)
    assert Machine.made >= 12
