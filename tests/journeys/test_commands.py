"""What an operator types, as a process of its own, beside a stack that runs: seen from there over HTTP."""

import fcntl
import json
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import ROOT, Mailbox, Stack
from .stories import (
    COMMENTS,
    STAFF_COMMENTS,
    STAFF_ENQUIRIES,
    Auth,
    Mail,
    a_comment,
    a_page,
    mails,
    post_comment,
    post_enquiry,
    problem,
    thread,
    until,
)

pytestmark = pytest.mark.journey

SECONDS = 60


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Type = Callable[..., Done]


def run(*arguments: str, typed: str = "", **environ: str) -> Done:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "chalicelib.commands", *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        input=typed.encode(),
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def type_command(stack: Stack) -> Type:
    """On the running stack, with an AWS profile of the person's own that must not be looked at."""

    def one(*arguments: str, **more: Any) -> Done:
        return run(*arguments, f"--local={stack.folder}", AWS_PROFILE="theirs", **more)

    return one


def answer(done: Done) -> Any:
    assert done.code == 0, done.err
    return done.json


def test_comment_is_seen_decided_from_a_file_and_shows(
    type_command: Type, client: httpx.Client, moderator: Auth, tmp_path: Path
) -> None:
    page = a_page()
    good, bad, other = (post_comment(client, page, message=f"Number {n}.")["id"] for n in range(3))
    waiting = answer(type_command("queue", "--page", page, "--json"))
    assert [comment["id"] for comment in waiting["comments"]] == [good, bad, other]
    file = tmp_path / "decisions.csv"
    file.write_text(
        f"id,revision,status,reason\n{good},1,approved,\n{bad},1,spam,a shop\n{other},9,spam,\nx,1,spam,\n"
    )
    done = type_command("decide", "--file", str(file), "--yes", "--json")
    assert done.code == 1
    results = [json.loads(line)["result"] for line in done.out.splitlines()]
    assert results == ["done", "done", "stale_revision", "not_found"]
    assert [comment["id"] for comment in thread(client, page)["comments"]] == [good]
    again = type_command("decide", "--file", "-", "--yes", "--json", typed=file.read_text())
    assert [json.loads(line)["result"] for line in again.out.splitlines()] == [
        "already_so",
        "already_so",
        "stale_revision",
        "not_found",
    ]
    # Through the API it is the same item, with the same history.
    shown = answer(type_command("show", good, "--json"))
    by_api = client.get(f"{STAFF_COMMENTS}/{good}", headers=moderator).json()
    assert by_api["history"][: len(shown["history"])] == shown["history"]
    assert {act["actor"].partition(":")[0] for act in shown["history"]} == {"command"}
    assert answer(type_command("audit", "verify", "--subject", good, "--json"))["broken"] == []
    assert good in [entry["subject"] for entry in answer(type_command("audit", "list", "--json"))["entries"]]


def test_page_is_closed_and_visitors_are_told(type_command: Type, client: httpx.Client) -> None:
    page = a_page()
    assert answer(type_command("pages", "close", page, "--json"))["closed"] is True
    problem(client.post(COMMENTS, json=a_comment(page)), 409, "page_closed")
    assert answer(type_command("pages", "open", page, "--json"))["closed"] is False
    assert answer(type_command("pages", "show", page, "--json"))["count"] == 0
    post_comment(client, page)


def test_enquiry_is_taken_in_hand(type_command: Type, client: httpx.Client, admissions: Auth) -> None:
    reference = post_enquiry(client)["reference"]
    listed = answer(type_command("enquiries", "list", "--all", "--json"))["enquiries"]
    assert reference in [enquiry["reference"] for enquiry in listed]
    change = ("--status", "in_progress", "--assign", "Kim", "--note", "-", "--json")
    changed = answer(type_command("enquiries", "set", f"{reference}@1", *change, typed="Called back."))
    by_api = client.get(f"{STAFF_ENQUIRIES}/{reference}", headers=admissions).json()
    assert {name: by_api[name] for name in ("status", "assignee", "notes")} == {
        name: changed[name] for name in ("status", "assignee", "notes")
    }
    assert answer(type_command("enquiries", "show", reference, "--json"))["revision"] == 2


def test_mail_is_sent_again(type_command: Type, client: httpx.Client, mailbox: Mailbox) -> None:
    reference = post_enquiry(client)["reference"]

    def is_to_staff(mail: Mail) -> bool:
        return reference in mail.body and "admissions@" in mail.recipients

    mailbox(is_to_staff)

    def find_sent() -> str | None:
        listed = answer(type_command("deliveries", "list", "--state", "sent", "--all", "--json"))[
            "deliveries"
        ]
        of_it = [d for d in listed if d["subject_id"] == reference and d["kind"] == "enquiry_submitted"]
        return str(of_it[0]["id"]) if of_it else None

    delivery = until(find_sent)
    assert answer(type_command("deliveries", "resend", delivery, "--yes", "--json"))["state"] == "pending"
    until(lambda: len([mail for mail in mails(client) if is_to_staff(mail)]) == 2)
    assert answer(type_command("dead-letters", "list", "--json")) == {"count": 0, "dead_letters": []}
    assert answer(type_command("dead-letters", "redrive", "--yes", "--json")) == {"redriven": 0}
    assert answer(type_command("mail", "resume", "--yes", "--json")) == {"resumed": 0}


