"""Form tokens: when a form was opened, signed. A missing or odd one makes a submission suspect, no more.

Each opening has a token of its own, and each is good for one submission: see `spend_form_token`.
"""

import secrets
from datetime import datetime, timedelta

from chalicelib.judgement.reasons import Reason
from chalicelib.signing import BadSignature, Digester, sign, unsign

FORM_TOKEN_LIFE = timedelta(hours=24)

_TOKEN_MISSING = Reason("form_token_missing", "It did not come through the site's form.")
_TOKEN_FORGED = Reason("form_token_forged", "Its form token was not made by this site.")
_TOKEN_YOUNG = Reason("form_token_too_young", "It was sent within seconds of opening the form.")
_TOKEN_OLD = Reason("form_token_too_old", "It was sent more than a day after the form was opened.")
REASONS = (_TOKEN_MISSING, _TOKEN_FORGED, _TOKEN_YOUNG, _TOKEN_OLD)


def make_form_token(kind: str, at: datetime, digester: Digester) -> str:
    return sign(digester, _purpose(kind), [int(at.timestamp()), secrets.token_urlsafe(9)])


def judge_form_token(
    kind: str, token: str, at: datetime, digester: Digester, youngest_seconds: int
) -> tuple[Reason, ...]:
    """Return what is odd about the form token of a submission of `kind`, if anything."""
    if not token:
        return (_TOKEN_MISSING,)
    try:
        opened_at, _ = unsign(digester, _purpose(kind), token)
    except BadSignature:
        return (_TOKEN_FORGED,)
    age = at.timestamp() - opened_at
    if age < youngest_seconds:
        return (_TOKEN_YOUNG,)
    if age > FORM_TOKEN_LIFE.total_seconds():
        return (_TOKEN_OLD,)
    return ()


def spend_form_token(kind: str, token: str, digester: Digester) -> bytes | None:
    """Return what marks the one submission that the token is good for; None if it is not of our making.

    What else is sent from the same opening of a form, from whatever network, is told by this mark
    (`chalicelib/judgement/repeats.py`).
    """
    if not token:
        return None
    try:
        unsign(digester, _purpose(kind), token)
    except BadSignature:
        return None
    return digester.digest(f"{_purpose(kind)}/spent", token)


def _purpose(kind: str) -> str:
    return f"form/{kind}/2"
