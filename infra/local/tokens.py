"""A working staff token for each role, in a file that its owner alone can read."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from chalicelib import staff_tokens
from chalicelib.errors import Unauthenticated
from chalicelib.staff_tokens import ROLES, Role
from chalicelib.wiring import open_desk

# As the audit trail names it.
_ACTOR = "command:make-run"

AddToken = Callable[[Mapping[str, str], Role, str], str]
TokenWorks = Callable[[Mapping[str, str], str, Role], bool]


def ensure_tokens(
    file: Path, environment: Mapping[str, str], add_token: AddToken, token_works: TokenWorks
) -> dict[str, str]:
    """Keeps the tokens that still work, and replaces the others: revoked, or of other data."""
    known = _read(file)
    tokens: dict[str, str] = {
        role: known[role]
        if role in known and token_works(environment, known[role], role)
        else add_token(environment, role, "make run")
        for role in ROLES
    }
    if tokens != known:
        _write(file, tokens)
    return tokens


def add_token(environment: Mapping[str, str], role: Role, name: str) -> str:
    """Make a token and return its bearer secret."""
    desk = open_desk(environment)
    return staff_tokens.add_token(role, name, _ACTOR, desk.now(), desk.store)[1]


def token_works(environment: Mapping[str, str], secret: str, role: Role) -> bool:
    """Whether `secret` is a valid token of `role`."""
    try:
        return staff_tokens.authenticate(secret, open_desk(environment).store).role == role
    except Unauthenticated:
        return False


def _read(file: Path) -> dict[str, str]:
    try:
        tokens: dict[str, str] = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return tokens


def _write(file: Path, tokens: Mapping[str, str]) -> None:
    unfinished = file.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(tokens, indent=2) + "\n")
    os.replace(unfinished, file)
