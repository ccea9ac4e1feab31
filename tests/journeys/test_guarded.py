"""A stack whose limits are low and which trusts authors, on an engine with real concurrency and IAM.

The other journeys run where TRUST_AFTER is not set: there the public role may publish nothing.
"""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from uuid import uuid4

import httpx
import pytest

from .conftest import Stack, kill_group, start
from .stories import COMMENTS, Auth, Json, a_comment, a_page, for_staff, patch_comment, until
from .test_storm import Tables, assert_one_order_for_each_publication, assert_recount, at_once, erase

pytestmark = pytest.mark.journey

LIMIT = 30
# So long that no tick passes while a burst is sent: a limit for each test.
WINDOW = 80_000


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as settings:
        settings.setenv("RATE_LIMIT", f"{LIMIT}")
        settings.setenv("RATE_WINDOW", f"{WINDOW}")
        settings.setenv("TRUST_AFTER", "1")
        stack = start(tmp_path_factory.mktemp("guarded") / "data")
    yield stack
    assert stack.process is not None
    try:
        assert stack.stop() == 0
    finally:
        if stack.process.poll() is None:
            kill_group(stack.process)


@pytest.fixture(scope="module")
def visitor(guarded: Stack) -> Iterator[httpx.Client]:
    with guarded.client() as client:
        yield client


def post(client: httpx.Client, page: str, who: str, message: str, **fields: str) -> httpx.Response:
    """As by the site's form, each opened a while ago."""
    body = a_comment(page, email=f"{who}@example.org", message=message, **fields)
    return client.post(COMMENTS, json=body, headers={"Idempotency-Key": uuid4().hex})


def opened_form(client: httpx.Client) -> str:
    """A form token that is old enough to be used."""
    import time  # noqa: PLC0415

    token: str = client.get("/v1/form", params={"kind": "comment"}).json()["form_token"]
    time.sleep(3.1)
    return token
