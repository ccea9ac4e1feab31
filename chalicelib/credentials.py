"""Revoking whatever lets a member of staff in, by its id, which is also what the audit trail knows it by."""

import re
from datetime import datetime
from typing import Protocol

from chalicelib import staff_tokens
from chalicelib.audit import Act
from chalicelib.decision_links import ALL_LINKS, LINK_LIFE
from chalicelib.staff_tokens import TokenStore

# Somebody who signs in at the configured issuer: `sub` as an id, and never an address.
PERSON = re.compile("oidc:[A-Za-z0-9._|-]{1,59}")
_LINK = re.compile("link:[a-z0-9-]{1,59}")


class CredentialStore(TokenStore, Protocol):
    def revoke_credential(
        self, credential: str, at: datetime, expires_at: datetime | None, act: Act
    ) -> None: ...


def revoke(credential: str, actor: str, at: datetime, store: CredentialStore) -> None:
    """Revoke what `credential` names. Raises NotFound where that is nothing, or an unknown token.

    - a staff token: its id
    - somebody of the issuer's, for good: `oidc:<sub>`. That they are known cannot be asked here.
    - the decision links of one mail: `link:<delivery id>`; all links issued so far: `links`
    """
    if credential == ALL_LINKS or _LINK.fullmatch(credential):
        # Until the last of them would have ended by itself. A mail that is sent later has a new link.
        act = Act(credential, actor, "revoke_link", at)
        store.revoke_credential(credential, at, at + LINK_LIFE, act)
    elif PERSON.fullmatch(credential):
        store.revoke_credential(credential, at, None, Act(credential, actor, "revoke_person", at))
    else:
        staff_tokens.revoke_token(credential, actor, at, store)
