"""Answering, erasing, closing, working on enquiries, looking back: over HTTP, through the whole stack."""

import httpx
import pytest

from .stories import (
    ENQUIRY_KEYS,
    PUBLIC_COMMENT_KEYS,
    STAFF_COMMENT_KEYS,
    STAFF_COMMENTS,
    STAFF_ENQUIRIES,
    Auth,
    Json,
    a_comment,
    a_page,
    answer,
    counts,
    for_staff,
    inbox,
    post_comment,
    post_enquiry,
    problem,
    publish_comment,
    queue,
    thread,
    walk,
)

pytestmark = pytest.mark.journey

PAGES = "/v1/staff/pages"
AUDIT = "/v1/staff/audit"
STATS = "/v1/staff/stats"
BULK = f"{STAFF_COMMENTS}/bulk"


# ---- answers and erasing


def test_visitor_reads_the_answer_of_staff(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    parent = publish_comment(client, moderator, page)
    made = client.post(
        f"{STAFF_COMMENTS}/{parent}/reply", headers=moderator, json={"message": "Welcome.", "name": "Ada"}
    )
    assert made.status_code == 201, made.text
    assert set(made.json()) >= STAFF_COMMENT_KEYS
    assert client.get(made.headers["location"], headers=moderator).json()["id"] == made.json()["id"]
    _, shown = thread(client, page)["comments"]
    assert set(shown) == PUBLIC_COMMENT_KEYS
    assert (shown["parent_id"], shown["name"], shown["staff"]) == (parent, "Ada", True)
    assert counts(client, [page]) == {page: 2}


def test_erased_comment_leaves_a_stub_while_it_has_answers(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    parent = publish_comment(client, moderator, page, name="Marigold", message="An ibis in the marsh.")
    child = publish_comment(client, moderator, page, parent_id=parent, message="Me too.")
    erased = client.delete(f"{STAFF_COMMENTS}/{parent}", headers=moderator)
    assert (erased.status_code, erased.content) == (204, b"")
    shown = thread(client, page)
    assert [c["id"] for c in shown["comments"]] == [parent, child]
    assert set(shown["comments"][0]) == PUBLIC_COMMENT_KEYS
    assert "ibis" not in str(shown)
    assert "Marigold" not in str(shown)
    problem(client.get(f"{STAFF_COMMENTS}/{parent}", headers=moderator), 404, "not_found")
    assert client.delete(f"{STAFF_COMMENTS}/{child}", headers=moderator).status_code == 204
    assert thread(client, page)["comments"] == []
    assert counts(client, [page]) == {page: 0}


def test_many_are_decided_on_at_once(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    ids = [post_comment(client, page, message=f"Day {day}")["id"] for day in range(3)]
    decisions: list[Json] = [{"id": i, "revision": 1, "status": "approved"} for i in ids]
    decisions[1]["revision"] = 7
    response = client.post(BULK, headers=moderator, json={"decisions": decisions})
    assert answer(response) == {
        "results": [
            {"id": ids[0], "status": 200, "code": None, "revision": 2},
            {"id": ids[1], "status": 412, "code": "stale_revision", "revision": None},
            {"id": ids[2], "status": 200, "code": None, "revision": 2},
        ]
    }
    assert [c["id"] for c in thread(client, page)["comments"]] == [ids[0], ids[2]]


# ---- pages


def test_closed_page_takes_no_comments(client: httpx.Client, moderator: Auth, site: str) -> None:
    page = a_page()
    comment_id = publish_comment(client, moderator, page)
    shown = client.get(PAGES, headers=moderator, params={"page": page})
    assert answer(shown) == {"page": f"{site}{page}", "closed": False, "count": 1}
    closed = client.patch(PAGES, headers=moderator, params={"page": page}, json={"closed": True})
    assert answer(closed)["closed"] is True
    problem(client.post("/v1/comments", json=a_comment(page, message="Late.")), 409, "page_closed")
    path = f"{STAFF_COMMENTS}/{comment_id}/reply"
    assert client.post(path, headers=moderator, json={"message": "Closed now."}).status_code == 201
    client.patch(PAGES, headers=moderator, params={"page": page}, json={"closed": False})
    post_comment(client, page, message="Late.")


# ---- enquiries


def test_admissions_work_on_an_enquiry(client: httpx.Client, admissions: Auth) -> None:
    reference = post_enquiry(client)["reference"]
    path = f"{STAFF_ENQUIRIES}/{reference}"
    first = client.get(path, headers=admissions)
    change = {"status": "in_progress", "assignee": "Kim", "note": "Called back."}
    problem(client.patch(path, headers=admissions, json=change), 428, "revision_required")
    headers = {**admissions, "If-Match": first.headers["etag"]}
    changed = client.patch(path, headers=headers, json=change)
    item = answer(changed)
    assert set(item) >= ENQUIRY_KEYS
    assert (item["status"], item["assignee"], item["notes"][0]["text"]) == (
        "in_progress",
        "Kim",
        "Called back.",
    )
    assert changed.headers["etag"] == f'"{item["revision"]}"'
    problem(client.patch(path, headers=headers, json=change), 412, "stale_revision")
    listed = inbox(client, admissions, status="in_progress", topic="admissions")
    assert reference in [enquiry["reference"] for enquiry in listed]
    history = client.get(path, headers=admissions).json()["history"]
    assert [h["action"] for h in history] == ["read", "decide", "assign", "note", "read"]


# ---- looking back


def test_admin_reads_who_did_what(client: httpx.Client, moderator: Auth, admin: Auth) -> None:
    comment_id = publish_comment(client, moderator, a_page())
    of_subject = [
        e for p in walk(client, AUDIT, "entries", admin, subject=comment_id, limit=1) for e in p["entries"]
    ]
    assert [e["action"] for e in of_subject] == ["decide", "read"]
    actor = of_subject[0]["actor"]
    both = client.get(AUDIT, headers=admin, params={"subject": comment_id, "actor": actor}).json()
    assert both["entries"] == of_subject
    none = client.get(AUDIT, headers=admin, params={"subject": comment_id, "actor": "token:nobody"}).json()
    assert none == {"entries": [], "next_cursor": None}
    for query in ({"actor": actor}, {}):
        seen = [e for p in walk(client, AUDIT, "entries", admin, limit=100, **query) for e in p["entries"]]
        times = [entry["at"] for entry in seen]
        assert times == sorted(times, reverse=True)
        assert all(entry in seen for entry in of_subject)
        places = [(entry["subject"], entry["sequence"]) for entry in seen]
        assert len(set(places)) == len(places)


def test_statistics_are_for_the_role_that_asks(
    client: httpx.Client, moderator: Auth, admissions: Auth, admin: Auth
) -> None:
    post_comment(client, a_page())
    shown = {
        name: answer(client.get(STATS, headers=auth))
        for name, auth in (("moderator", moderator), ("admissions", admissions), ("admin", admin))
    }
    assert shown["moderator"]["comments"]["pending"] == len(queue(client, moderator))
    assert shown["moderator"]["enquiries"] is None
    assert shown["admissions"]["comments"] is None
    assert shown["admissions"]["enquiries"]["new"] == len(inbox(client, admissions))
    # A second may have passed between the two.
    assert shown["admin"]["comments"]["approved"] == shown["moderator"]["comments"]["approved"]
    assert sum(shown["admin"]["mail"].values()) > 0


# ---- roles


def test_routes_are_for_their_roles_alone(client: httpx.Client, moderator: Auth, admissions: Auth) -> None:
    page = a_page()
    comment_id = publish_comment(client, moderator, page)
    reference = post_enquiry(client)["reference"]
    refused: list[tuple[Auth, list[tuple[str, str, Json | None]]]] = [
        (
            admissions,
            [
                ("POST", f"{STAFF_COMMENTS}/{comment_id}/reply", {"message": "x"}),
                ("DELETE", f"{STAFF_COMMENTS}/{comment_id}", None),
                ("POST", BULK, {"decisions": []}),
                ("GET", f"{PAGES}?page={page}", None),
                ("PATCH", f"{PAGES}?page={page}", {"closed": True}),
                ("GET", AUDIT, None),
            ],
        ),
        (
            moderator,
            [("PATCH", f"{STAFF_ENQUIRIES}/{reference}", {"status": "closed"}), ("GET", AUDIT, None)],
        ),
        ({}, [("GET", STATS, None), ("GET", AUDIT, None), ("POST", BULK, {"decisions": []})]),
    ]
    for role, calls in refused:
        for method, path, body in calls:
            response = client.request(method, path, headers=role, json=body)
            problem(response, 403 if role else 401, "forbidden" if role else "unauthenticated")
    assert for_staff(client, moderator, comment_id)["status"] == "approved"
