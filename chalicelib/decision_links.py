"""Decision links: what lets a moderator decide on one comment from a mail, without signing in.

A link is bound to one comment at one revision and to the role moderator; it holds for 72 hours. Whoever holds
it can read that comment and decide on it, once, so it is signed under a key that only the staff and mail
functions have (`Desk.link_hasher`): the public function, though taken over, cannot sign itself one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.errors import LinkEnded, NotFound
from chalicelib.signing import BadSignature, Digester, sign, unsign

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
