"""How many approved comments each author has: what TRUST_AFTER goes by.

Key: the comments table's (see comments.py): comment_id = author!<trust key>. It is in no index.

| access | key | who |
|---|---|---|
| has an author so many approved comments? a condition, no read | comment_id | public |
| one more, if there are so many already, when a comment is published at once | comment_id | public |
| one more or one fewer, with a decision or an erasure | comment_id | staff |
| was this comment published at once? a condition; what it shows, by approved-by-page | comment_id | public |

A comment carries the trust key that it counts under from the moment it is submitted, so a count is always
that of the approved comments with its key: whenever TRUST_AFTER was set or the hash secret rotated.
"""

from datetime import datetime

from chalicelib.comments import TRUST_RULE
from chalicelib.errors import NotTrusted
from chalicelib.storage.dynamodb import Database, Write, make_update, to_attributes, values
from chalicelib.storage.stubs import ThreadChanged
from chalicelib.storage.threads import BY_PAGE
from chalicelib.times import to_text


class Approvals:
    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def check(self, trust_key: str, enough: int) -> Write:
        """The author has `enough` approved comments. Its refusal is NotTrusted."""
        check = {
            "TableName": self._name,
            "Key": to_attributes(_key(trust_key)),
            "ConditionExpression": "approvals >= :enough",
            "ExpressionAttributeValues": values(enough=enough),
        }
        return Write({"ConditionCheck": check}, NotTrusted())

    def add(self, trust_key: str, enough: int) -> Write:
        """One more, of an author who has `enough` already. Its refusal is NotTrusted."""
        update = {
            "TableName": self._name,
            "Key": to_attributes(_key(trust_key)),
            "UpdateExpression": "ADD approvals :one",
            "ConditionExpression": "approvals >= :enough",
            "ExpressionAttributeValues": values(one=1, enough=enough),
        }
        return Write({"Update": update}, NotTrusted())

    def move(self, trust_key: str | None, by: int, at: datetime) -> list[Write]:
        """A comment was approved (1) or is so no more (-1). The refusal is ThreadChanged: read again.

        With the last one the row goes: nothing is kept of an author of whom nothing is shown.
        """
        if trust_key is None or not by:
            return []
        item = self._database.find(self._name, _key(trust_key)) or {}
        seen = int(item.get("approvals", 0))
        approvals = max(0, seen + by)
        changes = {"approvals": approvals, "expires_at": None if approvals else int(at.timestamp())}
        # What has expired is not found, though it may stay for days: it counts none.
        condition = "approvals = :seen" if seen else "attribute_not_exists(approvals) OR approvals = :seen"
        return [
            Write(
                {"Update": make_update(self._name, _key(trust_key), changes, condition, seen=seen)},
                ThreadChanged(),
            )
        ]

    def check_published_at_once(self, comment_id: str) -> Write:
        """Its refusal is NotTrusted: it was not, or a moderator has decided since."""
        check = {
            "TableName": self._name,
            "Key": to_attributes({"comment_id": comment_id}),
            "ConditionExpression": "decided_by = :rule",
            "ExpressionAttributeValues": values(rule=TRUST_RULE),
        }
        return Write({"ConditionCheck": check}, NotTrusted())

    def find_shown(self, comment_id: str, page_id: str, since: datetime) -> str | None:
        """The public JSON of a comment that the page shows, written at `since` or later."""
        found = self._database.query(
            TableName=self._name,
            IndexName=BY_PAGE,
            KeyConditionExpression="approved_page = :page AND #position >= :since",
            FilterExpression="comment_id = :id",
            ExpressionAttributeNames={"#position": "position"},
            ExpressionAttributeValues=values(page=page_id, since=to_text(since), id=comment_id),
        )
        return str(found.items[0]["public_json"]) if found.items else None


def _key(trust_key: str) -> dict[str, str]:
    return {"comment_id": f"author!{trust_key}"}
