"""A page's id: `host/path`, the same for every way in which people write the page's address.

The rules are the contract's; the steps are RFC 3986, 6.2.2 (syntax-based normalisation).
"""

import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import SplitResult, parse_qsl, quote, unquote_to_bytes, urlencode, urlsplit

from chalicelib.text import ForbiddenCharacter, normalise

_MAX_BYTES = 1024
_LONGEST_ADDRESS = 8192
# RFC 1035, 2.3.4. The IDNA codec takes long over more.
_LONGEST_HOST = 255
_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_NO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NOT_IN_AN_ADDRESS = re.compile(r"[\x00-\x20\x7f]")


class PageRefused(ValueError):
    """Not an address of a configured site. `code` is stable; it says which rule was broken."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Sites:
    """The sites whose pages have comments. `origins[0]` is the default site."""

    origins: tuple[str, ...]
    kept_parameters: tuple[str, ...] = ()

    def page_id(self, address: str) -> str:
        """Raises PageRefused with code `not_a_page`, `foreign_host` or `too_long`."""
        host, path, query = self._split(_clean(address))
        if host not in self._hosts:
            raise PageRefused("foreign_host")
        page_id = host + _normal_path(path) + self._kept_query(query)
        if len(page_id) > _MAX_BYTES:
            raise PageRefused("too_long")
        return page_id

    def address(self, url: str) -> str:
        """Return `url`, or the path on the default site, as a URL of a configured site.

        Raises PageRefused. Unlike a page id it keeps its query and fragment: people are sent there.
        """
        self.page_id(url)
        parts = urlsplit(self._absolute(_clean(url)))
        safe = "/%!$&'()*+,;=:@-._~?"
        tail = f"?{quote(parts.query, safe)}" if parts.query else ""
        tail += f"#{quote(parts.fragment, safe)}" if parts.fragment else ""
        return f"{self._origin_of(parts)}{quote(parts.path, safe)}{tail}"

    def _origin_of(self, parts: SplitResult) -> str:
        # As configured, not as typed: a browser may read a host's letters in another way than we do.
        host = _host(parts.scheme, parts.hostname or "", parts.port)
        return next(origin for origin in self.origins if _host_of(origin) == host)

    def _absolute(self, address: str) -> str:
        # "//host/path" is another host, not a path.
        if address.startswith("/") and not address.startswith(("//", "/\\")):
            return self.origins[0] + address
        # What this module made is an address too: an id comes back in answers, and people send it again.
        if address.partition("/")[0] in self._hosts:
            return f"{urlsplit(self.origins[0]).scheme}://{address}"
        return address

    def _split(self, address: str) -> tuple[str, str, str]:
        try:
            parts = urlsplit(self._absolute(address))
            hostname, port = parts.hostname, parts.port
        except ValueError:
            raise PageRefused("not_a_page") from None
        if parts.scheme not in _DEFAULT_PORTS or not hostname or "@" in parts.netloc:
            raise PageRefused("not_a_page")
        return _host(parts.scheme, hostname, port), parts.path, parts.query

    @cached_property
    def _hosts(self) -> frozenset[str]:
        return frozenset(map(_host_of, self.origins))

    def _kept_query(self, query: str) -> str:
        if not query or not self.kept_parameters:
            return ""
        kept = sorted((k, v) for k, v in parse_qsl(query) if k in self.kept_parameters)
        return f"?{urlencode(kept)}" if kept else ""


def _clean(address: str) -> str:
    """The address in NFC: however its letters were composed, it is one page."""
    if len(address) > _LONGEST_ADDRESS:
        raise PageRefused("too_long")
    try:
        cleaned = normalise(address).strip(" ")
    except ForbiddenCharacter:
        raise PageRefused("not_a_page") from None
    if not cleaned or _NOT_IN_AN_ADDRESS.search(cleaned):
        raise PageRefused("not_a_page")
    return cleaned


def _host_of(origin: str) -> str:
    parts = urlsplit(origin)
    return _host(parts.scheme, parts.hostname or "", parts.port)


def _host(scheme: str, hostname: str, port: int | None) -> str:
    if len(hostname) > _LONGEST_HOST:
        raise PageRefused("not_a_page")
    host = hostname.lower().removesuffix(".").removeprefix("www.")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            raise PageRefused("not_a_page") from None
    return host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"


def _normal_path(path: str) -> str:
    decoded = _ESCAPE.sub(_decode_unreserved, _NO_ESCAPE.sub("%25", path))
    segments: list[str] = []
    for segment in quote(decoded, safe="/%!$&'()*+,;=:@-._~").split("/")[1:]:
        if segment == "..":
            del segments[-1:]
        elif segment != ".":
            segments.append(segment)
    while segments and segments[-1] in ("", "index.html"):
        segments.pop()
    return "/" + "/".join(segments)


def _decode_unreserved(match: re.Match[str]) -> str:
    character = unquote_to_bytes(match[0]).decode("latin-1")
    return character if _UNRESERVED.fullmatch(character) else match[0].upper()
