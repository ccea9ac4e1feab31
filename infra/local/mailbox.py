"""The local mailbox: every mail that SES accepted, one file each, so that the next run finds it."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import message_from_string, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Mail:
    id: str
    at: str
    sender: str
    recipients: list[str]
    """Of the envelope, which is what decides who gets it."""
    raw: str

    def message(self) -> EmailMessage:
        return message_from_string(self.raw, _class=EmailMessage, policy=policy.default)


class Mailbox:
    def __init__(self, folder: Path, nanoseconds: Callable[[], int] = time.time_ns) -> None:
        self._folder = folder
        self._nanoseconds = nanoseconds
        self._numbers = count()

    def add_mail(self, sender: str, recipients: list[str], raw: bytes) -> None:
        at = self._nanoseconds()
        mail = Mail(
            # Sorts by time, and tells apart what came at the same tick.
            id=f"{at:020d}-{next(self._numbers):06d}",
            at=datetime.fromtimestamp(at / 1e9, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            sender=sender,
            recipients=recipients,
            raw=raw.decode("utf-8", errors="replace"),
        )
        self._write(mail)

    def _write(self, mail: Mail) -> None:
        path = self._folder / f"{mail.id}.json"
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(asdict(mail)))
        os.replace(unfinished, path)

    def list_newest_first(self) -> Iterator[Mail]:
        for path in sorted(self._folder.glob("*.json"), reverse=True):
            yield Mail(**json.loads(path.read_text()))


def to_json(mail: Mail) -> dict[str, Any]:
    message = mail.message()
    headers: dict[str, list[str]] = {}
    for name, value in message.items():
        headers.setdefault(name, []).append(str(value))
    return {
        "id": mail.id,
        "at": mail.at,
        "from": mail.sender,
        "to": mail.recipients,
        "headers": headers,
        "subject": str(message.get("Subject", "")),
        "raw": mail.raw,
    }


def capture_mail(ses: Any, mailbox: Mailbox) -> None:
    """Put what this SES client sends into the mailbox, once SES has accepted it."""

    def remember(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["local_mail"] = params

    def keep(http_response: Any, context: dict[str, Any], **_: Any) -> None:
        if http_response.status_code < 300:
            _add(mailbox, context["local_mail"])

    ses.meta.events.register("before-parameter-build.sesv2.SendEmail", remember)
    ses.meta.events.register("after-call.sesv2.SendEmail", keep)


def _add(mailbox: Mailbox, params: dict[str, Any]) -> None:
    destination = params.get("Destination", {})
    recipients = [
        address
        for field in ("ToAddresses", "CcAddresses", "BccAddresses")
        for address in destination.get(field, [])
    ]
    raw = params["Content"].get("Raw", {}).get("Data", b"")
    mailbox.add_mail(params.get("FromEmailAddress", ""), recipients, raw)