def test_token_opens_until_it_is_revoked(type_command: Type, client: httpx.Client) -> None:
    made = answer(type_command("tokens", "add", "--role", "moderator", "--name", "For a test", "--json"))
    auth = {"Authorization": f"Bearer {made['secret']}"}
    assert client.get(STAFF_COMMENTS, headers=auth).status_code == 200
    listed = answer(type_command("tokens", "list", "--all", "--json"))["tokens"]
    assert made["id"] in [token["id"] for token in listed]
    answer(type_command("tokens", "revoke", made["id"], "--yes", "--json"))
    until(lambda: client.get(STAFF_COMMENTS, headers=auth).status_code == 401, seconds=60)


def test_person_is_handed_what_is_held_and_then_forgotten(type_command: Type, client: httpx.Client) -> None:
    page = a_page()
    address = f"{page.rpartition('/')[2]}@example.org"
    comment_id = post_comment(client, page, email=address)["id"]
    reference = post_enquiry(client, email=address)["reference"]
    held = answer(type_command("people", "export", "-", "--json", typed=address))
    assert [comment["id"] for comment in held["comments"]] == [comment_id]
    assert [enquiry["reference"] for enquiry in held["enquiries"]] == [reference]
    erased = answer(type_command("people", "erase", "-", "--yes", "--json", typed=address))["erased"]
    assert (erased["comments"], erased["enquiries"]) == (1, 1)
    for item in (comment_id, reference):
        assert type_command("show", item).code == 1


def test_what_is_sealed_to_the_current_key_is_left_as_it_is(type_command: Type, client: httpx.Client) -> None:
    post_comment(client, a_page())
    resealed = answer(type_command("keys", "reseal", "--yes", "--json"))
    assert resealed == {"resealed": {"comments": 0, "enquiries": 0, "deliveries": 0}, "unreadable": 0}


def test_where_no_stack_runs_it_is_one_plain_line(tmp_path: Path) -> None:
    done = run("queue", f"--local={tmp_path}")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "make run" in done.err


def test_credentials_that_are_wrong_are_one_plain_line(stack: Stack) -> None:
    emulator = json.loads((stack.folder / "ready.json").read_text())["emulator"]
    aws = {"AWS_ENDPOINT_URL": emulator, "AWS_ACCESS_KEY_ID": "AKIAWRONG", "AWS_SECRET_ACCESS_KEY": "wrong"}
    done = run("queue", "--stage", "prod", "--region", "us-east-1", **aws, AWS_SESSION_TOKEN="")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "cannot be asked for its settings" in done.err


def test_reader_who_leaves_early_gets_no_traceback(stack: Stack, client: httpx.Client) -> None:
    page = a_page()
    for number in range(3):
        post_comment(client, page, message=f"{number} " * 1000)
    command = [sys.executable, "-m", "chalicelib.commands", "queue", "--json", f"--local={stack.folder}"]
    with subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(SECONDS) == 1
    assert b"Traceback" not in err
    assert b"BrokenPipe" not in err


@pytest.mark.parametrize(
    ("typed", "code", "left"),
    [(b"y\n", 0, "approved"), (b"n\n", 1, "pending"), (b"\x04", 1, "pending"), (b"\x03", 130, "pending")],
    ids=["yes", "no", "end of file", "Ctrl-C"],
)
def test_question_at_a_terminal(
    stack: Stack, client: httpx.Client, moderator: Auth, typed: bytes, code: int, left: str
) -> None:
    ids = [post_comment(client, a_page())["id"] for _ in range(2)]
    command = [sys.executable, "-m", "chalicelib.commands", f"--local={stack.folder}", "decide"]
    person, terminal = pty.openpty()
    process = subprocess.Popen(  # noqa: S603
        [*command, *[f"{id_}@1" for id_ in ids], "--status", "approved"],
        cwd=ROOT,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        # Its own terminal, so that Ctrl-C typed there is a signal to it alone.
        preexec_fn=lambda: _take_terminal(terminal),  # noqa: PLW1509
    )
    os.close(terminal)
    try:
        seen = b""
        while b"[y/N]" not in seen:
            seen += os.read(person, 4096)
        os.write(person, typed)
        assert process.wait(SECONDS) == code
    finally:
        process.kill()
        process.wait()
        os.close(person)
    shown = [client.get(f"{STAFF_COMMENTS}/{id_}", headers=moderator).json()["status"] for id_ in ids]
    assert shown == [left, left]


def _take_terminal(terminal: int) -> None:
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
