"""Visitors, moderators, mail, reports and faults in any order: nothing is lost, or doubled for nothing."""

from collections import Counter
from typing import Any

from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import booleans, integers, sampled_from

from chalicelib.mail.handlers import note_event
from tests.acts import add_comment, decide, post_enquiry
from tests.mail.mails import deliveries, ses_error
from tests.stack import FakeSes, Stack

_URL = "https://ses.example"
# What SES answers, and whether it took the mail all the same.
FAULTS: dict[str, tuple[Exception, bool]] = {
    "throttled": (ses_error("TooManyRequestsException", 429), False),
    "paused": (ses_error("SendingPausedException"), False),
    "no connection": (ConnectTimeoutError(endpoint_url=_URL), False),
    "lost before": (ReadTimeoutError(endpoint_url=_URL), False),
    "lost after": (ReadTimeoutError(endpoint_url=_URL), True),
}


class MoodySes(FakeSes):
    """Takes every mail, or fails as `mood` says; remembers what took effect."""

    mood: str | None = None
    ambiguous = 0

    def send_email(self, **request: Any) -> dict[str, str]:
        if self.mood is None:
            return super().send_email(**request)
        error, took = FAULTS[self.mood]
        if took:
            super().send_email(**request)
        self.ambiguous += isinstance(error, ReadTimeoutError)
        raise error


class AnyOrder(RuleBasedStateMachine):
    keys: dict[str, str]

    def __init__(self) -> None:
        super().__init__()
        self.desk_stack = Stack(f"any{id(self):x}", type(self).keys, settings={"RATE_LIMIT": "100000"})
        self.ses = MoodySes()
        self.comments: list[str] = []
        self.enquiries: list[str] = []
        self.number = 0

    @rule()
    def comment(self) -> None:
        self.number += 1
        self.comments.append(add_comment(self.desk_stack, message=f"{self.number}", notify=True))

    @rule()
    def enquire(self) -> None:
        self.number += 1
        reply = post_enquiry(self.desk_stack, message=f"{self.number}")
        self.enquiries.append(reply.json["reference"])

    @rule(which=integers(0, 5), status=sampled_from(["approved", "rejected"]))
    def moderate(self, which: int, status: str) -> None:
        if which < len(self.comments):
            assert decide(self.desk_stack, self.comments[which], "*", status=status).status in (200, 409)

    @rule(mood=sampled_from([None, None, *FAULTS]))
    def mail(self, mood: str | None) -> None:
        self.ses.mood = mood
        self.desk_stack.relay()
        self.desk_stack.undelay()
        self.desk_stack.run_mail(self.ses)

    @rule(minutes=sampled_from([1, 6, 16, 60]))
    def later(self, minutes: int) -> None:
        self.desk_stack.later(minutes=minutes)
        self.desk_stack.keep_house()

    @rule(which=integers(0, 9), name=sampled_from(["Send", "Delivery"]), twice=booleans())
    def report(self, which: int, name: str, twice: bool) -> None:
        for sent in self.ses.sent[which : which + 1]:
            tags = {tag["Name"]: [tag["Value"]] for tag in sent["EmailTags"]}
            for _ in range(1 + twice):
                desk = self.desk_stack.desk("delivery_events")
                note_event({"detail": {"eventType": name, "mail": {"messageId": "m", "tags": tags}}}, desk)

    @invariant()
    def no_mail_is_doubled_without_a_fault(self) -> None:
        sent = Counter(mail["EmailTags"][0]["Value"] for mail in self.ses.sent)
        assert max(sent.values(), default=1) <= 2
        assert sum(count - 1 for count in sent.values()) <= self.ses.ambiguous

    def teardown(self) -> None:
        try:
            self._settle()
            rows = deliveries(self.desk_stack)
            told = {
                row["subject_id"] for row in rows if row["kind"] in ("comment_submitted", "enquiry_submitted")
            }
            assert told == {*self.comments, *self.enquiries}
            assert {row["state"] for row in rows} <= {"sent", "delivered", "unknown", "failed"}
            # Only what may have been sent twice rests as unknown, and only what nobody waits for has failed.
            assert all(row.get("resent") for row in rows if row["state"] == "unknown")
            assert {row["reason"] for row in rows if row["state"] == "failed"} <= {"nobody_to_mail"}
            self.no_mail_is_doubled_without_a_fault()
        finally:
            self.desk_stack.delete()

    def _settle(self) -> None:
        self.ses.mood = None
        for _ in range(8):
            self.desk_stack.later(minutes=20)
            self.desk_stack.keep_house()
            self.desk_stack.undelay()
            self.desk_stack.deliver(self.ses)
            self.desk_stack.run_mail(self.ses)


def test_in_any_order_nothing_is_lost_and_nothing_doubled(aws: None, keys: dict[str, str]) -> None:
    AnyOrder.keys = keys
    machine = AnyOrder.TestCase
    machine.settings = settings(
        max_examples=12,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    machine().runTest()
