"""Revoking whatever lets a member of staff in, by its id, which is also what the audit trail knows it by."""

import re
from datetime import datetime
from typing import Protocol

from chalicelib import staff_tokens
from chalicelib.audit import Act
from chalicelib.decision_links import ALL_LINKS, LINK_LIFE
from chalicelib.staff_tokens import TokenStore

_LINK = re.compile("link:[a-z0-9-]{1,59}")


class CredentialStore(TokenStore, Protocol):
    def revoke_credential(
        self, credential: str, at: datetime, expires_at: datetime | None, act: Act
    ) -> None: ...


def revoke(credential: str, actor: str, at: datetime, store: CredentialStore) -> None:
    """Revoke a staff token (its id), one mail's links (`link:<delivery id>`), or all links so far (`links`).

    Raises NotFound.
    """
    if credential == ALL_LINKS or _LINK.fullmatch(credential):
        # Until the last of them would have ended by itself. A mail that is sent later has a new link.
        act = Act(credential, actor, "revoke_link", at)
        store.revoke_credential(credential, at, at + LINK_LIFE, act)
    else:
        staff_tokens.revoke_token(credential, actor, at, store)
