"""Deciding from the mail, over HTTP: programs may look as often as they like, one press decides."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import httpx
import pytest

from .conftest import Stack
from .stories import (
    STAFF_TOKENS,
    Auth,
    a_page,
    counts,
    decision_link,
    for_staff,
    post_comment,
    problem,
    thread,
)

pytestmark = pytest.mark.journey

HTML = "text/html; charset=utf-8"


@pytest.fixture
def waiting(client: httpx.Client, stack: Stack) -> tuple[str, str, str]:
    """A page, a comment on it that waits, and the link to decide on it."""
    page = a_page()
    comment_id = post_comment(client, page)["id"]
    return page, comment_id, decision_link(stack.folder, comment_id)


def test_a_hundred_looks_change_nothing_then_one_press_decides(
    client: httpx.Client, moderator: Auth, waiting: tuple[str, str, str]
) -> None:
    page, comment_id, link = waiting
    for _ in range(50):
        assert client.head(link).status_code == 200
        assert client.get(link).status_code == 200
    assert thread(client, page)["comments"] == []
    before = for_staff(client, moderator, comment_id)
    assert (before["status"], before["revision"]) == ("pending", 1)

    pressed = client.post(link, data={"status": "approved"})
    assert (pressed.status_code, pressed.headers["content-type"]) == (200, HTML)
    [shown] = thread(client, page)["comments"]
    assert shown["id"] == comment_id
    after = for_staff(client, moderator, comment_id)
    assert after["decided_by"].startswith("link:d")
    assert [h["to"] for h in after["history"] if h["action"] == "decide"] == ["approved"]

    for again in (client.post(link, data={"status": "spam"}), client.get(link)):
        assert (again.status_code, "Decided already" in again.text) == (409, True)
    assert for_staff(client, moderator, comment_id)["status"] == "approved"


def test_head_is_get_without_its_body(client: httpx.Client, waiting: tuple[str, str, str]) -> None:
    got, headed = client.get(waiting[2]), client.head(waiting[2])
    assert headed.content == b""
    for name in ("content-type", "content-length", "cache-control", "content-security-policy"):
        assert headed.headers[name] == got.headers[name]


@pytest.mark.parametrize("repeat", range(4))
def test_of_many_presses_at_once_one_decides(
    client: httpx.Client, stack: Stack, moderator: Auth, waiting: tuple[str, str, str], repeat: int
) -> None:
    page, comment_id, link = waiting
    statuses = ["approved", "rejected", "spam", "approved", "approved", "rejected"]
    at_once = Barrier(len(statuses))

    def press(status: str) -> int:
        with stack.client() as own:
            own.get("/healthz")
            at_once.wait()
            return own.post(link, data={"status": status}).status_code

    with ThreadPoolExecutor(len(statuses)) as threads:
        answers = list(threads.map(press, statuses))
    assert sorted(answers) == [200] + [409] * 5
    won = statuses[answers.index(200)]
    after = for_staff(client, moderator, comment_id)
    assert (after["status"], after["revision"]) == (won, 2)
    assert [h["to"] for h in after["history"] if h["action"] == "decide"] == [won]
    assert counts(client, [page])[page] == len(thread(client, page)["comments"]) == (won == "approved")


def test_link_and_moderator_at_once_decide_once(
    client: httpx.Client, stack: Stack, moderator: Auth, waiting: tuple[str, str, str]
) -> None:
    _, comment_id, link = waiting
    at_once = Barrier(2)

    def by_link() -> int:
        with stack.client() as own:
            at_once.wait()
            return own.post(link, data={"status": "approved"}).status_code

    def by_console() -> int:
        with stack.client() as own:
            at_once.wait()
            headers = {**moderator, "If-Match": '"1"'}
            path = f"/v1/staff/comments/{comment_id}"
            return own.patch(path, json={"status": "rejected"}, headers=headers).status_code

    with ThreadPoolExecutor(2) as threads:
        answers = [threads.submit(by_link), threads.submit(by_console)]
    assert {answers[0].result(), answers[1].result()} in ({200, 412}, {409, 200})
    assert for_staff(client, moderator, comment_id)["revision"] == 2


def test_old_link_and_revoked_link_have_ended(
    client: httpx.Client, stack: Stack, admin: Auth, waiting: tuple[str, str, str]
) -> None:
    old = decision_link(stack.folder, waiting[1], age=timedelta(hours=72, seconds=1))
    revoked = decision_link(stack.folder, waiting[1], "d-lost-mailbox")
    assert client.delete(f"{STAFF_TOKENS}/link:d-lost-mailbox", headers=admin).status_code == 204
    for ended in (old, revoked):
        for answer in (client.get(ended), client.post(ended, data={"status": "approved"})):
            assert (answer.status_code, answer.headers["content-type"]) == (410, HTML)
    assert client.get(waiting[2]).status_code == 200


def test_forged_link_is_not_found(client: httpx.Client, waiting: tuple[str, str, str]) -> None:
    token = waiting[2].rpartition("/")[2]
    body, _, signature = token.partition(".")
    for forged in (
        f"{body}.{signature[::-1]}",
        f"{body}.",
        body,
        f"{token}.x",
        "x",
        "%00",
        "..%2Fv1",
        "é" * 40,
    ):
        for answer in (client.get(f"/moderate/{forged}"), client.post(f"/moderate/{forged}", data={})):
            assert (answer.status_code, answer.headers["content-type"]) == (404, HTML), forged


def test_link_is_no_credential_for_anything_else(client: httpx.Client, waiting: tuple[str, str, str]) -> None:
    token = waiting[2].rpartition("/")[2]
    auth = {"Authorization": f"Bearer {token}"}
    problem(client.get("/v1/staff/comments", headers=auth), 401, "unauthenticated")
    problem(client.get(f"/v1/staff/comments/{waiting[1]}", headers=auth), 401, "unauthenticated")
