"""Where a site has declared it, Akismet is asked about a comment once, and may add one reason: no more."""

import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import Unavailable
from chalicelib.mail import akismet
from chalicelib.mail.akismet import Akismet, CannotAsk
from tests.acts import PAGE_ID, add_comment, answer, decide, erase, post_enquiry, publish
from tests.akismets import DECLARED, FakeAkismet, fake_akismet
from tests.stack import FakeSes, Stack

DANGER = "I relapsed last night and I want to die."
SPAM = {"code": "akismet", "text": "Akismet takes it for spam."}


@pytest.fixture
def fake() -> Iterator[FakeAkismet]:
    with fake_akismet() as fake:
        yield fake


@pytest.fixture
def declared(stack: Stack, fake: FakeAkismet, tmp_path: Path) -> Stack:
    """A stack that asks, with the key as a file has it."""
    (tmp_path / "akismet-key").write_text("abc123\n")
    stack.keys = {**stack.keys, "AKISMET_KEY_FILE": str(tmp_path / "akismet-key")}
    stack.settings["AKISMET_PROCESSOR"] = DECLARED
    return stack


def mailed(stack: Stack) -> list[str]:
    """Deliver everything; return to whom mail went."""
    ses = FakeSes()
    stack.deliver(ses)
    return [m["Destination"]["ToAddresses"][0] for m in ses.sent]


def shown(stack: Stack, comment_id: str) -> Any:
    return stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator").json


def reasons(stack: Stack, comment_id: str) -> list[str]:
    return [reason["code"] for reason in shown(stack, comment_id)["reasons"]]


def test_it_is_asked_once_with_what_was_typed_and_no_ip(declared: Stack, fake: FakeAkismet) -> None:
    add_comment(declared)
    assert mailed(declared) == ["mod@example.org"]
    assert fake.asked == [
        {
            "path": "/1.1/comment-check",
            "api_key": "abc123",
            "blog": "https://www.example.org",
            "user_ip": "127.0.0.1",
            "comment_type": "comment",
            "comment_author": "Robin Wren",
            "comment_author_email": "robin.wren@visitor.example",
            "comment_content": "Ninety days today.",
            "permalink": f"https://www.{PAGE_ID}",
            "is_test": "1",
        }
    ]


def test_an_order_that_comes_twice_asks_once(declared: Stack, fake: FakeAkismet) -> None:
    add_comment(declared)
    [order] = declared.relay()
    for _ in range(3):
        declared.sqs.send_message(QueueUrl=declared.queue_url, MessageBody=f'{{"outbox_id": "{order}"}}')
    declared.run_mail(FakeSes())
    assert len(fake.asked) == 1


def test_without_its_setting_nobody_is_asked(stack: Stack, fake: FakeAkismet) -> None:
    add_comment(stack)
    assert mailed(stack) == ["mod@example.org"]
    assert fake.asked == []
    assert stack.desk("mail").akismet is None


def test_what_it_takes_for_spam_waits_on_with_a_reason(declared: Stack, fake: FakeAkismet) -> None:
    fake.body = b"true"
    comment_id = add_comment(declared)
    before = shown(declared, comment_id)
    assert mailed(declared) == ["mod@example.org"]
    after = shown(declared, comment_id)
    assert SPAM in after["reasons"]
    assert {**after, "history": 0, "reasons": 0} == {**before, "history": 0, "reasons": 0}
    [item] = declared.items("CommentsTable")
    assert "akismet" not in repr(item).lower()


def test_who_saw_it_before_may_still_decide(declared: Stack, fake: FakeAkismet) -> None:
    fake.body = b"true"
    comment_id = add_comment(declared)
    mailed(declared)
    assert decide(declared, comment_id, '"1"', status="approved").status == 200
    assert "akismet" in reasons(declared, comment_id)


def test_what_it_takes_for_none_gets_no_reason(declared: Stack, fake: FakeAkismet) -> None:
    comment_id = add_comment(declared)
    mailed(declared)
    assert len(fake.asked) == 1
    assert "akismet" not in reasons(declared, comment_id)


