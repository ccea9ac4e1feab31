"""For the person concerned: all that is held about one address, as JSON; and its erasure.

Each call does what fits into its time and says whether that was all. Calling again goes on.
"""

from collections import Counter
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from chalicelib import people
from chalicelib.api.answers import Answer, as_json, to_json
from chalicelib.api.cursors import make_cursor, read_cursor
from chalicelib.api.fields import parse
from chalicelib.api.requests import Request
from chalicelib.api.schemas import PersonErasure, PersonExport
from chalicelib.api.staff import actor_of
from chalicelib.audit import Act
from chalicelib.people import KINDS, Place
from chalicelib.showing import show_found
from chalicelib.wiring import Desk

# API Gateway gives up at 29 s, and one step can take some seconds where storage is slow.
_TIME_TO_BEGIN = timedelta(seconds=8)
# An answer of Lambda is at most 6 MB, and no step finds more than 2:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_MOST_BYTES = 2_000_000
# All their ids stand in one entry of the audit trail.
_MOST_ITEMS = 500

_SECTIONS = ("comments", "enquiries", "deliveries", "suppressions", "guard", "audit")


def export_person(request: Request, desk: Desk) -> Answer:
    sent = parse(PersonExport, request.json_object())
    now = desk.now()
    hashes = _hashes(sent.email, desk)
    list_name = to_json(["people", hashes[0]])
    subject, place = _begin(read_cursor(desk.hasher, list_name, sent.cursor), desk)
    shown: dict[str, list[Any]] = {name: [] for name in _SECTIONS}
    ids: list[str] = []
    size = 0
    following: Place | None = None
    for found in people.export(hashes, place, now, desk.store):
        step = show_found(found, now, timedelta(hours=desk.settings.reply_hours))
        for name, items in step.items():
            shown[name] += items
        ids += found.ids
        size += len(to_json(step).encode())
        full = size >= _MOST_BYTES or len(ids) >= _MOST_ITEMS
        if found.place.section != "end" and (full or desk.now() >= now + _TIME_TO_BEGIN):
            following = found.place
            break
    # Before anything is shown; also where nothing is held, for to ask after somebody is an act too.
    act = Act(subject, actor_of(request).id, "export", desk.now(), read_ids=tuple(ids))
    desk.store.record_reading(act)
    place_behind = [subject, asdict(following)] if following else None
    cursor = make_cursor(desk.hasher, list_name, place_behind)
    return as_json(200, {"request": subject, **shown, "complete": following is None, "next_cursor": cursor})


def erase_person(request: Request, desk: Desk) -> Answer:
    sent = parse(PersonErasure, request.json_object())
    until = desk.now() + _TIME_TO_BEGIN
    subject = people.new_request(desk.now())
    erased, kept = Counter(dict.fromkeys(KINDS, 0)), 0
    complete = True
    actor = actor_of(request).id
    for step in people.erase(_hashes(sent.email, desk), subject, actor, desk.now, desk.store):
        erased[step.kind] += step.number
        kept += step.kept
        # Never before something was done: else the next call would begin with the same steps, for ever.
        if step.number and desk.now() >= until:
            complete = False
            break
    shown = {"erased": erased, "kept": {"deliveries": kept}, "complete": complete}
    return as_json(200, {"request": subject, **shown})


def _hashes(email: str, desk: Desk) -> list[str]:
    """The address under every secret: some of what is held may be from before a rotation."""
    return [hasher.address(email) for hasher in desk.hasher.every()]


def _begin(cursor: Any, desk: Desk) -> tuple[str, Place]:
    """The export's subject in the audit trail, and where it goes on."""
    if cursor is None:
        return people.new_request(desk.now()), Place()
    subject, place = cursor
    return subject, Place(**place)
