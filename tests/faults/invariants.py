"""What must hold when everything is at rest, whatever failed on the way."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.acts import PAGE_ID
from tests.faults.stories import Told
from tests.faults.world import World

# Staff see these in the list of deliveries, and can act.
_SHOWN = {"pending", "held", "failed", "unknown"}
_KEYS = {"CommentsTable": "comment_id", "EnquiriesTable": "reference"}


def find_violations(world: World, told: Told, *, settled: bool, struck: int, refused: bool) -> list[str]:
    """`struck` faults happened; `refused`: SES said of one mail that it will never send it."""
    rows = {str(row["outbox_id"]): row for row in world.outbox()}
    return [
        *told.wrong,
        *([] if settled else ["it never comes to rest"]),
        *_submissions(world, told),
        *_mails_missing(world, told, rows),
        *_mails_too_many(world, rows, struck),
        *_states(world, rows, refused),
        *_counters(world),
    ]


def _submissions(world: World, told: Told) -> Iterator[str]:
    """A 2xx means one submission; and there is none that nobody was told of."""
    for logical_id, key in _KEYS.items():
        stored = Counter(str(row[key]["S"]) for row in world.items(logical_id) if "status" in row)
        accepted = {a.id for a in told.accepted if a.logical_id == logical_id}
        if set(stored) != accepted:
            yield f"{len(accepted)} accepted, {len(stored)} stored in {logical_id}"


def _mails_missing(world: World, told: Told, rows: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Of what was accepted, each recipient has mail, or staff see a row that says why not."""
    for accepted in told.accepted:
        about = [row for row in rows.values() if row["subject_id"] == accepted.id]
        if any(row.get("state") in _SHOWN for row in about):
            continue
        ids = {row["outbox_id"] for row in about}
        reached = {to for _, mail in world.taken if mail.delivery_id in ids for to in mail.recipients}
        if not accepted.recipients <= reached:
            yield f"no mail to {len(accepted.recipients - reached)} of {len(accepted.recipients)}, and no row"


def _mails_too_many(world: World, rows: dict[str, dict[str, Any]], struck: int) -> Iterator[str]:
    """One mail without a fault; with faults one more at most, and that is marked as sent again."""
    for delivery_id, mails in Counter(mail.delivery_id for _, mail in world.taken).items():
        if delivery_id not in rows:
            yield "a mail of no row"
        elif mails > 1 + min(struck, 1):
            yield f"{mails} mails of one delivery after {struck} faults"
        elif mails == 2 and not rows[delivery_id].get("resent"):
            yield "a second mail that is not marked"


def _states(world: World, rows: dict[str, dict[str, Any]], refused: bool) -> Iterator[str]:
    """What a row says is true."""
    taken = {mail.delivery_id for _, mail in world.taken}
    for row in rows.values():
        state = row.get("state")
        if state == "sending":
            yield "a delivery is left in sending"
        if state in ("sent", "delivered") and row["outbox_id"] not in taken:
            yield f"a delivery is {state} that never was"
        if state == "failed" and not refused:
            yield f"a delivery has failed for a fault that passed: {row.get('reason')}"


def _counters(world: World) -> Iterator[str]:
    """The page's count and both edges are what a recount finds."""
    comments = world.items("CommentsTable")
    approved = sum(
        row.get("approved_page", {}).get("S") == PAGE_ID and "public_json" in row for row in comments
    )
    edges = [int(row["approved_count"]["N"]) for row in comments if "approved_count" in row]
    pages = [int(row["approved_count"]["N"]) for row in world.items("PagesTable") if "approved_count" in row]
    if any(count != approved for count in [*edges, *pages]):
        yield f"{approved} approved, the edges say {edges}, the page {pages}"
