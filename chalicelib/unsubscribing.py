"""The link in each mail to an author by which it is the last one (RFC 8058).

It names the address only as its keyed hash, and it does not end: who finds an old mail may stop it too.
"""

from collections.abc import Iterable

from chalicelib.errors import NotFound
from chalicelib.signing import BadSignature, Digester, sign, unsign

_PURPOSE = "unsubscribe"


def make_unsubscribe_token(address_hmac: str, digester: Digester) -> str:
    return sign(digester, _PURPOSE, address_hmac)


def read_unsubscribe_token(token: str, digesters: Iterable[Digester]) -> str:
    """Return the hash of the address. `digesters` are those of every secret, for a rotation must not
    take the link from anybody. Raises NotFound.
    """
    for digester in digesters:
        try:
            return str(unsign(digester, _PURPOSE, token))
        except BadSignature:
            continue
    raise NotFound
