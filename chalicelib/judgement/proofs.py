"""Proofs of work after ALTCHA, version 1 (https://altcha.org/docs/v1/): optional, off, and our own alone.

The browser is given a salt and a hash, and looks for the number that makes the one of the other: a moment
for a person's device, a bill for whoever sends a million. Without JavaScript there is no proof, and so a
reason to look twice; nobody is refused for it.

The salt names the form token that it was given with. So a proof is good for that form alone, and as a form is
good for one submission, so is its proof: nothing more need be remembered.
"""

import hmac
import json
import re
import secrets
from base64 import b64decode
from datetime import datetime
from hashlib import sha256
from typing import Any

from chalicelib.judgement.form_tokens import FORM_TOKEN_LIFE
from chalicelib.judgement.reasons import Reason
from chalicelib.signing import Digester

_MISSING = Reason("proof_missing", "The sender's browser did not do the work that the form asks for.")
_ALGORITHM = "SHA-256"
# The & at the end keeps the number apart: else digits could move from the one to the other (CVE-2025-68113).
_SALT = re.compile("([0-9a-f]{24})[?]expires=([0-9]{1,12})&")


def make_challenge(form_token: str, at: datetime, most: int, digester: Digester) -> dict[str, str | int]:
    """Return a challenge as ALTCHA's widget takes it; its number is at most `most`."""
    expires = int((at + FORM_TOKEN_LIFE).timestamp())
    salt = f"{_mark(form_token, digester)}?expires={expires}&"
    challenge = _solve(salt, secrets.randbelow(most + 1))
    return {
        "algorithm": _ALGORITHM,
        "challenge": challenge,
        "maxnumber": most,
        "salt": salt,
        "signature": _signature(challenge, digester),
    }


def judge_proof(payload: str, form_token: str, at: datetime, digester: Digester) -> tuple[Reason, ...]:
    """Return what is odd about a submission's proof: the Base64 of a JSON object, as the widget sends it."""
    return () if _holds(payload, form_token, at, digester) else (_MISSING,)


def _holds(payload: str, form_token: str, at: datetime, digester: Digester) -> bool:
    try:
        proof: Any = json.loads(b64decode(payload, validate=True))
        salt, number, challenge = proof["salt"], proof["number"], proof["challenge"]
        given = _SALT.fullmatch(salt)
        signed = hmac.compare_digest(proof["signature"], _signature(challenge, digester))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False
    return (
        signed
        and given is not None
        and type(number) is int
        and given[1] == _mark(form_token, digester)
        and at.timestamp() <= int(given[2])
        and _solve(salt, number) == challenge
    )


def _solve(salt: str, number: int) -> str:
    return sha256(f"{salt}{number}".encode()).hexdigest()


def _mark(form_token: str, digester: Digester) -> str:
    return digester.digest("altcha form", form_token)[:12].hex()


def _signature(challenge: str, digester: Digester) -> str:
    return digester.digest("altcha", challenge).hex()
