"""Dead letters and held mail from the command line."""

import json

import pytest

from chalicelib.commands.mail import main
from tests.acts import add_comment
from tests.mail.mails import deliveries, ses_error
from tests.stack import FakeSes, Stack


def test_redriven_dead_letters_are_delivered_once(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    add_comment(stack)
    stack.relay()
    stack.run_mail(FakeSes())
    [row] = deliveries(stack)
    for _ in range(2):
        body = json.dumps({"outbox_id": row["outbox_id"]})
        stack.sqs.send_message(QueueUrl=stack.dead_letter_url, MessageBody=body)
    assert main(["redrive"], stack.environ("staff")) == 0
    assert json.loads(capsys.readouterr().out) == {"redriven": 2}
    ses = FakeSes()
    stack.run_mail(ses)
    assert len(ses.sent) == 1
    assert main(["dead-letters"], stack.environ("staff")) == 0
    assert json.loads(capsys.readouterr().out) == {"count": 0, "dead_letters": []}


def test_held_mail_is_resumed_at_once(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        add_comment(stack, message=f"{number}")
    stack.deliver(FakeSes(*[ses_error("SendingPausedException")] * 3))
    assert {d["state"] for d in deliveries(stack)} == {"held"}
    assert main(["resume"], stack.environ("staff")) == 0
    assert json.loads(capsys.readouterr().out) == {"resumed": 3}
    ses = FakeSes()
    stack.run_mail(ses)
    assert len(ses.sent) == 3


def test_wrong_settings_end_in_words(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resume"], {}) == 2
    assert "OUTBOX_TABLE is missing" in capsys.readouterr().err
