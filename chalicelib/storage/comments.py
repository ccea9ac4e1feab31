"""The comments table.

Key: comment_id.

| access | index | key | who |
|---|---|---|---|
| add a comment; check a neighbouring id | table | comment_id | public |
| a page's thread, and how many it has: threads.py | approved-by-page | approved_page, position | public |
| the moderators' queue and other statuses | by-status | status, queue_position | staff |
| one page's comments of one status | by-page | page_id, page_position | staff |
| one author's comments | by-author | author_hmac, position | staff |
| a reason found after it came, while no moderator has acted on it | table | comment_id | mail |
| what an answer changes above it; what stays of an erased comment: stubs.py | table | comment_id | staff |
| how many approved comments each author has: approvals.py | table | comment_id | public, staff |

What the author typed is sealed as a whole; of an approved comment, the public fields stand beside it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.comments import Comment
from chalicelib.errors import AlreadySubmitted, NotFound, StaleRevision
from chalicelib.judgement.reasons import Reason
from chalicelib.judgement.taught import Taught, read_taught
from chalicelib.people import Trace
from chalicelib.storage.dynamodb import (
    Count,
    Database,
    Found,
    Item,
    Write,
    make_update,
    to_attributes,
    values,
)
from chalicelib.storage.people import find_traces
from chalicelib.storage.queues import Key, find_oldest, list_newest_first, ranked
from chalicelib.storage.replays import check_neighbour, check_request
from chalicelib.storage.resealing import Hashed, Renewal, reseal
from chalicelib.storage.seal import UNREADABLE, Seal, Unreadable
from chalicelib.submissions import Identity
from chalicelib.times import from_text, to_text

BY_STATUS = "by-status"
BY_PAGE_AND_STATUS = "by-page"
BY_AUTHOR = "by-author"


@dataclass(frozen=True)
class CommentPage:
    comments: list[Comment]
    next_key: dict[str, Any] | None


class CommentsTable:
    def __init__(self, database: Database, name: str, spam_retention: timedelta, seal: Seal) -> None:
        self._database = database
        self._name = name
        self._spam_retention = spam_retention
        self._seal = seal

    def put_new(self, comment: Comment) -> Write:
        put = {
            "Item": to_attributes(self._to_item(comment)),
            "ConditionExpression": "attribute_not_exists(comment_id)",
        }
        return self._write("Put", put, AlreadySubmitted(comment.id))

    def check_neighbour(self, neighbour: str, identity: Identity) -> Write:
        return check_neighbour(self._name, {"comment_id": neighbour}, identity)

    def check_there(self, comment_id: str, refusal: Exception) -> Write:
        """It is there, and has not been erased."""
        check = {
            "Key": to_attributes({"comment_id": comment_id}),
            "ConditionExpression": "attribute_exists(letter_sealed)",
        }
        return self._write("ConditionCheck", check, refusal)

    def check_request(self, comment_id: str, request_hash: str, refusal: Exception) -> Write:
        return check_request(self._name, {"comment_id": comment_id}, request_hash, refusal)

    def replace(self, before: Comment, after: Comment) -> Write:
        """Everything of `after`. How many answers it has is not touched: they come and go by themselves."""
        item = {"expires_at": None, **self._to_item(after)}
        del item["comment_id"]
        update = make_update(
            self._name, {"comment_id": before.id}, item, "revision = :seen", seen=before.revision
        )
        return Write({"Update": update}, StaleRevision())

    def mark_taught(self, comment: Comment, taught: Taught) -> Write:
        """Its lesson was learnt, no more. The refusal says that it was decided on, or learnt, meanwhile."""
        update = make_update(
            self._name,
            {"comment_id": comment.id},
            {"taught": str(taught)},
            # NOT, for a comparison with what is not there is never true.
            "revision = :seen AND NOT taught = :taught",
            seen=comment.revision,
        )
        return Write({"Update": update}, StaleRevision())

    def add_reason(self, comment: Comment, reason: Reason) -> Write:
        """One more reason in its letter, at the revision that it has: whoever has seen that may still decide.

        The refusal says that somebody decided, redacted or erased since it was read. A decision that comes
        behind may put the letter back as it was seen: then the reason is lost, and the decision stands.
        """
        told = replace(comment, reasons=(*comment.reasons, reason))
        update = make_update(
            self._name,
            {"comment_id": comment.id},
            {"letter_sealed": _seal_letter(told, self._seal)},
            # By no name that puts a comment anywhere: the mail function's role may touch none of those.
            "revision = :seen",
            seen=comment.revision,
        )
        return Write({"Update": update}, StaleRevision())

    def get(self, comment_id: str, *, even_expired: bool = False) -> Comment:
        item = self._database.find(self._name, {"comment_id": comment_id}, even_expired=even_expired)
        if item is None or "status" not in item:
            raise NotFound
        return _from_item(item, self._seal)

    def list_times_before(self, comment: Comment, most: int) -> list[datetime]:
        """When the same address wrote the last `most` comments before this one, newest first."""
        found = self._database.query(
            TableName=self._name,
            IndexName=BY_AUTHOR,
            KeyConditionExpression="author_hmac = :author AND #position < :own",
            ExpressionAttributeNames={"#position": "position"},
            ExpressionAttributeValues=values(author=str(comment.author_hmac), own=position_of(comment)),
            ScanIndexForward=False,
            Limit=most,
        )
        return [from_text(str(item["position"]).partition("#")[0]) for item in found.items]

    def list_by_status(
        self,
        status: str,
        *,
        newest_first: bool,
        limit: int,
        after: dict[str, Any] | None,
        page_id: str | None = None,
    ) -> CommentPage:
        """Up to `limit` comments of a status; of those that wait, urgent ones first in either order."""

        def ask(rank: str, most: int, behind: Key) -> Found:
            return self._query_queue(status, page_id, rank, newest_first, most, behind)

        two_queries = newest_first and status == "pending"
        found = list_newest_first(ask, limit, after) if two_queries else ask("", limit, after)
        return CommentPage([_from_item(item, self._seal) for item in found.items], found.last_key)

    def traces_of(self, author_hmac: str, after: str | None) -> Iterator[Trace]:
        """What one author wrote, oldest first, behind the position `after`; even what has expired."""
        by = (BY_AUTHOR, "author_hmac", author_hmac)
        return find_traces(self._database, self._name, by, "comment_id", after)

    def count_by_status(self, status: str, most_pages: int) -> Count:
        return self._database.count(most_pages, TableName=self._name, **_of_status(status, ""))

    def find_oldest_pending(self) -> datetime | None:
        """When the comment that has waited longest was written, urgent or not."""
        oldest = find_oldest(
            lambda rank, most, behind: self._query_queue("pending", None, rank, False, most, behind)
        )
        return from_text(oldest) if oldest else None

    def _query_queue(
        self,
        status: str,
        page_id: str | None,
        rank: str,
        newest_first: bool,
        limit: int,
        after: Key,
    ) -> Found:
        return self._database.query(
            TableName=self._name,
            **_of_status(status, rank) if page_id is None else _of_page(page_id, status, rank),
            ScanIndexForward=not newest_first,
            Limit=limit,
            **({"ExclusiveStartKey": after} if after else {}),
        )

    def reseal(self, hash_address: Callable[[str], str]) -> Renewal:
        """Seal and hash every comment under the current keys."""
        author = Hashed("author_hmac", lambda letter: hash_address(letter[1]) if letter[1] else None)
        return reseal(self._database, self._name, "comment_id", "letter_sealed", self._seal, author)

    def _to_item(self, comment: Comment) -> dict[str, Any]:
        item = _to_item(comment, self._seal)
        if comment.status == "spam":
            since = comment.decided_at or comment.created_at
            item["expires_at"] = int((since + self._spam_retention).timestamp())
        return item

    def _write(self, kind: str, action: dict[str, Any], refusal: Exception | None = None) -> Write:
        return Write({kind: {"TableName": self._name, **action}}, refusal)


def _of_status(status: str, rank: str) -> dict[str, Any]:
    """Those of a status, and of a rank where one is named."""
    query: dict[str, Any] = {
        "IndexName": BY_STATUS,
        "KeyConditionExpression": "#status = :status",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": values(status=status),
    }
    if rank:
        query["KeyConditionExpression"] += " AND begins_with(queue_position, :rank)"
        query["ExpressionAttributeValues"] |= values(rank=rank)
    return query


def _of_page(page_id: str, status: str, rank: str) -> dict[str, Any]:
    return {
        "IndexName": BY_PAGE_AND_STATUS,
        "KeyConditionExpression": "page_id = :page AND begins_with(page_position, :status)",
        "ExpressionAttributeValues": values(page=page_id, status=f"{status}#{rank}"),
    }


def position_of(comment: Comment) -> str:
    return f"{to_text(comment.created_at)}#{comment.id}"


def _queue_position(comment: Comment) -> str:
    urgent = comment.priority == "urgent" and comment.status == "pending"
    return ranked(position_of(comment), urgent=urgent)


def _to_item(comment: Comment, seal: Seal) -> dict[str, Any]:
    """The comment's attributes. Those that are None are not stored: that keeps the index sparse."""
    approved = comment.status == "approved"
    queue_position = _queue_position(comment)
    return {
        "comment_id": comment.id,
        "page_id": comment.page_id,
        "approved_page": comment.page_id if approved else None,
        "public_json": comment.public_json() if approved else None,
        "position": position_of(comment),
        "queue_position": queue_position,
        "page_position": f"{comment.status}#{queue_position}",
        "parent_id": comment.parent_id,
        "letter_sealed": _seal_letter(comment, seal),
        "author_hmac": comment.author_hmac,
        "notify": comment.notify,
        "status": comment.status,
        "priority": comment.priority,
        "created_at": to_text(comment.created_at),
        "request_hash": comment.request_hash,
        "decided_at": to_text(comment.decided_at) if comment.decided_at else None,
        "decided_by": comment.decided_by,
        "staff": comment.staff,
        "revision": comment.revision,
        "language": comment.language,
        "trust_key": comment.trust_key,
        "taught": str(comment.taught) if comment.taught else None,
    }


