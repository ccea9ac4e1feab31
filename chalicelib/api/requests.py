"""A request as the handlers read it: parsed, limited, with the client's own claims left out."""

import json
import re
from base64 import b64decode
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from chalicelib.errors import (
    FieldProblem,
    InvalidFields,
    Malformed,
    NotFound,
    RevisionRequired,
    StaleRevision,
    TooLarge,
    UnsupportedMediaType,
)
from chalicelib.staff_tokens import Actor

MAX_BODY_BYTES = 32 * 1024
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

_LONGEST_ID = 64
_LONGEST_LANGUAGES = 200
_WEIGHT = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")
_VISIBLE_ASCII = re.compile("[\x21-\x7e]{1,255}")
_STRONG_ETAG = re.compile('"([0-9]{1,18})"')


@dataclass
class Request:
    """Built from an API Gateway proxy event (payload format 1.0)."""

    event: dict[str, Any]
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = {name.lower(): value for name, value in (self.event.get("headers") or {}).items()}

    @property
    def method(self) -> str:
        return str(self.event["requestContext"]["httpMethod"])

    @property
    def route(self) -> str:
        return str(self.event["requestContext"]["resourcePath"])

    @property
    def id(self) -> str:
        return str(self.event["requestContext"].get("requestId", ""))

    @property
    def ip(self) -> str:
        # Not X-Forwarded-For: that is the visitor's own claim.
        return str(self.event["requestContext"]["identity"]["sourceIp"])

    def path(self, name: str, longest: int = _LONGEST_ID) -> str:
        """Raises NotFound for what is longer than any id: DynamoDB refuses keys of over 2,048 bytes."""
        return check_id(str(self.event["pathParameters"][name]), longest)

    def query(self, name: str) -> str | None:
        given = (self.event.get("multiValueQueryStringParameters") or {}).get(name)
        return given[-1] if given else None

    @cached_property
    def actor(self) -> Actor | None:
        """Who the authorizer says is asking; None on a public route."""
        shown = self.event["requestContext"].get("authorizer") or {}
        return Actor(shown["principalId"], shown["role"]) if "role" in shown else None

    @cached_property
    def body(self) -> bytes:
        """Raises TooLarge."""
        body = self.event.get("body") or ""
        # Told apart before decoding: base64 makes three bytes into four.
        if len(body) > MAX_BODY_BYTES * 2:
            raise TooLarge(MAX_BODY_BYTES)
        raw = b64decode(body) if self.event.get("isBase64Encoded") else _encode(body)
        if len(raw) > MAX_BODY_BYTES:
            raise TooLarge(MAX_BODY_BYTES)
        return raw

    @cached_property
    def content_type(self) -> str:
        """Raises UnsupportedMediaType where the charset is not UTF-8, the only one of RFC 8259."""
        media_type, *parameters = self.headers.get("content-type", "").lower().split(";")
        for parameter in parameters:
            name, _, value = parameter.strip().partition("=")
            if name == "charset" and value.strip('"') not in ("utf-8", "utf8"):
                raise UnsupportedMediaType
        return media_type.strip()

    def json_object(self) -> dict[str, Any]:
        """Raises TooLarge, UnsupportedMediaType or Malformed."""
        body = self.body
        if self.content_type != JSON:
            raise UnsupportedMediaType
        try:
            parsed = json.loads(body.decode(), parse_constant=_refuse_constant)
        except RecursionError:
            raise Malformed("The JSON is nested too deeply.") from None
        except ValueError:
            raise Malformed("The body is not JSON in UTF-8.") from None
        if not isinstance(parsed, dict):
            raise Malformed("The body is JSON, but not an object.")
        return parsed

    def form_fields(self) -> dict[str, list[str]]:
        """The fields of an urlencoded form, each with all its values. Raises TooLarge or Malformed."""
        fields: dict[str, list[str]] = {}
        try:
            for name, value in parse_qsl(
                self.body.decode(), keep_blank_values=True, errors="strict", max_num_fields=200
            ):
                fields.setdefault(name, []).append(value)
        except ValueError:
            raise Malformed("The body is not a form in UTF-8.") from None
        return fields

    @property
    def is_form(self) -> bool:
        return self.content_type == FORM

    def language(self, ours: tuple[str, ...], default: str) -> str:
        """Which of our languages the visitor likes best (RFC 9110, 12.5.4), or `default`."""
        liked = []
        for part in self.headers.get("accept-language", "")[:_LONGEST_LANGUAGES].split(","):
            tag, _, weight = part.partition(";")
            language = tag.strip().lower().partition("-")[0]
            match = _WEIGHT.fullmatch(weight.strip())
            if language in ours and (match or not weight):
                liked.append((float(match[1]) if match else 1.0, language))
        best, language = max(liked, key=lambda like: like[0], default=(0.0, default))
        return language if best else default

    def idempotency_key(self) -> str | None:
        """Raises InvalidFields."""
        key = self.headers.get("idempotency-key")
        if key is not None and not _VISIBLE_ASCII.fullmatch(key):
            problem = "This must be 1 to 255 visible ASCII characters."
            raise InvalidFields([FieldProblem("Idempotency-Key", "not_visible_ascii", problem)])
        return key

    def seen_revisions(self, *, required: bool = True) -> set[int] | None:
        """The revisions that If-Match names (RFC 9110, 13.1.1); None for `*`.

        Raises RevisionRequired, or StaleRevision where it names nothing that a revision could be.
        """
        given = self.headers.get("if-match", None if required else "*")
        if given is None:
            raise RevisionRequired
        if given.strip() == "*":
            return None
        # Strong comparison: `W/"3"` does not match revision 3.
        named = [_STRONG_ETAG.fullmatch(tag.strip()) for tag in given.split(",")]
        revisions = {int(match[1]) for match in named if match}
        if not revisions:
            raise StaleRevision
        return revisions


def check_id(value: str, longest: int = _LONGEST_ID) -> str:
    """Raises NotFound for what is no id of anything, in length or letters."""
    if not 0 < len(value) <= longest:
        raise NotFound
    return value


def _encode(body: str) -> bytes:
    try:
        return body.encode()
    except UnicodeEncodeError:
        raise Malformed("The body is not UTF-8.") from None


def _refuse_constant(_name: str) -> NoReturn:
    # Python reads NaN and Infinity; JSON has no such thing (RFC 8259, 6).
    raise ValueError
