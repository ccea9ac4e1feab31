"""What a thief gets (`make leak-check`): canaries in, through HTTP, in every field of every route; then
everything that the stack keeps, sends, logs or answers is searched for them.

Only the public fields of approved comments may be found, and only where a page is read from.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import Stack, log_of, start
from tests.journeys.stories import (
    COMMENTS,
    ENQUIRIES,
    STAFF_COMMENTS,
    STAFF_ENQUIRIES,
    STAFF_PEOPLE,
    Auth,
    decision_link,
    mails,
    until,
)

from . import evidence
from .canaries import Canaries

pytestmark = pytest.mark.journey

PAGE = "/leaks"
# Approved, redacted, answered; two answers of staff; the stub of what was erased.
SHOWN = 6
MAY_HOLD_PUBLISHED = ("table comments.public_json", "answer")


@dataclass
class Scene:
    """A stack after everybody has been there: what was typed, and what was answered to whom."""

    stack: Stack
    canaries: Canaries
    answers: list[tuple[str, str]] = field(default_factory=list)
    mailed_about: int = 0
    links: list[str] = field(default_factory=list)

    def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """A request as a visitor: whatever comes back is evidence, headers and all."""
        headers = {
            "X-Forwarded-For": self.canaries.word("X-Forwarded-For"),
            "User-Agent": self.canaries.word("User-Agent"),
            "Referer": f"https://x.example/{self.canaries.word('Referer')}",
            "Cookie": f"a={self.canaries.word('Cookie')}",
            **request.pop("headers", {}),
        }
        with self.stack.client() as client:
            response = client.request(method, path, headers=headers, **request)
        told = evidence.spell_out(response.content) + json.dumps(dict(response.headers))
        self.answers.append((f"answer {method} {path.partition('?')[0]} {response.status_code}", told))
        return response

    def comment(self, kind: str, *, published: bool = False, **fields: Any) -> dict[str, Any]:
        word = self.canaries.word
        return {
            "page": PAGE,
            "name": word(f"{kind} comment name", published=published),
            "email": self.canaries.address(f"{kind} comment email", mailed=kind in ("approved", "redacted")),
            "message": f"<b>{word(f'{kind} comment message', published=published)}</b>",
            **fields,
        }

    def enquiry(self, kind: str, **fields: Any) -> dict[str, Any]:
        word = self.canaries.word
        return {
            "name": word(f"{kind} enquiry name"),
            "email": self.canaries.address(f"{kind} enquiry email"),
            "message": word(f"{kind} enquiry message"),
            "phone": word(f"{kind} enquiry phone"),
            "contact_by": ["voicemail"],
            "page": f"{PAGE}/{word(f'{kind} enquiry page')}",
            **fields,
        }


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOG_LEVEL", "DEBUG")
        stack = start(tmp_path_factory.mktemp("leaks") / "data")
    scene = Scene(stack, Canaries())
    play(scene)
    yield scene
    assert stack.stop() == 0


def play(scene: Scene) -> None:
    moderator, admissions = scene.stack.auth("moderator"), scene.stack.auth("admissions")
    post_comments(scene, moderator)
    answer_and_erase(scene, moderator)
    post_enquiries(scene, admissions)
    hand_over_and_erase(scene, moderator, scene.stack.auth("admin"))
    send_nonsense(scene)
    read_everything(scene)
    # The mail side is part of it: everything has been mailed about.
    until(lambda: len(mails(scene.stack.client())) >= scene.mailed_about)


def post_comments(scene: Scene, moderator: Auth) -> None:
    for status in ("approved", "redacted", "pending", "rejected", "spam"):
        sent = scene.comment(status, published=status == "approved", notify=True)
        key = {"Idempotency-Key": scene.canaries.word("Idempotency-Key")}
        response = scene.call("POST", COMMENTS, json=sent, headers=key)
        assert response.status_code == 202
        # Staff are told of each that is no spam; an author of a published one is told too.
        scene.mailed_about += (status != "spam") + (status in ("approved", "redacted"))
        decide(scene, moderator, response.json()["id"], status)
    form = scene.comment("form", unknown=scene.canaries.word("unknown form field"))
    assert scene.call("POST", COMMENTS, data=form).status_code == 200
    scene.mailed_about += 1
    trapped = scene.comment("honeypot", website=scene.canaries.word("website"))
    assert scene.call("POST", COMMENTS, json=trapped).status_code == 202


def decide(scene: Scene, moderator: Auth, comment_id: str, status: str) -> None:
    change: dict[str, Any] = {"status": status}
    if status == "redacted":
        change = {"status": "approved", "text": "Redacted by us."}
        # The name is shown even where the text is not.
        for word, origin in scene.canaries.origins.items():
            if origin == "redacted comment name":
                scene.canaries.published.add(word)
    if status == "rejected":
        decide_by_link(scene, comment_id, status)
    elif status != "pending":
        with scene.stack.client() as client:
            path = f"{STAFF_COMMENTS}/{comment_id}"
            headers = {**moderator, "If-Match": '"1"'}
            assert client.patch(path, json=change, headers=headers).status_code == 200
            assert client.get(path, headers=moderator).status_code == 200


def answer_and_erase(scene: Scene, moderator: Auth) -> None:
    """Staff answer one comment, and erase another whose answer stays."""
    word = scene.canaries.word
    ids = []
    for kind in ("answered", "erased"):
        # What is erased was public for a moment, and must be nowhere when the tables are looked into.
        sent = scene.comment(kind, published=kind == "answered")
        response = scene.call("POST", COMMENTS, json=sent)
        assert response.status_code == 202
        # What is erased at once may be gone before its mail is made.
        scene.mailed_about += kind == "answered"
        ids.append(response.json()["id"])
        decide(scene, moderator, ids[-1], "approved")
    with scene.stack.client() as client:
        for comment_id in ids:
            body = {
                "message": word("staff answer", published=True),
                "name": word("staff name", published=True),
            }
            path = f"{STAFF_COMMENTS}/{comment_id}/reply"
            assert client.post(path, json=body, headers=moderator).status_code == 201
        assert client.delete(f"{STAFF_COMMENTS}/{ids[1]}", headers=moderator).status_code == 204


def decide_by_link(scene: Scene, comment_id: str, status: str) -> None:
    path = decision_link(scene.stack.folder, comment_id)
    scene.links.append(path.rpartition("/")[2])
    with scene.stack.client() as client:
        assert client.get(path).status_code == 200
        assert client.post(path, data={"status": status}).status_code == 200
    # What follows is refused, and seen by whoever tries: evidence like any other.
    assert scene.call("GET", path).status_code == 409
    assert scene.call("POST", path, data={"status": scene.canaries.word("status")}).status_code == 422
    assert scene.call("GET", f"{path}{scene.canaries.word('forged link')}").status_code == 404


def post_enquiries(scene: Scene, admissions: Auth) -> None:
    assert scene.call("POST", ENQUIRIES, json=scene.enquiry("first")).status_code == 202
    scene.mailed_about += 1
    spam = scene.enquiry("spam", website=scene.canaries.word("website"))
    assert scene.call("POST", ENQUIRIES, json=spam).status_code == 202
    with scene.stack.client() as client:
        [listed] = client.get(STAFF_ENQUIRIES, headers=admissions).json()["enquiries"]
        path = f"{STAFF_ENQUIRIES}/{listed['reference']}"
        client.get(path, headers=admissions)
        change = {
            "note": scene.canaries.word("staff note"),
            "assignee": scene.canaries.word("assignee"),
            "status": "in_progress",
        }
        sent = client.patch(path, json=change, headers={**admissions, "If-Match": '"1"'})
        assert sent.status_code == 200


def hand_over_and_erase(scene: Scene, moderator: Auth, admin: Auth) -> None:
    """Somebody who was in public with one thing, and in private with another: found, handed over, erased."""
    email = scene.canaries.address("person's email")
    sent = scene.comment("person's", email=email)
    response = scene.call("POST", COMMENTS, json=sent)
    assert response.status_code == 202
    decide(scene, moderator, response.json()["id"], "approved")
    assert scene.call("POST", ENQUIRIES, json=scene.enquiry("person's", email=email)).status_code == 202
    with scene.stack.client() as client:
        for act in ("export", "erase"):
            body = {"email": email.upper()}
            done = client.post(f"{STAFF_PEOPLE}/{act}", json=body, headers=admin)
            assert done.status_code == 200
            if act == "export":
                assert email in done.text
            else:
                assert [done.json()["erased"][kind] for kind in ("comments", "enquiries")] == [1, 1]
    for act in ("export", "erase"):
        path, word = f"{STAFF_PEOPLE}/{act}", scene.canaries.word
        asked = {"email": scene.canaries.address(f"{act} without a credential")}
        assert scene.call("POST", path, json=asked).status_code == 401
        for body in (
            {"email": word(f"{act} bad email")},
            {"email": email, "cursor": word(f"{act} cursor")},
            {"email": scene.canaries.address(f"{act} email"), "unknown": word(f"{act} unknown field")},
        ):
            assert scene.call("POST", path, json=body, headers=admin).status_code in (400, 422)
        unknown = {"email": scene.canaries.address(f"{act} of nobody")}
        assert scene.call("POST", path, json=unknown, headers=admin).status_code == 200


def send_nonsense(scene: Scene) -> None:
    """What is refused is as private as what is taken."""
    word = scene.canaries.word
    for route, make in ((COMMENTS, scene.comment), (ENQUIRIES, scene.enquiry)):
        bad = make("refused", email=word("refused email"), website=[word("refused website")])
        assert scene.call("POST", route, json=bad).status_code == 422
        for broken in (f'{{"name": "{word("broken json")}"', f'["{word("json array")}"]'):
            sent = {"Content-Type": "application/json"}
            assert scene.call("POST", route, content=broken, headers=sent).status_code == 400
        other = {"Content-Type": "text/plain"}
        assert scene.call("POST", route, content=word("text/plain"), headers=other).status_code == 415
        assert scene.call("POST", route, content=word("big") * 3000, headers=other).status_code in (413, 415)
        key = {"Idempotency-Key": f"{word('bad key')} é".encode("latin-1")}
        assert scene.call("POST", route, json=make("bad key"), headers=key).status_code == 422
    for path in (COMMENTS, "/v1/form", STAFF_COMMENTS, f"/{word('unknown path')}"):
        query = {
            name: word(f"query {name}") for name in ("page", "limit", "cursor", "order", "kind", "email")
        }
        signed = {"Authorization": f"Bearer {word('token')}"}
        assert scene.call("GET", path, params=query, headers=signed).status_code >= 400


def read_everything(scene: Scene) -> None:
    for order in ("oldest", "newest"):
        shown = scene.call("GET", COMMENTS, params={"page": PAGE, "order": order})
        assert shown.json()["count"] == SHOWN
        again = {"If-None-Match": shown.headers["etag"]}
        unchanged = scene.call("GET", COMMENTS, params={"page": PAGE, "order": order}, headers=again)
        assert unchanged.status_code == 304
    for path in ("/demo", "/console", "/privacy", "/openapi.json", "/healthz", "/v1/form?kind=comment"):
        assert scene.call("GET", path).status_code == 200
    assert scene.call("GET", "/v1/comments.atom", params={"page": PAGE}).status_code == 200
    assert scene.call("POST", "/v1/comments/counts", json={"pages": [PAGE]}).json() == {
        "counts": {PAGE: SHOWN}
    }


def everything(scene: Scene) -> Iterator[tuple[str, str]]:
    folder: Path = scene.stack.folder
    endpoint = json.loads((folder / "ready.json").read_text())["emulator"]
    yield from evidence.tables(endpoint)
    yield from evidence.streams(endpoint)
    yield from evidence.queues(endpoint)
    yield from evidence.mails(folder / "mail")
    yield from evidence.logs(log_of(folder), folder / "emulator.log")
    yield from scene.answers


def test_only_what_was_published_is_found(scene: Scene) -> None:
    leaks = set()
    seen: set[str] = set()
    places: set[str] = set()
    for place, text in everything(scene):
        places.add(place.split()[0])
        found = scene.canaries.found_in(text)
        seen |= found
        allowed = scene.canaries.published if place.startswith(MAY_HOLD_PUBLISHED) else set()
        # To whom it went is on the mail; nowhere else.
        allowed = allowed | (scene.canaries.mailed if place.startswith("mail") else set())
        leaks |= {f"{scene.canaries.origins[word]} in {place}" for word in found - allowed}
    assert not leaks, "\n".join(sorted(leaks))
    # The search can find: what was published is there, and every kind of place was looked into.
    assert seen == scene.canaries.published | scene.canaries.mailed
    assert places >= {"table", "stream", "mail", "log", "answer"}


def test_no_log_holds_a_decision_link(scene: Scene) -> None:
    """It is a credential."""
    [token] = scene.links
    folder = scene.stack.folder
    for log in (log_of(folder), folder / "emulator.log"):
        text = log.read_text(errors="replace")
        assert not [part for part in token.split(".") if part in text]
    assert "POST /moderate/{token}" in log_of(folder).read_text()


def test_logs_were_searched_at_debug(scene: Scene) -> None:
    """Else the search of the logs proves nothing."""
    log = log_of(scene.stack.folder).read_text()
    assert "DEBUG" in log
    assert "POST /v1/comments" in log
