"""Stopped and started again, Frontdesk has everything still."""

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from .conftest import Launch, Stack, tail
from .stories import (
    STAFF_ENQUIRIES,
    a_page,
    counts,
    for_staff,
    mails,
    post_comment,
    post_enquiry,
    publish_comment,
    thread,
    until,
)

pytestmark = pytest.mark.journey


def port_of(stack: Stack) -> int:
    port = urlsplit(stack.url).port
    assert port
    return port


def stop_and_see_that_nothing_is_left(stack: Stack) -> None:
    assert stack.stop() == 0, tail(stack.folder)
    with socket.socket() as probe:
        assert probe.connect_ex((urlsplit(stack.url).hostname or "", port_of(stack))) != 0
    assert stack.process is not None
    with pytest.raises(ProcessLookupError):  # no process of its group lives on
        os.killpg(stack.process.pid, 0)


def test_everything_is_still_there_after_a_restart(launch: Launch, tmp_path: Path) -> None:
    folder, page = tmp_path / "data", a_page()

    first = launch(folder)
    moderator, admissions = first.auth("moderator"), first.auth("admissions")
    with first.client() as client:
        publish_comment(client, moderator, page, message="Still here.")
        shown = thread(client, page)
        pending_id = post_comment(client, page, message="Not yet.")["id"]
        reference = post_enquiry(client, message="Please write back.")["reference"]
        until(lambda: any(reference in mail.subject for mail in mails(client)))
        subjects = {mail.subject for mail in mails(client)}
    stop_and_see_that_nothing_is_left(first)

    second = launch(folder, port_of(first))  # the same port, for a page's id holds it
    assert second.url == first.url
    with second.client() as client:
        assert second.auth("moderator") == moderator
        assert thread(client, page) == shown
        assert counts(client, [page]) == {page: 1}
        assert for_staff(client, moderator, pending_id)["status"] == "pending"
        read = client.get(f"{STAFF_ENQUIRIES}/{reference}", headers=admissions)
        assert read.json()["message"] == "Please write back."
        assert subjects <= {mail.subject for mail in mails(client)}
    stop_and_see_that_nothing_is_left(second)
