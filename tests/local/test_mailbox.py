"""The local mailbox: what SES accepted, readable and harmless."""

from email.message import EmailMessage
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest

from infra.local.mailbox import Mailbox, capture_mail, to_json
from infra.local.mailbox_page import MailboxPage, render


def raw(subject: str = "Hello", text: str = "Text", html: str = "<p>HTML</p>") -> bytes:
    message = EmailMessage()
    message["Subject"] = subject
    message["To"] = "desk@example.org"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    ticks = count(1_800_000_000_000_000_000)
    return Mailbox(tmp_path, lambda: next(ticks))


def test_newest_comes_first_also_in_the_next_run(mailbox: Mailbox, tmp_path: Path) -> None:
    for n in range(3):
        mailbox.add_mail("from@example.org", ["to@example.org"], raw(f"Mail {n}"))
    subjects = [mail.message()["Subject"] for mail in Mailbox(tmp_path).list_newest_first()]
    assert subjects == ["Mail 2", "Mail 1", "Mail 0"]


def test_json_has_envelope_headers_and_raw(mailbox: Mailbox) -> None:
    mailbox.add_mail("from@example.org", ["a@example.org", "b@example.org"], raw())
    (mail,) = mailbox.list_newest_first()
    document = to_json(mail)
    assert document["from"] == "from@example.org"
    assert document["to"] == ["a@example.org", "b@example.org"]
    assert document["headers"]["To"] == ["desk@example.org"]
    assert document["subject"] == "Hello"
    assert "Subject: Hello\n" in document["raw"]
    assert document["at"] == "2027-01-15T08:00:00.000Z"


def test_page_escapes_what_mails_say(mailbox: Mailbox) -> None:
    mailbox.add_mail(
        "from@example.org", ["to@example.org"], raw("<b>s", "<script>1</script>", '"><script>2</script>')
    )
    page = render(mailbox.list_newest_first())
    assert "<script>" not in page
    assert "<b>s" not in page


def test_links_of_the_text_can_be_followed(mailbox: Mailbox) -> None:
    mailbox.add_mail("from@example.org", ["to@example.org"], raw(text="See http://127.0.0.1/x?a=1&b=2 <now>"))
    page = render(mailbox.list_newest_first())
    assert '<a href="http://127.0.0.1/x?a=1&amp;b=2"' in page
    assert "&lt;now&gt;" in page


@pytest.mark.parametrize("query", ["", "format=json"])
def test_mailbox_is_never_stored_and_runs_no_script(mailbox: Mailbox, query: str) -> None:
    started: list[Any] = []
    MailboxPage(mailbox)({"REQUEST_METHOD": "GET", "QUERY_STRING": query}, lambda *a: started.extend(a))
    headers = dict(started[1])
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "script" not in headers["Content-Security-Policy"]


class FakeHttp:
    """Stands in for the network below a real SES client."""

    def __init__(self, status: int) -> None:
        self._status = status

    def __call__(self, **_: Any) -> Any:
        return SimpleNamespace(status_code=self._status, headers={}, raw=None, content=b"{}", text="{}")


@pytest.mark.parametrize(("status", "kept"), [(200, 1), (400, 0)])
def test_mail_is_kept_once_ses_has_accepted_it(mailbox: Mailbox, status: int, kept: int) -> None:
    session: Any = botocore.session.Session()
    ses = session.create_client(
        "sesv2", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    capture_mail(ses, mailbox)
    ses.meta.events.register("before-send.sesv2.SendEmail", FakeHttp(status))
    try:
        ses.send_email(
            FromEmailAddress="from@example.org",
            Destination={"ToAddresses": ["to@example.org"]},
            Content={"Raw": {"Data": raw()}},
        )
    except ses.exceptions.ClientError:
        assert status == 400
    assert len(list(mailbox.list_newest_first())) == kept
