"""What visitors and moderators do while things fail: they try again, as people and their browsers do."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tests.acts import COMMENT, ENQUIRY, PAGE
from tests.faults.world import World
from tests.stack import Reply

_MOST_TRIES = 30


@dataclass(frozen=True)
class Accepted:
    """A submission that got a 2xx: where it must be stored, and who must get mail about it."""

    logical_id: str
    id: str
    at: datetime
    recipients: frozenset[str]


@dataclass
class Told:
    """What came of a story. `wrong` holds the answers that nobody should get."""

    accepted: list[Accepted] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Story:
    """Faults strike in `tell`, not in `prepare`. `world` has settings of the World that it is told in."""

    name: str
    tell: Callable[[World, Told], None]
    prepare: Callable[[World, Told], None] = lambda _world, _told: None
    world: dict[str, Any] = field(default_factory=dict)


def insist(world: World, told: Told, method: str, path: str, body: Any, **more: Any) -> Reply:
    """Try until it is taken, with the same key; the rest of the system goes on meanwhile."""
    for _ in range(_MOST_TRIES):
        reply = world.request(method, path, body, **more)
        if reply is not None and reply.status < 300:
            return reply
        if reply is not None and reply.status != 503:
            told.wrong.append(f"{method} {path} was answered {reply.status}")
        world.pass_time()
    raise TimeoutError(f"{method} {path} is never taken")


def comment(world: World, told: Told, message: str = "Ninety days today.") -> str:
    body = COMMENT | {"message": message}
    reply = insist(
        world, told, "POST", "/v1/comments", body, idempotency_key=f"key-of-{message.replace(' ', '-')}"
    )
    told.accepted.append(
        Accepted("CommentsTable", reply.json["id"], world.now, frozenset(["mod@example.org"]))
    )
    return str(reply.json["id"])


def one_comment(world: World, told: Told) -> None:
    comment(world, told)


def enquiry(world: World, told: Told) -> None:
    body = ENQUIRY | {"topic": "family"}
    reply = insist(world, told, "POST", "/v1/enquiries", body, idempotency_key="key-of-the-enquiry")
    recipients = frozenset(["fam@example.org", "adm@example.org", ENQUIRY["email"]])
    told.accepted.append(Accepted("EnquiriesTable", reply.json["reference"], world.now, recipients))


def decide(world: World, told: Told, comment_id: str, status: str) -> None:
    """A moderator reads, decides, and looks again where no answer came."""
    path = f"/v1/staff/comments/{comment_id}"
    for _ in range(_MOST_TRIES):
        known = insist(world, told, "GET", path, None, role="moderator").json
        if known["status"] == status:
            return
        etag = f'"{known["revision"]}"'
        reply = world.request("PATCH", path, {"status": status}, role="moderator", if_match=etag)
        # 412 is what a write that took effect before its time-out looks like on the second try.
        if reply is not None and reply.status not in (200, 412, 503):
            told.wrong.append(f"PATCH {path} was answered {reply.status}")
        if reply is not None and reply.status == 200:
            return
        world.pass_time()
    raise TimeoutError("the decision is never taken")


def asked_for_mail(world: World, told: Told) -> None:
    body = COMMENT | {"notify": True}
    reply = insist(world, told, "POST", "/v1/comments", body, idempotency_key="key-of-the-author")
    who = frozenset(["mod@example.org"])
    told.accepted.append(Accepted("CommentsTable", reply.json["id"], world.now, who))
    world.settle()


def publishing(world: World, told: Told) -> None:
    [comment] = told.accepted
    decide(world, told, comment.id, "approved")
    told.accepted.append(replace(comment, at=world.now, recipients=frozenset([COMMENT["email"]])))


def two_comments(world: World, told: Told) -> None:
    comment(world, told, "The first.")
    comment(world, told, "The second.")
    world.settle()


def decisions(world: World, told: Told) -> None:
    first, second = (accepted.id for accepted in told.accepted)
    decide(world, told, first, "approved")
    decide(world, told, second, "approved")
    decide(world, told, first, "rejected")
    thread = insist(world, told, "GET", "/v1/comments", None, query={"page": PAGE}).json
    counts = insist(world, told, "POST", "/v1/comments/counts", {"pages": [PAGE]}).json["counts"]
    if ([c["id"] for c in thread["comments"]], thread["count"], counts[PAGE]) != ([second], 1, 1):
        told.wrong.append(f"the page shows {len(thread['comments'])}, counts {thread['count']} and {counts}")


STORIES = {
    story.name: story
    for story in (
        Story("a comment", one_comment),
        Story(
            "an enquiry, reports out of order",
            enquiry,
            # Twice each, the last first, and all of it before SES has answered.
            world={"reports": ("Delivery", "Send", "Delivery", "Send"), "overtaking": True},
        ),
        Story("a comment, no reports", one_comment, world={"reports": ()}),
        Story("decisions", decisions, prepare=two_comments),
        Story("an author who asked", publishing, prepare=asked_for_mail),
    )
}
