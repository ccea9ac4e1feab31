"""What staff may do, and what only some of them may."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from .stories import (
    PUBLIC_COMMENT_KEYS,
    STAFF_COMMENTS,
    STAFF_ENQUIRIES,
    Auth,
    a_page,
    answer,
    approve,
    counts,
    decide,
    for_staff,
    inbox,
    only_comment,
    patch_comment,
    post_comment,
    post_enquiry,
    problem,
    publish_comment,
    queue,
    reject,
    thread,
    walk,
)

pytestmark = pytest.mark.journey


# ---- roles


def test_moderator_cannot_read_enquiries(client: httpx.Client, moderator: Auth) -> None:
    reference = post_enquiry(client)["reference"]
    problem(client.get(STAFF_ENQUIRIES, headers=moderator), 403, "forbidden")
    problem(client.get(f"{STAFF_ENQUIRIES}/{reference}", headers=moderator), 403, "forbidden")


def test_admissions_cannot_read_or_decide_comments(client: httpx.Client, admissions: Auth) -> None:
    comment_id = post_comment(client, a_page())["id"]
    problem(client.get(STAFF_COMMENTS, headers=admissions), 403, "forbidden")
    problem(client.get(f"{STAFF_COMMENTS}/{comment_id}", headers=admissions), 403, "forbidden")
    problem(patch_comment(client, admissions, comment_id, 1, status="approved"), 403, "forbidden")


def test_admin_reads_both(client: httpx.Client, admin: Auth) -> None:
    page = a_page()
    comment_id = post_comment(client, page)["id"]
    reference = post_enquiry(client)["reference"]
    assert [item["id"] for item in queue(client, admin, page=page)] == [comment_id]
    assert reference in {item["reference"] for item in inbox(client, admin, status="new")}


@pytest.mark.parametrize("path", [STAFF_COMMENTS, STAFF_ENQUIRIES, "/v1/staff/tokens"])
def test_private_answers_are_not_cached(client: httpx.Client, admin: Auth, path: str) -> None:
    # Silent in the contract; RFC 9111 lets a browser keep what does not say otherwise.
    assert "no-store" in client.get(path, headers=admin).headers["cache-control"]


# ---- decisions


def test_list_is_filtered_by_status(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    ids = {
        status: post_comment(client, page, message=f"To be {status}.")["id"]
        for status in ("pending", "approved", "rejected", "spam")
    }
    for status, comment_id in ids.items():
        if status != "pending":
            decide(client, moderator, comment_id, status=status)
    for status, comment_id in ids.items():
        assert [item["id"] for item in queue(client, moderator, page=page, status=status)] == [comment_id]
    assert [item["id"] for item in queue(client, moderator, page=page)] == [ids["pending"]]


def test_approved_then_rejected_is_hidden_again_and_count_falls(
    client: httpx.Client, moderator: Auth
) -> None:
    page = a_page()
    kept = publish_comment(client, moderator, page)
    taken_back = publish_comment(client, moderator, page, message="Later regretted.")
    assert counts(client, [page]) == {page: 2}
    reject(client, moderator, taken_back)
    assert only_comment(client, page)["id"] == kept
    assert counts(client, [page]) == {page: 1}
    approve(client, moderator, taken_back)
    assert counts(client, [page]) == {page: 2}
    assert thread(client, page)["count"] == 2


@pytest.mark.parametrize("status", ["rejected", "spam"])
def test_count_is_not_touched_by_what_was_never_shown(
    client: httpx.Client, moderator: Auth, status: str
) -> None:
    page = a_page()
    comment_id = post_comment(client, page)["id"]
    decide(client, moderator, comment_id, status=status)
    decide(client, moderator, comment_id, status="pending")
    assert counts(client, [page]) == {page: 0}


def test_spam_can_be_brought_back(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    comment_id = post_comment(client, page, website="https://example.org")["id"]
    assert for_staff(client, moderator, comment_id)["status"] == "spam"
    approve(client, moderator, comment_id)
    assert only_comment(client, page)["id"] == comment_id


def test_redaction_changes_what_is_shown_and_keeps_the_original(
    client: httpx.Client, moderator: Auth
) -> None:
    page = a_page()
    written = "My counsellor Ann Smith <3 is wonderful."
    comment_id = publish_comment(client, moderator, page, message=written)
    decide(client, moderator, comment_id, text="My counsellor <3 is wonderful.")
    shown = only_comment(client, page)
    assert set(shown) == PUBLIC_COMMENT_KEYS
    assert shown["text"] == "My counsellor <3 is wonderful."
    assert "Ann" not in str(shown)
    item = for_staff(client, moderator, comment_id)
    assert (item["text"], item["original_text"]) == (shown["text"], written)
    assert item["status"] == "approved"
    assert counts(client, [page]) == {page: 1}


def test_comment_can_be_redacted_and_approved_in_one_go(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    comment_id = post_comment(client, page, message="Call me on 555 0100.")["id"]
    decide(client, moderator, comment_id, status="approved", text="Call me.", reason="A phone number.")
    assert only_comment(client, page)["text"] == "Call me."


def test_history_tells_who_did_what(client: httpx.Client, moderator: Auth) -> None:
    comment_id = publish_comment(client, moderator, a_page())
    reject(client, moderator, comment_id)
    history = for_staff(client, moderator, comment_id)["history"]
    assert all({"at", "actor", "action", "from", "to", "reason"} <= set(entry) for entry in history)
    # Reads are told too, as is the arrival perhaps; of interest here is what changed.
    moves = [(entry["from"], entry["to"]) for entry in sorted(history, key=lambda entry: entry["at"])]
    assert [move for move in moves if all(move)] == [("pending", "approved"), ("approved", "rejected")]


# ---- revisions


def test_etag_is_the_revision(client: httpx.Client, moderator: Auth) -> None:
    comment_id = post_comment(client, a_page())["id"]
    response = client.get(f"{STAFF_COMMENTS}/{comment_id}", headers=moderator)
    etag = response.headers["etag"]
    assert etag == f'"{answer(response)["revision"]}"'
    patched = client.patch(
        f"{STAFF_COMMENTS}/{comment_id}", headers={**moderator, "If-Match": etag}, json={"status": "approved"}
    )
    assert patched.status_code == 200, patched.text
    assert patched.headers["etag"] == f'"{answer(patched)["revision"]}"' != etag


@pytest.mark.parametrize("if_match", ['"0"', '"999999"', "nonsense", '""', '"x", "y"'])
def test_if_match_that_names_another_revision_is_stale(
    client: httpx.Client, moderator: Auth, if_match: str
) -> None:
    comment_id = post_comment(client, a_page())["id"]
    response = client.patch(
        f"{STAFF_COMMENTS}/{comment_id}", headers={**moderator, "If-Match": if_match}, json={"status": "spam"}
    )
    problem(response, 412, "stale_revision")


def test_of_two_approvals_at_once_exactly_one_succeeds(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    comment_id = post_comment(client, page)["id"]
    revision = for_staff(client, moderator, comment_id)["revision"]
    barrier = Barrier(2)

    def attempt(_: int) -> int:
        barrier.wait()
        return patch_comment(client, moderator, comment_id, revision, status="approved").status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, range(2))) == [200, 412]
    assert counts(client, [page]) == {page: 1}


# ---- order


def test_pending_list_goes_oldest_or_newest_first(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    ids = [post_comment(client, page, message=f"Day {day}")["id"] for day in range(5)]
    assert [item["id"] for item in queue(client, moderator, page=page)] == ids
    assert [item["id"] for item in queue(client, moderator, page=page, order="newest")] == ids[::-1]


@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_cursors_walk_the_pending_list_once(client: httpx.Client, moderator: Auth, order: str) -> None:
    page = a_page()
    ids = {post_comment(client, page, message=f"Day {day}")["id"] for day in range(7)}
    answers = list(walk(client, STAFF_COMMENTS, "comments", moderator, page=page, limit=3, order=order))
    walked = [item["id"] for one in answers for item in one["comments"]]
    assert len(walked) == 7
    assert set(walked) == ids


def test_pending_cursor_is_bound_to_its_list(client: httpx.Client, moderator: Auth, admin: Auth) -> None:
    page = a_page()
    for day in range(3):
        post_comment(client, page, message=f"Day {day}")

    def ask(**query: str | int) -> httpx.Response:
        return client.get(STAFF_COMMENTS, headers=moderator, params={"limit": 1, "page": page, **query})

    cursor = ask().json()["next_cursor"]
    assert ask(cursor=cursor).status_code == 200
    refused: list[Callable[[], httpx.Response]] = [
        lambda: ask(cursor=cursor, order="newest"),
        lambda: ask(cursor=cursor, status="spam"),
        lambda: ask(cursor=cursor[::-1]),
        lambda: client.get(STAFF_ENQUIRIES, headers=admin, params={"cursor": cursor}),
    ]
    for attempt in refused:
        problem(attempt(), 400, "bad_cursor")
