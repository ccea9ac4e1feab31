"""The pages table: how many approved comments a page has, and whether its thread is closed.

Key: page_id.

| access | key | who |
|---|---|---|
| counts of up to 100 pages, one BatchGetItem | page_id | public |
| check that a page is open, inside a submission's transaction | page_id | public |
| move the count, inside a decision's transaction | page_id | staff; public where authors are trusted |
| read one; close or open its thread | page_id | staff |
"""

from datetime import datetime

from chalicelib.errors import PageClosed
from chalicelib.storage.dynamodb import Database, Write, make_update, to_attributes, values
from chalicelib.threads import PageThread
from chalicelib.times import to_text


class AlreadySo(Exception):
    """The page's thread is closed, or open, already."""


class PagesTable:
    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def check_open(self, page_id: str) -> Write:
        check = {
            "TableName": self._name,
            "Key": to_attributes({"page_id": page_id}),
            "ConditionExpression": "attribute_not_exists(closed_at)",
        }
        return Write({"ConditionCheck": check}, PageClosed())

    def count_if_open(self, page_id: str) -> Write:
        """One more approved comment. Its refusal is PageClosed."""
        write = self.move_count(page_id, 1)
        write.action["Update"]["ConditionExpression"] = "attribute_not_exists(closed_at)"
        return Write(write.action, PageClosed())

    def move_count(self, page_id: str, by: int) -> Write:
        update = {
            "TableName": self._name,
            "Key": to_attributes({"page_id": page_id}),
            "UpdateExpression": "ADD approved_count :by",
            "ExpressionAttributeValues": values(by=by),
        }
        return Write({"Update": update})

    def set_closed(self, page_id: str, closed: bool, at: datetime) -> Write:
        """The refusal is AlreadySo."""
        changes = {"closed_at": to_text(at) if closed else None}
        condition = f"attribute_{'not_exists' if closed else 'exists'}(closed_at)"
        return Write(
            {"Update": make_update(self._name, {"page_id": page_id}, changes, condition)}, AlreadySo()
        )

    def get(self, page_id: str) -> PageThread:
        """Every page of our sites has a thread; one without a row is open and empty."""
        item = self._database.find(self._name, {"page_id": page_id}) or {}
        return PageThread(page_id, int(item.get("approved_count", 0)), "closed_at" in item)

    def counts(self, page_ids: set[str]) -> dict[str, int]:
        """How many approved comments each of at most 100 pages has; a page without a row has none."""
        if not page_ids:
            return {}
        items = self._database.find_many(
            self._name, [{"page_id": page_id} for page_id in sorted(page_ids)], "page_id, approved_count"
        )
        known = {str(item["page_id"]): int(item.get("approved_count", 0)) for item in items}
        return {page_id: known.get(page_id, 0) for page_id in page_ids}
