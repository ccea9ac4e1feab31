"""A function that does nothing: what of an invocation is the runtime's own."""

from typing import Any


def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return {"statusCode": 204, "headers": {}, "body": ""}
