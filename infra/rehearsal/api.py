"""The deployed API, called over HTTP as API Gateway's own address would be."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from infra.rehearsal.account import Account
from infra.rehearsal.errors import RehearsalError, check

SECONDS_TO_WAIT = 60.0
_SECONDS_BETWEEN_LOOKS = 0.2

Auth = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Api:
    """`address` is all that stands before the path."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        auth: Auth | None = None,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """`body` is sent as JSON, `form` as a form. Errors are answers too."""
        content, kind = None, None
        if form is not None:
            content, kind = urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif body is not None:
            content, kind = json.dumps(body).encode(), "application/json"
        headers = {**(auth or {}), **({"Content-Type": kind} if kind else {})}
        url = f"{self._address}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        request = urllib.request.Request(url, content, headers, method=method)  # noqa: S310 - of our own
        try:
            with self._opener.open(request, timeout=40) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read().decode())

    def expect(self, status: int, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """Raises RehearsalError for another status. The path of a link is not told: it decides."""
        answer = self.call(method, path, body, **more)
        told = "/moderate/…" if path.startswith("/moderate/") else path
        check(answer.status == status, f"{method} {told} answered {answer.status}, not {status}")
        return answer


def api_of(account: Account, stack: str) -> Api:
    """Raises RehearsalError where the stack has no API."""
    resources = account.resources(stack)
    if "RestAPI" not in resources:
        raise RehearsalError(f"{stack} has no API")
    return Api(f"{account.endpoint}/restapis/{resources['RestAPI']}/api/_user_request_")


def until(look: Callable[[], T | None], what: str, seconds: float = SECONDS_TO_WAIT) -> T:
    """What `look` finds at last. Raises RehearsalError when it finds nothing in time."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise RehearsalError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    return found
