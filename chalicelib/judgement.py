"""First rules of judgement: what makes a submission suspect, and why, in words for moderators.

Nothing here publishes or drops anything. A visitor never learns which rule struck.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.signing import BadSignature, Digester, sign, unsign

FORM_TOKEN_LIFE = timedelta(hours=24)
_YOUNGEST = timedelta(seconds=3)


@dataclass(frozen=True)
class Reason:
    """Why something was held: a stable code, and a sentence that a moderator understands."""

    code: str
    text: str


HONEYPOT = Reason("honeypot", "The field that people cannot see was filled in.")
_TOKEN_MISSING = Reason("form_token_missing", "It did not come through the site's form.")
_TOKEN_FORGED = Reason("form_token_forged", "Its form token was not made by this site.")
_TOKEN_YOUNG = Reason("form_token_too_young", "It was sent within seconds of opening the form.")
_TOKEN_OLD = Reason("form_token_too_old", "It was sent more than a day after the form was opened.")


def make_form_token(kind: str, at: datetime, digester: Digester) -> str:
    return sign(digester, f"form/{kind}", int(at.timestamp()))


def judge(kind: str, website: str, form_token: str, at: datetime, digester: Digester) -> tuple[Reason, ...]:
    """Return the reasons to look twice at a submission of `kind`, strongest first."""
    honeypot = (HONEYPOT,) if website.strip() else ()
    return honeypot + _judge_token(kind, form_token, at, digester)


def is_spam(reasons: tuple[Reason, ...]) -> bool:
    return HONEYPOT in reasons


def _judge_token(kind: str, token: str, at: datetime, digester: Digester) -> tuple[Reason, ...]:
    if not token:
        return (_TOKEN_MISSING,)
    try:
        age = at.timestamp() - unsign(digester, f"form/{kind}", token)
    except BadSignature:
        return (_TOKEN_FORGED,)
    if age < _YOUNGEST.total_seconds():
        return (_TOKEN_YOUNG,)
    if age > FORM_TOKEN_LIFE.total_seconds():
        return (_TOKEN_OLD,)
    return ()
