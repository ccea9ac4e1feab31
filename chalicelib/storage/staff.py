"""The staff table: API tokens, by their id, and what else was revoked. Of a secret only its SHA-256 is here.

Key: token_id. A revocation's is what was revoked: `oidc:<sub>`, `link:<delivery id>`, or `links`.

| access | key | who |
|---|---|---|
| look up a token, or whether a person was revoked, at each request | token_id | authorizer |
| add, revoke, list (a scan: a handful of rows) | token_id | staff |
| look up whether a link was revoked | token_id | staff |
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.errors import NotFound
from chalicelib.staff_tokens import StaffToken
from chalicelib.storage.dynamodb import Database, Item, Write, to_attributes, values
from chalicelib.times import from_text, to_text


@dataclass(frozen=True)
class TokenPage:
    tokens: list[StaffToken]
    next_key: str | None


class StaffTable:
    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def put_new(self, token: StaffToken) -> Write:
        item = {
            "token_id": token.id,
            "role": token.role,
            "name": token.name,
            "secret_hash": token.secret_hash,
            "created_at": to_text(token.created_at),
        }
        put = {
            "TableName": self._name,
            "Item": to_attributes(item),
            "ConditionExpression": "attribute_not_exists(token_id)",
        }
        return Write({"Put": put})

    def revoke(self, token_id: str, at: datetime) -> Write:
        """Revoking twice is the same as once: the first time stays."""
        update = {
            "TableName": self._name,
            "Key": to_attributes({"token_id": token_id}),
            "UpdateExpression": "SET revoked_at = if_not_exists(revoked_at, :at)",
            "ConditionExpression": "attribute_exists(secret_hash)",
            "ExpressionAttributeValues": values(at=to_text(at)),
        }
        return Write({"Update": update}, NotFound())

    def revoke_credential(self, credential: str, at: datetime, expires_at: datetime | None) -> Write:
        """Of two revocations the later counts: it covers what the earlier did."""
        item = {
            "token_id": credential,
            "revoked_at": to_text(at),
            "expires_at": int(expires_at.timestamp()) if expires_at else None,
        }
        return Write({"Put": {"TableName": self._name, "Item": to_attributes(item)}})

    def find_revocation(self, credential: str) -> datetime | None:
        item = self._database.find(self._name, {"token_id": credential})
        return None if item is None else from_text(str(item["revoked_at"]))

    def find(self, token_id: str) -> StaffToken | None:
        item = self._database.find(self._name, {"token_id": token_id})
        return None if item is None or "secret_hash" not in item else _from_item(item)

    def list(self, limit: int, after: str | None, *, newest_first: bool = False) -> TokenPage:
        """Up to `limit` tokens behind the id `after`, by when they were made, which their ids tell."""
        items = self._database.scan_all(
            TableName=self._name, FilterExpression="attribute_exists(secret_hash)"
        )
        tokens = sorted(map(_from_item, items), key=lambda token: token.id, reverse=newest_first)
        if after is not None:
            tokens = [t for t in tokens if (t.id < after if newest_first else t.id > after)]
        shown = tokens[:limit]
        return TokenPage(shown, shown[-1].id if len(tokens) > limit else None)


def _from_item(item: Item) -> StaffToken:
    fields: dict[str, Any] = item
    return StaffToken(
        id=fields["token_id"],
        role=fields["role"],
        name=fields["name"],
        secret_hash=fields["secret_hash"],
        created_at=from_text(fields["created_at"]),
        revoked_at=from_text(fields["revoked_at"]) if "revoked_at" in fields else None,
    )
