"""The thread that a page shows: its approved comments in either order, with their count.

Key: the comments table's (see comments.py); an edge's is comment_id = edge!<page id> or edge~<page id>.

| access | index | key | who |
|---|---|---|---|
| a page's thread, either order, and how many it has | approved-by-page | approved_page, position | public |
| check that the page shows the parent of an answer | table | comment_id | public |
| move the count | table | comment_id | staff; public, where authors are trusted |

`approved-by-page` is sparse: only approved comments have `approved_page`. Each carries its public
JSON ready-made. At both ends of a page's thread lies an *edge*, an item that holds how many approved
comments there are: so that one Query in either order brings the count along with the comments.
"""

import json
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import ParentNotPublished
from chalicelib.storage.dynamodb import Database, Item, Write, to_attributes, values

BY_PAGE = "approved-by-page"
# "!" sorts before every position (which begin with a year), "~" after.
_EDGES = ("!", "~")
# An approved comment of the page. What was erased is not, though the thread may show its stub.
SHOWN_ON_PAGE = "approved_page = :page AND attribute_exists(public_json) AND attribute_not_exists(erased_at)"


@dataclass(frozen=True)
class Thread:
    """A stretch of a page's approved comments. `count` is None where the stretch touches no edge."""

    comments: list[str]
    count: int | None
    next_position: str | None


class Threads:
    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def check_parent(self, parent_id: str, page_id: str) -> Write:
        check = {
            "TableName": self._name,
            "Key": to_attributes({"comment_id": parent_id}),
            "ConditionExpression": SHOWN_ON_PAGE,
            "ExpressionAttributeValues": values(page=page_id),
        }
        return Write({"ConditionCheck": check}, ParentNotPublished())

    def move_edges(self, page_id: str, by: int) -> list[Write]:
        """Add `by` to the count at both edges of the page's thread."""
        return [
            Write(
                {
                    "Update": {
                        "TableName": self._name,
                        "Key": to_attributes({"comment_id": f"edge{edge}{page_id}"}),
                        "UpdateExpression": "SET approved_page = :page, #position = :edge "
                        "ADD approved_count :by",
                        "ExpressionAttributeNames": {"#position": "position"},
                        "ExpressionAttributeValues": values(page=page_id, edge=edge, by=by),
                    }
                }
            )
            for edge in _EDGES
        ]

    def list_thread(self, page_id: str, *, newest_first: bool, limit: int, after: str | None) -> Thread:
        """Up to `limit` approved comments behind the position `after`, in one Query."""
        request: dict[str, Any] = {}
        if after is not None:
            comparison = "<" if newest_first else ">"
            request["KeyConditionExpression"] = f"approved_page = :page AND #position {comparison} :after"
            request["ExpressionAttributeValues"] = values(page=page_id, after=after)
            request["ExpressionAttributeNames"] = {"#position": "position"}
        else:
            request["KeyConditionExpression"] = "approved_page = :page"
            request["ExpressionAttributeValues"] = values(page=page_id)
        found = self._database.query(
            TableName=self._name,
            IndexName=BY_PAGE,
            ScanIndexForward=not newest_first,
            # One more than asked for tells whether there is more; the first stretch has an edge besides.
            Limit=limit + (2 if after is None else 1),
            # No key: reading takes longer over each attribute than over its length.
            ProjectionExpression="public_json, approved_count",
            **request,
        )
        edges = [item for item in found.items if "approved_count" in item]
        comments = [item for item in found.items if "public_json" in item]
        more = len(comments) > limit or (
            found.last_key is not None and bool(comments) and not _is_end(found.items)
        )
        comments = comments[:limit]
        return Thread(
            comments=[str(item["public_json"]) for item in comments],
            count=int(edges[0]["approved_count"]) if edges else None,
            next_position=_position_in(str(comments[-1]["public_json"])) if more else None,
        )


def _is_end(items: list[Item]) -> bool:
    return "approved_count" in items[-1]


def _position_in(public_json: str) -> str:
    """The position (`position_of`) of a comment of which no more is at hand."""
    shown = json.loads(public_json)
    return f"{shown['created_at']}#{shown['id']}"
