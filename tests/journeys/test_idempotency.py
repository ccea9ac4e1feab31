"""A double click, a retry and two threads at once leave one comment, and get one answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import httpx
import pytest

from .stories import (
    COMMENTS,
    ENQUIRIES,
    Auth,
    Json,
    a_comment,
    a_page,
    an_enquiry,
    approve,
    counts,
    inbox,
    post_comment,
    problem,
    queue,
)

pytestmark = pytest.mark.journey


def a_key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


def at_once(calls: list[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    """Make all calls together and hand back their answers."""
    barrier = Barrier(len(calls))

    def call(one: Callable[[], httpx.Response]) -> httpx.Response:
        barrier.wait()
        return one()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


def everything_on(client: httpx.Client, moderator: Auth, page: str) -> list[Json]:
    """Whatever became of it, staff can see it."""
    statuses = ("pending", "spam", "approved", "rejected")
    return [item for status in statuses for item in queue(client, moderator, status=status, page=page)]


def test_same_comment_twice_is_one_comment(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    first = post_comment(client, page)
    assert post_comment(client, page) == first
    assert [item["id"] for item in everything_on(client, moderator, page)] == [first["id"]]


def test_same_comment_to_another_spelling_of_its_page_is_one_comment(client: httpx.Client) -> None:
    page = a_page()
    assert post_comment(client, page)["id"] == post_comment(client, f"{page}/?utm_source=mail#top")["id"]


@pytest.mark.parametrize(
    "change", [{"email": "other@example.org"}, {"name": "Alex"}, {"message": "Ninety-one days."}], ids=str
)
def test_comment_that_differs_is_another_comment(
    client: httpx.Client, moderator: Auth, change: dict[str, str]
) -> None:
    page = a_page()
    ids = {post_comment(client, page)["id"], post_comment(client, page, **change)["id"]}
    assert len(ids) == 2
    assert {item["id"] for item in everything_on(client, moderator, page)} == ids


def test_same_words_on_two_pages_are_two_comments(client: httpx.Client) -> None:
    assert post_comment(client, a_page())["id"] != post_comment(client, a_page())["id"]


@pytest.mark.parametrize(("path", "make"), [(COMMENTS, a_comment), (ENQUIRIES, an_enquiry)])
def test_replay_with_the_same_key_gets_the_first_answer(
    client: httpx.Client, path: str, make: Callable[..., Json]
) -> None:
    body, key = make(page=a_page()), a_key()
    first = client.post(path, json=body, headers=key)
    again = client.post(path, json=body, headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()


def test_replay_after_approval_still_gets_the_first_answer(client: httpx.Client, moderator: Auth) -> None:
    page, key = a_page(), a_key()
    first = client.post(COMMENTS, json=a_comment(page), headers=key)
    approve(client, moderator, first.json()["id"])
    again = client.post(COMMENTS, json=a_comment(page), headers=key)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert counts(client, [page]) == {page: 1}


@pytest.mark.parametrize(("path", "make"), [(COMMENTS, a_comment), (ENQUIRIES, an_enquiry)])
def test_same_key_with_another_body_is_refused(
    client: httpx.Client, path: str, make: Callable[..., Json]
) -> None:
    body, key = make(page=a_page()), a_key()
    assert client.post(path, json=body, headers=key).status_code == 202
    other = client.post(path, json={**body, "message": "Another xcanaryx message."}, headers=key)
    problem(other, 422, "idempotency_key_reused")
    assert "xcanaryx" not in other.text


def test_refused_post_does_not_use_up_its_key(client: httpx.Client) -> None:
    page, key = a_page(), a_key()
    assert client.post(COMMENTS, json=a_comment(page, email="no"), headers=key).status_code == 422
    assert client.post(COMMENTS, json=a_comment(page), headers=key).status_code == 202


@pytest.mark.parametrize("with_key", [True, False], ids=["with a key", "without a key"])
def test_two_threads_at_once_leave_one_comment(client: httpx.Client, moderator: Auth, with_key: bool) -> None:
    page = a_page()
    headers = a_key() if with_key else {}

    def post() -> httpx.Response:
        return client.post(COMMENTS, json=a_comment(page), headers=headers)

    one, two = at_once([post, post])
    assert (one.status_code, two.status_code) == (202, 202), (one.text, two.text)
    assert one.json() == two.json()
    assert [item["id"] for item in everything_on(client, moderator, page)] == [one.json()["id"]]


def test_two_threads_at_once_leave_one_enquiry(client: httpx.Client, admissions: Auth) -> None:
    body, key = an_enquiry(), a_key()

    def post() -> httpx.Response:
        return client.post(ENQUIRIES, json=body, headers=key)

    one, two = at_once([post, post])
    assert (one.status_code, two.status_code) == (202, 202), (one.text, two.text)
    assert one.json() == two.json()
    listed = [*inbox(client, admissions, status="new"), *inbox(client, admissions, status="spam")]
    assert [item["email"] for item in listed].count(body["email"]) == 1


def test_same_enquiry_twice_is_one_enquiry(client: httpx.Client) -> None:
    body = an_enquiry()
    answers = [client.post(ENQUIRIES, json=body).json() for _ in range(2)]
    assert answers[0] == answers[1]


def test_enquiries_of_two_people_are_two(client: httpx.Client) -> None:
    bodies = [an_enquiry(message="Please help."), an_enquiry(message="Please help.")]
    references = {client.post(ENQUIRIES, json=body).json()["reference"] for body in bodies}
    assert len(references) == 2


@pytest.mark.parametrize("key", [b"", b"x" * 256, "é".encode("latin-1"), b"a b"], ids=ascii)
def test_key_that_breaks_its_rule_is_refused(client: httpx.Client, key: Any) -> None:
    # Which error a bad header is, the contract does not say. A space is not visible.
    response = client.post(COMMENTS, json=a_comment(a_page()), headers={"Idempotency-Key": key})
    assert response.status_code in {400, 422}, response.text


def test_key_may_have_255_visible_characters(client: httpx.Client) -> None:
    key = (uuid4().hex + "!~\"',;:" + "x" * 255)[:255]
    response = client.post(COMMENTS, json=a_comment(a_page()), headers={"Idempotency-Key": key})
    assert response.status_code == 202, response.text
