"""Submissions to judge: one that no rule strikes, and what is changed in it."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from chalicelib.judgement.form_tokens import make_form_token
from chalicelib.judgement.rules import Rules
from chalicelib.judgement.rules_file import DEFAULT_RULES, read_rules
from chalicelib.judgement.submitted import Submitted
from chalicelib.privacy.hashing import Hasher

HASHER = Hasher({"h1": sha256(b"one").digest()})
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
TOKENS = {kind: make_form_token(kind, AT.replace(minute=1), HASHER) for kind in ("comment", "enquiry")}
DOCUMENT = DEFAULT_RULES.read_text(encoding="utf-8")
RULES = read_rules(DOCUMENT)


def submitted(message: str = "Ninety days today.", **more: Any) -> Submitted:
    kind = more.get("kind", "comment")
    fields = {
        "kind": kind,
        "name": "Jo",
        "email": "jo@visitor.example",
        "message": message,
        "website": "",
        "form_token": TOKENS[kind],
        "ip": "203.0.113.7",
    }
    return Submitted(**(fields | more))


def codes(message: str = "Ninety days today.", rules: Rules = RULES, **more: Any) -> list[str]:
    return [strike.reason.code for strike in rules.strikes(submitted(message, **more), AT, HASHER)]


def rules_with(old: str, new: str) -> Rules:
    """The rules that come with Frontdesk, with one change in the file."""
    assert DOCUMENT.count(old) == 1, old
    return read_rules(DOCUMENT.replace(old, new))
