"""The words in which the journeys are told: what visitors and staff do, over HTTP."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from chalicelib.decision_links import make_decision_link
from chalicelib.privacy.hashing import Hasher
from chalicelib.privacy.keys import read_private_keys

Json = dict[str, Any]
Auth = dict[str, str]
T = TypeVar("T")

PUBLIC_COMMENT_KEYS = {"id", "parent_id", "name", "text", "html", "created_at", "staff"}
STAFF_COMMENT_KEYS = set(
    re.findall(
        r"\w+",
        "id page parent_id name email text html original_text status priority reasons score created_at "
        "decided_at decided_by notify staff revision",
    )
)
ENQUIRY_KEYS = set(
    re.findall(
        r"\w+",
        "reference status priority reasons name email phone message topic contact_by page consent_version "
        "created_at assignee notes overdue revision",
    )
)
RFC3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

COMMENTS = "/v1/comments"
ENQUIRIES = "/v1/enquiries"
STAFF_COMMENTS = "/v1/staff/comments"
STAFF_ENQUIRIES = "/v1/staff/enquiries"
STAFF_TOKENS = "/v1/staff/tokens"
STAFF_PEOPLE = "/v1/staff/people"


# ---- visitors


def a_page() -> str:
    """The path of a page that no other test knows."""
    return f"/articles/{uuid4().hex}"


def a_comment(page: str, **fields: Any) -> Json:
    return {
        "page": page,
        "name": "Robin",
        "email": "robin@example.org",
        "message": "Ninety days today, and glad of this page.",
        **fields,
    }


def an_enquiry(**fields: Any) -> Json:
    """Each call tells of another person, so that the ten-minute rule does not join two tests."""
    return {
        "name": "Sam",
        "email": f"sam.{uuid4().hex}@example.org",
        "message": "Do you have a bed next week?",
        "consent": True,
        **fields,
    }


def post_comment(client: httpx.Client, page: str, **fields: Any) -> Json:
    """Post a comment that must be accepted, and hand back the answer."""
    response = client.post(COMMENTS, json=a_comment(page, **fields))
    assert response.status_code == 202, response.text
    return answer(response)


def post_enquiry(client: httpx.Client, **fields: Any) -> Json:
    response = client.post(ENQUIRIES, json=an_enquiry(**fields))
    assert response.status_code == 202, response.text
    return answer(response)


def publish_comment(client: httpx.Client, moderator: Auth, page: str, **fields: Any) -> str:
    """Post a comment and approve it; hand back its id."""
    comment_id: str = post_comment(client, page, **fields)["id"]
    approve(client, moderator, comment_id)
    return comment_id


def thread(client: httpx.Client, page: str, **query: Any) -> Json:
    """What the page shows."""
    response = client.get(COMMENTS, params={"page": page, **query})
    assert response.status_code == 200, response.text
    return answer(response)


def only_comment(client: httpx.Client, page: str) -> Json:
    comments = thread(client, page)["comments"]
    assert len(comments) == 1, comments
    shown: Json = comments[0]
    return shown


def counts(client: httpx.Client, pages: list[str]) -> dict[str, int]:
    response = client.post(f"{COMMENTS}/counts", json={"pages": pages})
    assert response.status_code == 200, response.text
    found: dict[str, int] = response.json()["counts"]
    return found


# ---- staff


def decision_link(
    folder: Path, comment_id: str, delivery_id: str = "d1", age: timedelta = timedelta()
) -> str:
    """The path of a decision link, signed under the private key in the stack's folder."""
    hasher = Hasher(read_private_keys((folder / "keys" / "private-keys.json").read_text()))
    return f"/moderate/{make_decision_link(comment_id, 1, delivery_id, datetime.now(UTC) - age, hasher)}"


def for_staff(client: httpx.Client, moderator: Auth, comment_id: str) -> Json:
    """One comment, as a moderator reads it."""
    response = client.get(f"{STAFF_COMMENTS}/{comment_id}", headers=moderator)
    assert response.status_code == 200, response.text
    return answer(response)


