"""Decision links: what lets a moderator decide on one comment from a mail, without signing in.

A link is bound to one comment at one revision and to the role moderator; it holds for 72 hours. Whoever holds
it can read that comment and decide on it, once, so it is signed under a key that only the staff and mail
functions have (`Desk.link_hasher`): the public function, though taken over, cannot sign itself one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from chalicelib.errors import LinkEnded, NotFound
from chalicelib.signing import BadSignature, Digester, sign, unsign

# What is revoked where all links are that were issued so far: a moderator's mailbox is in other hands.
ALL_LINKS = "links"
LINK_LIFE = timedelta(hours=72)
_PURPOSE = "decision link/moderator"


@dataclass(frozen=True)
class DecisionLink:
    """What a link says. `delivery_id` is the mail that carried it; `issued_at` is in whole seconds."""

    comment_id: str
    revision: int
    delivery_id: str
    issued_at: datetime

    @property
    def actor(self) -> str:
        """Who acts by it, for the audit trail: the mail, for a person cannot be told from their mailbox."""
        return f"link:{self.delivery_id}"


class Revocations(Protocol):
    def find_revocation(self, credential: str) -> datetime | None: ...


def make_decision_link(
    comment_id: str, revision: int, delivery_id: str, at: datetime, digester: Digester
) -> str:
    """Return the token of `/moderate/{token}`: letters, digits, `-`, `_`, and one `.` in its middle."""
    return sign(digester, _PURPOSE, [comment_id, revision, delivery_id, int(at.timestamp())])


def read_decision_link(token: str, at: datetime, digester: Digester) -> DecisionLink:
    """Raises NotFound where the token was not made here, LinkEnded where it is too old."""
    try:
        comment_id, revision, delivery_id, issued = unsign(digester, _PURPOSE, token)
    except BadSignature:
        raise NotFound from None
    link = DecisionLink(comment_id, revision, delivery_id, datetime.fromtimestamp(issued, UTC))
    if at >= link.issued_at + LINK_LIFE:
        raise LinkEnded
    return link


def check_in_force(link: DecisionLink, store: Revocations) -> None:
    """Raises LinkEnded where the link, or every link of its time, was revoked."""
    for credential in (ALL_LINKS, link.actor):
        revoked_at = store.find_revocation(credential)
        if revoked_at is not None and link.issued_at <= revoked_at:
            raise LinkEnded
