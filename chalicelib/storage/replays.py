"""Conditions by which a submission is told from its replay, the same for comments and enquiries.

They are conditions and not reads: the public role may put, and may not read.

What was erased keeps no hash of what was sent; that it was erased stands in for it. So a replay gets its
first answer, and does not bring back what was erased.
"""

from chalicelib.errors import AlreadySubmitted
from chalicelib.storage.dynamodb import Key, Write, to_attributes, values
from chalicelib.submissions import Identity
from chalicelib.times import to_text


def check_neighbour(table: str, key: Key, identity: Identity) -> Write:
    """The same submission is not there under a neighbouring id, unless from before the window."""
    check = {
        "TableName": table,
        "Key": to_attributes(key),
        "ConditionExpression": (
            "(attribute_not_exists(request_hash) AND attribute_not_exists(erased_at))"
            " OR created_at <= :window_start"
        ),
        "ExpressionAttributeValues": values(window_start=to_text(identity.window_start)),
    }
    [neighbour] = key.values()
    return Write({"ConditionCheck": check}, AlreadySubmitted(neighbour))


def check_request(table: str, key: Key, request_hash: str, refusal: Exception) -> Write:
    """What is there was made of the same request, to the letter, as far as that can be told."""
    check = {
        "TableName": table,
        "Key": to_attributes(key),
        "ConditionExpression": "request_hash = :request_hash OR attribute_exists(erased_at)",
        "ExpressionAttributeValues": values(request_hash=request_hash),
    }
    return Write({"ConditionCheck": check}, refusal)