def patch_comment(
    client: httpx.Client, auth: Auth, comment_id: str, revision: Any, **change: Any
) -> httpx.Response:
    headers = {**auth, "If-Match": f'"{revision}"'}
    return client.patch(f"{STAFF_COMMENTS}/{comment_id}", headers=headers, json=change)


def decide(client: httpx.Client, moderator: Auth, comment_id: str, **change: Any) -> Json:
    """Change a comment at whatever revision it has now."""
    revision = for_staff(client, moderator, comment_id)["revision"]
    response = patch_comment(client, moderator, comment_id, revision, **change)
    assert response.status_code == 200, response.text
    return answer(response)


def approve(client: httpx.Client, moderator: Auth, comment_id: str) -> Json:
    return decide(client, moderator, comment_id, status="approved")


def reject(client: httpx.Client, moderator: Auth, comment_id: str) -> Json:
    return decide(client, moderator, comment_id, status="rejected", reason="Off topic.")


def walk(client: httpx.Client, path: str, key: str, auth: Auth | None = None, **query: Any) -> Iterator[Json]:
    """Every answer of a list, from the first cursor to the last."""
    cursor: str | None = None
    for _ in range(1000):
        params = {**query, "cursor": cursor} if cursor else query
        response = client.get(path, headers=auth or {}, params=params)
        assert response.status_code == 200, response.text
        page = answer(response)
        assert isinstance(page[key], list)
        yield page
        cursor = page["next_cursor"]
        if cursor is None:
            return
    raise AssertionError(f"{path} never comes to an end")


def queue(client: httpx.Client, moderator: Auth, **query: Any) -> list[Json]:
    """The moderators' list, all of it: `queue(client, moderator, status="spam", page=page)`."""
    pages = walk(client, STAFF_COMMENTS, "comments", moderator, limit=100, **query)
    return [comment for page in pages for comment in page["comments"]]


def inbox(client: httpx.Client, admissions: Auth, **query: Any) -> list[Json]:
    pages = walk(client, STAFF_ENQUIRIES, "enquiries", admissions, limit=100, **query)
    return [enquiry for page in pages for enquiry in page["enquiries"]]


# ---- answers


def answer(response: httpx.Response) -> Json:
    assert response.headers["content-type"].split(";")[0] == "application/json"
    body = response.json()
    assert isinstance(body, dict)
    return body


def problem(response: httpx.Response, status: int, code: str) -> Json:
    """The answer is an error as the contract shapes it; hand it back."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].split(";")[0] == "application/problem+json"
    body: Json = response.json()
    assert {"type", "title", "status", "detail", "code", "errors"} <= set(body)
    assert body["status"] == status
    assert body["code"] == code, body
    for text in (body["type"], body["title"], body["detail"]):
        assert isinstance(text, str)
        assert text
    for error in body["errors"]:
        assert set(error) >= {"field", "code", "message"}
        assert all(isinstance(error[key], str) and error[key] for key in ("field", "code", "message"))
    assert "Traceback" not in response.text
    return body


def bad_fields(response: httpx.Response) -> set[str]:
    """The fields that a 422 names; `contact_by.0` counts as `contact_by`."""
    errors = problem(response, 422, "invalid_fields")["errors"]
    return {re.split(r"[.\[]", error["field"])[0] for error in errors}


def until(condition: Callable[[], T | None], seconds: float = 15) -> T:
    """Poll until the condition gives something; the deadline is for failures only."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"nothing came within {seconds} s")


# ---- mail


@dataclass(frozen=True)
class Mail:
    subject: str
    recipients: str
    body: str
    """Text and HTML parts, decoded, and every header."""


def read_mail(entry: Json) -> Mail:
    message = message_from_bytes(entry["raw"].encode(), policy=policy.default)
    parts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    headers = [f"{name}: {value}" for name, value in message.items()]
    return Mail(subject=str(message["Subject"]), recipients=str(entry["to"]), body="\n".join(headers + parts))


def mails(client: httpx.Client) -> list[Mail]:
    """The local mailbox, newest first."""
    response = client.get("/_local/mailbox", params={"format": "json"})
    assert response.status_code == 200, response.text
    return [read_mail(entry) for entry in response.json()["messages"]]
