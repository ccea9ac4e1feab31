"""What one person leaves behind, and a search through everything that is kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from chalicelib.addresses import normalise_address
from chalicelib.privacy.keys import read_private_keys
from chalicelib.privacy.sealing import Opener
from tests.acts import (
    add_comment,
    answer,
    change_enquiry,
    decide,
    everything_stored,
    post_enquiry,
    publish,
    tables,
)
from tests.stack import FakeSes, Reply, Stack

EMAIL = "Robin.Wren@Visitor.Example"
# Of the same mailbox, as people type it.
SPELLINGS = ("robin.wren@visitor.example", "ROBIN.WREN@VISITOR.EXAMPLE", " Robin.Wren@visitor.example ")
# As mail is addressed.
MAILBOX = normalise_address(EMAIL)
OTHER = {"name": "Kim", "email": "kim@visitor.example"}
NAME = "Robin Wrensdottir"
WORDS = "Ninety-one days, and my sister Wilhelmina knows."
NOTE = "Called Robin back on her sister's phone."
MARKS = ("Wren", "Ninety-one", "Wilhelmina", "her sister")


def export(stack: Stack, email: str = EMAIL, **more: Any) -> Reply:
    desk = more.pop("desk", None)
    body = {"email": email, **more}
    return stack.call("POST", "/v1/staff/people/export", body, role="admin", desk=desk)


def export_all(stack: Stack, email: str = EMAIL) -> dict[str, list[Any]]:
    """Every part, from the first answer to the one that says that it is complete."""
    whole: dict[str, list[Any]] = {}
    more: dict[str, str] = {}
    for _ in range(200):
        reply = export(stack, email, **more)
        assert reply.status == 200, reply.text
        for name, items in reply.json.items():
            if isinstance(items, list):
                whole.setdefault(name, []).extend(items)
        assert reply.json["complete"] is (reply.json["next_cursor"] is None)
        if reply.json["complete"]:
            return whole
        more = {"cursor": reply.json["next_cursor"]}
    raise AssertionError("it never comes to an end")


def erase(stack: Stack, email: str = EMAIL, **more: Any) -> Any:
    reply = stack.call("POST", "/v1/staff/people/erase", {"email": email}, role="admin", **more)
    assert reply.status == 200, reply.text
    return reply.json


def comment(stack: Stack, text: str, **fields: Any) -> str:
    stack.later(minutes=1)
    return add_comment(stack, **{"name": NAME, "email": EMAIL, "message": f"{WORDS} {text}", **fields})


def enquiry(stack: Stack, text: str, **fields: Any) -> str:
    stack.later(minutes=1)
    fields = {"name": NAME, "email": EMAIL, "message": f"{WORDS} {text}", "phone": "555 0100", **fields}
    return str(post_enquiry(stack, **fields).json["reference"])


Life = dict[str, list[str]]


@dataclass(frozen=True)
class _Lived:
    """A life once lived: to be told again is quicker than to be lived again."""

    ids: Life
    until: datetime
    items: dict[str, list[dict[str, Any]]]
    relayed: frozenset[str]


_lived: list[_Lived] = []


def live(stack: Stack) -> Life:
    """Comments in every status, with answers; enquiries worked on; mail of every kind; marks. Their ids."""
    if not _lived:
        ids = _live(stack)
        _lived.append(_Lived(ids, stack.now, everything_stored(stack), frozenset(stack._relayed)))
        return ids
    [lived] = _lived
    for table, items in lived.items.items():
        for item in items:
            stack.dynamodb.put_item(TableName=stack.table(table), Item=item)
    stack.now = lived.until
    stack._relayed |= lived.relayed
    return lived.ids


def _live(stack: Stack) -> Life:
    comments = {status: comment(stack, status, notify=True) for status in ("pending", "approved", "spam")}
    comments["rejected"] = comment(stack, "rejected", email=SPELLINGS[1])
    for status in ("approved", "spam", "rejected"):
        assert decide(stack, comments[status], '"1"', status=status).status == 200
    publish(stack, parent_id=comments["approved"], message="You are not alone.", **OTHER)
    assert answer(stack, comments["approved"]).status == 201
    references = [enquiry(stack, "new"), enquiry(stack, "spam", website="x"), enquiry(stack, "worked on")]
    change = {"status": "closed", "assignee": "Kim", "note": NOTE}
    assert change_enquiry(stack, references[2], '"1"', **change).status == 200
    stack.deliver(FakeSes())
    stack.desk("public").store.unsubscribe(stack.desk("public").hasher.address(EMAIL), stack.now)
    return {"comments": list(comments.values()), "enquiries": references}


def kept_of(stack: Stack) -> Iterator[tuple[str, str]]:
    """Every value of every table and queue as text, what is sealed opened: where, and what."""
    opener = Opener(lambda: read_private_keys(Path(stack.keys["PRIVATE_KEYS_FILE"]).read_text()))
    for table in tables():
        for item in stack.items(table):
            for name, attribute in item.items():
                [value] = attribute.values()
                # The classifier's counts are bytes as well, and nothing that can be opened.
                opened = opener.open(value) if name.endswith("_sealed") else str(value)
                yield f"{table}.{name}", opened
    for url in (stack.queue_url, stack.dead_letter_url):
        answer = stack.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        yield from ((url, message["Body"]) for message in answer.get("Messages", []))


def traces_of(stack: Stack, *more: str) -> set[str]:
    """Where anything of the person stands: words, address, or a keyed hash of it under any secret."""
    hashes = [hasher.address(EMAIL) for hasher in stack.fresh_desk("staff").hasher.every()]
    needles = [needle.casefold() for needle in (*MARKS, EMAIL, *hashes, *more)]
    return {
        f"{needle} in {place}"
        for place, text in kept_of(stack)
        for needle in needles
        if needle in text.casefold()
    }