@pytest.mark.parametrize("change", [{"status": "approved"}, {"status": "rejected"}, {"text": "Redacted."}])
def test_decision_made_meanwhile_is_kept(
    declared: Stack, fake: FakeAkismet, change: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    fake.body = b"true"
    comment_id = add_comment(declared)
    declared.desk("staff")
    fake.act = lambda: decide(declared, comment_id, '"1"', **change)
    assert "mod@example.org" in mailed(declared)
    after = shown(declared, comment_id)
    assert after.items() >= {**change, "revision": 2}.items()
    assert "akismet" not in [reason["code"] for reason in after["reasons"]]
    assert "akismet_failed" not in caplog.text


def test_comment_erased_meanwhile_stays_erased(declared: Stack, fake: FakeAkismet) -> None:
    fake.body = b"true"
    comment_id = add_comment(declared)
    declared.desk("staff")
    fake.act = lambda: erase(declared, comment_id)
    mailed(declared)
    [item] = declared.items("CommentsTable")
    assert "letter_sealed" not in item


def test_what_speaks_of_danger_is_never_sent(declared: Stack, fake: FakeAkismet) -> None:
    add_comment(declared, message=DANGER)
    add_comment(declared, message=f"{DANGER} Now.", website="https://spam.example")
    assert len(mailed(declared)) == 4
    assert fake.asked == []


def test_neither_enquiries_nor_staff_nor_what_is_decided_nor_spam_is_sent(
    declared: Stack, fake: FakeAkismet
) -> None:
    parent = publish(declared)
    answer(declared, parent)
    post_enquiry(declared)
    add_comment(declared, message="Buy", website="https://spam.example")
    mailed(declared)
    assert fake.asked == []


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (500, b"true", "status 500"),
        (302, b"true", "status 302"),
        (200, b"invalid", "not understood"),
        (200, b"", "not understood"),
        (200, b"true" * 5000, "not understood"),
        (200, b"\xff\x00", "not understood"),
        (200, b"TRUE", "not understood"),
    ],
)
def test_any_other_answer_changes_nothing(
    declared: Stack,
    fake: FakeAkismet,
    status: int,
    body: bytes,
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake.status, fake.body, fake.headers = status, body, {"Location": "/elsewhere"}
    comment_id = add_comment(declared)
    assert mailed(declared) == ["mod@example.org"]
    assert "akismet" not in reasons(declared, comment_id)
    assert len(fake.asked) == 1
    assert f'"reason": "{reason}"' in caplog.text
    assert "Robin" not in caplog.text
    assert "Ninety" not in caplog.text


@pytest.mark.parametrize(("how", "reason"), [("slow", ""), ("dripping", "too slow")])
def test_who_takes_too_long_is_given_up_and_then_left_alone(
    declared: Stack,
    fake: FakeAkismet,
    how: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(akismet, "_SECONDS", 0.5)
    setattr(fake, how, True)
    for message in ("One.", "Two.", "Three."):
        add_comment(declared, message=message)
    assert mailed(declared) == ["mod@example.org"] * 3
    assert len(fake.asked) == 1
    assert caplog.text.count('"reason": "resting"') == 2
    assert f'"reason": "{reason}' in caplog.text


def test_deliveries_are_there_before_it_is_asked(declared: Stack, fake: FakeAkismet) -> None:
    there: list[int] = []
    fake.act = lambda: there.append(sum("recipient_sealed" in item for item in declared.items("OutboxTable")))
    add_comment(declared)
    mailed(declared)
    assert there == [1]


def test_after_a_while_it_is_asked_again(fake: FakeAkismet) -> None:
    seconds = [0.0]
    asking = Akismet("k", blog="https://www.example.org", is_test=False, clock=lambda: seconds[0])
    fake.status = 503
    with pytest.raises(CannotAsk, match="status 503"):
        asking.takes_for_spam({})
    fake.status, fake.body = 200, b"true"
    for seconds[0] in (1.0, 59.9):
        with pytest.raises(CannotAsk, match="resting"):
            asking.takes_for_spam({})
    seconds[0] = 60.0
    assert asking.takes_for_spam({}) is True
    assert "is_test" not in fake.asked[-1]


def test_proxies_of_the_environment_are_not_asked(fake: FakeAkismet, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert Akismet("k", blog="https://www.example.org", is_test=True).takes_for_spam({}) is False


def test_mail_goes_out_without_a_key_that_can_be_read(
    declared: Stack, fake: FakeAkismet, caplog: pytest.LogCaptureFixture
) -> None:
    declared.keys["AKISMET_KEY_FILE"] = "/nowhere"
    add_comment(declared)
    assert mailed(declared) == ["mod@example.org"]
    assert fake.asked == []
    assert '"reason": "no key"' in caplog.text


def test_mail_goes_out_where_nobody_listens_or_the_database_fails(
    declared: Stack, fake: FakeAkismet, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fake.body = b"true"
    add_comment(declared)
    comments = type(declared.desk("mail").store.comments)

    def fail(*_: Any) -> Any:
        raise Unavailable("TransactWriteItems")

    with monkeypatch.context() as broken:
        broken.setattr(comments, "add_reason", fail)
        assert mailed(declared) == ["mod@example.org"]
    assert '"reason": "Unavailable"' in caplog.text
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setattr(akismet, "URL", f"http://127.0.0.1:{port}/")
    add_comment(declared, message="Two.")
    assert mailed(declared) == ["mod@example.org"]
    assert '"reason": "ConnectionRefusedError"' in caplog.text


def test_failure_is_an_error_line(
    declared: Stack, fake: FakeAkismet, caplog: pytest.LogCaptureFixture
) -> None:
    fake.status = 500
    add_comment(declared)
    mailed(declared)
    [record] = [r for r in caplog.records if "akismet_failed" in r.getMessage()]
    assert record.levelno == logging.ERROR


def test_visitors_are_told_by_whom_and_what_is_sent(declared: Stack) -> None:
    page = declared.call("GET", "/privacy").text
    assert "looks for spam among comments for us; &lt;we&gt; have a contract." in page
    assert "Your IP address is not sent." in page
    assert "<!-- processor -->" not in page


def test_where_nobody_is_asked_the_page_says_nothing_of_it(stack: Stack) -> None:
    page = stack.call("GET", "/privacy").text
    assert "spam" not in page
    assert "<!--" not in page
