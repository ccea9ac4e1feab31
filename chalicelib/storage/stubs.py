"""What an answer changes above it in the thread, and what stays of an erased comment: its stub.

Key: the comments table's (see comments.py).

A comment counts in `answers` how many answers to it the page shows. An erased one is replaced by a *stub*:
ids, page and time, no word, no author. A stub is in the thread, and counted, exactly while it has answers:
it goes with its last one, and comes back should one be approved that still waited. That can go on upwards,
for a stub is an answer too.

A comment that was not in the thread when it was erased can get no further answers. Of it nothing stays for
longer than a replay of it could come, which is answered as the first time.

Every change is conditional on what was read: with two at once, one reads again (ThreadChanged), so that no
interleaving leaves a stub without answers in the thread, or answers without their stub.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.comments import Comment, stub_json
from chalicelib.errors import ParentNotPublished, StaleRevision
from chalicelib.storage.comments import position_of
from chalicelib.storage.dynamodb import Database, Item, Write, make_update, to_attributes, values
from chalicelib.storage.threads import SHOWN_ON_PAGE
from chalicelib.submissions import KEY_WINDOW
from chalicelib.times import to_text

# A transaction holds 100 actions. Above so many stubs in a row the rest stays as it is: at worst a stub
# stays that has no answers any more.
_MOST_STUBS_MOVED = 50


class ThreadChanged(Exception):
    """What lies above the comment is not as it was read: read it again."""


@dataclass(frozen=True)
class Moved:
    """What changes above a comment that enters or leaves the thread; `stubs` so many enter with it."""

    writes: list[Write]
    stubs: int


class Stubs:
    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def answer(self, parent_id: str, page_id: str) -> Write:
        """One more answer to a comment that the page shows. Its refusal is ParentNotPublished."""
        return self._add_answer(parent_id, 1, SHOWN_ON_PAGE, ParentNotPublished(), page=page_id)

    def move(self, parent_id: str | None, by: int) -> Moved:
        """What changes above when an answer to `parent_id` enters (1) or leaves (-1) the thread."""
        writes: list[Write] = []
        stubs = 0
        while parent_id is not None and len(writes) < _MOST_STUBS_MOVED:
            parent = self._database.find(self._name, {"comment_id": parent_id})
            if parent is not None and "erased_at" not in parent:
                writes.append(self._add_answer(parent_id, by, "attribute_exists(revision)", ThreadChanged()))
                break
            if parent is None or "answers" not in parent:
                # Expired, or erased when it was not in the thread: nothing of it comes back.
                break
            answers = max(0, int(parent["answers"]) + by)
            writes.append(self._set_answers(parent, answers))
            if (answers > 0) is (int(parent["answers"]) > 0):
                break
            stubs += by
            parent_id = _parent_of(parent)
        return Moved(writes, stubs)

    def erase(self, comment: Comment, at: datetime) -> Write:
        """Put the stub in the comment's place: a put, so that no attribute of the comment can stay.

        The refusal, StaleRevision, says that it was decided on or answered since it was read.
        """
        in_thread = comment.status == "approved"
        stub: dict[str, Any] = {
            "comment_id": comment.id,
            "page_id": comment.page_id,
            "parent_id": comment.parent_id,
            "created_at": to_text(comment.created_at),
            "position": position_of(comment),
            "erased_at": to_text(at),
            "answers": comment.answers if in_thread else None,
            "expires_at": None if in_thread else int((at + 2 * KEY_WINDOW).timestamp()),
        }
        if in_thread:
            stub |= _shown(stub, comment.answers)
        seen = "answers = :answers" if comment.answers else _NO_ANSWERS
        put = {
            "TableName": self._name,
            "Item": to_attributes(stub),
            "ConditionExpression": f"revision = :seen AND {seen}",
            "ExpressionAttributeValues": values(seen=comment.revision, answers=comment.answers),
        }
        return Write({"Put": put}, StaleRevision())

    def _add_answer(
        self, comment_id: str, by: int, condition: str, refusal: Exception, **known: str
    ) -> Write:
        update = {
            "TableName": self._name,
            "Key": to_attributes({"comment_id": comment_id}),
            "UpdateExpression": "ADD answers :by",
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values(by=by, **known),
        }
        return Write({"Update": update}, refusal)

    def _set_answers(self, stub: Item, answers: int) -> Write:
        changes = {"answers": answers, **_shown(stub, answers)}
        key = {"comment_id": str(stub["comment_id"])}
        seen = int(stub["answers"])
        update = make_update(self._name, key, changes, "answers = :seen", seen=seen)
        return Write({"Update": update}, ThreadChanged())


_NO_ANSWERS = "(attribute_not_exists(answers) OR answers = :answers)"


def _parent_of(stub: Item) -> str | None:
    return str(stub["parent_id"]) if "parent_id" in stub else None


def _shown(stub: dict[str, Any], answers: int) -> dict[str, str | None]:
    """What puts the stub into the index of the thread; all None where it has no answers."""
    if answers <= 0:
        return {"approved_page": None, "public_json": None}
    shown = stub_json(stub["comment_id"], stub.get("parent_id"), stub["created_at"])
    return {"approved_page": stub["page_id"], "public_json": shown}