def _seal_letter(comment: Comment, seal: Seal) -> bytes:
    return seal.close(
        [
            comment.name,
            comment.email,
            comment.original_text,
            # Mostly as it was typed: twice would be a write unit more.
            None if comment.text == comment.original_text else comment.text,
            # With the letter: that somebody may be in danger is as private as what they wrote.
            [[reason.code, reason.text] for reason in comment.reasons],
        ]
    )


def _from_item(item: Item, seal: Seal) -> Comment:
    fields: dict[str, Any] = item
    readable = True
    try:
        name, email, original_text, text, reasons = seal.open(fields["letter_sealed"])
    except (Unreadable, ValueError):
        readable, name, email, original_text, text, reasons = False, "", "", UNREADABLE, UNREADABLE, []
    return Comment(
        id=fields["comment_id"],
        page_id=fields["page_id"],
        parent_id=fields.get("parent_id"),
        name=name,
        email=email,
        author_hmac=fields.get("author_hmac"),
        original_text=original_text,
        text=original_text if text is None else text,
        notify=fields["notify"],
        status=fields["status"],
        priority=fields["priority"],
        reasons=tuple(Reason(code, sentence) for code, sentence in reasons),
        created_at=from_text(fields["created_at"]),
        request_hash=fields["request_hash"],
        decided_at=from_text(fields["decided_at"]) if "decided_at" in fields else None,
        decided_by=fields.get("decided_by"),
        staff=fields["staff"],
        revision=fields["revision"],
        language=fields.get("language", "en"),
        answers=fields.get("answers", 0),
        trust_key=fields.get("trust_key"),
        readable=readable,
        taught=read_taught(fields["taught"]) if "taught" in fields else None,
    )
