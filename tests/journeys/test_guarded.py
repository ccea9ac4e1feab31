"""A stack with low limits that trusts approved authors, on an engine with real concurrency and IAM enforced.

The other journeys run where TRUST_AFTER is not set: there the public role may publish nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from uuid import uuid4

import httpx
import pytest

from chalicelib.judgement.form_tokens import make_form_token
from chalicelib.privacy.hashing import Hasher
from chalicelib.privacy.keys import read_keys

from .conftest import Stack, kill_group, start
from .stories import (
    COMMENTS,
    Json,
    a_comment,
    a_page,
    for_staff,
    patch_comment,
    publish_comment,
    thread,
    until,
)
from .test_storm import Tables, assert_one_order_for_each_publication, assert_recount, at_once, erase

pytestmark = pytest.mark.journey

LIMIT = 20
# A tick of it is longer than this module runs.
WINDOW = 86_400
NETWORKS = count(2)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as settings:
        for name in ("FRONTDESK_URL", "FRONTDESK_DATA"):
            settings.delenv(name, raising=False)
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
def tables(guarded: Stack) -> Tables:
    return Tables(guarded)


@pytest.fixture
def visitor(guarded: Stack) -> Iterator[httpx.Client]:
    """Somebody on a network of their own: each address of the loopback is one."""
    with from_network(guarded) as client:
        yield client


def from_network(stack: Stack) -> httpx.Client:
    transport = httpx.HTTPTransport(local_address=f"127.0.0.{next(NETWORKS)}")
    return httpx.Client(base_url=stack.url, timeout=30, transport=transport)


def a_form(stack: Stack) -> str:
    """The token of a form that was opened a minute ago."""
    hasher = Hasher(read_keys((stack.folder / "keys" / "keys.json").read_text()).hmac_secrets)
    return make_form_token("comment", datetime.now(UTC) - timedelta(minutes=1), hasher)


def post(client: httpx.Client, page: str, key: str = "", **fields: str | None) -> httpx.Response:
    """Send it until it is answered: where many meet, one may be asked to come again."""
    headers = {"Idempotency-Key": key or uuid4().hex}
    body = a_comment(page, message=uuid4().hex) | fields
    for _ in range(30):
        response = client.post(COMMENTS, json=body, headers=headers)
        if response.status_code != 503:
            return response
    raise AssertionError("never got through")


def stored_on(tables: Tables, page: str) -> list[Json]:
    return [i for i in tables.items("comments") if str(i.get("page_id", "")).endswith(page)]


def test_burst_from_one_network_never_exceeds_its_limit(visitor: httpx.Client, tables: Tables) -> None:
    page = a_page()
    keys = [uuid4().hex for _ in range(2 * LIMIT)]

    def burst(own: list[str]) -> dict[str, httpx.Response]:
        return {key: post(visitor, page, key, message=key) for key in own}

    answers: dict[str, httpx.Response] = {}
    for each in at_once([partial(burst, keys[n::8]) for n in range(8)]):
        answers |= each
    assert Counter(r.status_code for r in answers.values()) == {202: LIMIT, 429: LIMIT}
    assert len(stored_on(tables, page)) == LIMIT
    for key, first in answers.items():
        if first.status_code == 429:
            assert 0 < int(first.headers["retry-after"]) <= WINDOW // LIMIT
        else:
            # A replay gets its first answer, at any rate, and is not counted.
            assert post(visitor, page, key, message=key).json() == first.json()
    assert len(stored_on(tables, page)) == LIMIT


def test_another_network_is_not_held_up(guarded: Stack, visitor: httpx.Client) -> None:
    page = a_page()
    assert [post(visitor, page).status_code for _ in range(LIMIT + 1)] == [202] * LIMIT + [429]
    with from_network(guarded) as other:
        assert post(other, page).status_code == 202


def test_of_many_that_come_of_one_form_at_once_one_is_not_suspect(
    guarded: Stack, visitor: httpx.Client
) -> None:
    page, token = a_page(), a_form(guarded)
    answers = at_once([partial(post, visitor, page, form_token=token)] * 6)
    assert {r.status_code for r in answers} == {202}
    auth = guarded.auth("moderator")

    def replayed() -> int:
        found = [for_staff(visitor, auth, r.json()["id"])["reasons"] for r in answers]
        return sum(reason["code"] == "form_token_replayed" for reasons in found for reason in reasons)

    # Found behind the mail, one order after the other.
    until(lambda: replayed() >= 5)
    assert replayed() == 5


def test_trusted_author_is_published_at_once_and_another_is_not(
    guarded: Stack, visitor: httpx.Client, tables: Tables
) -> None:
    page, moderator = a_page(), guarded.auth("moderator")
    publish_comment(visitor, moderator, page, name="Kim", email="kim@example.org")
    known = {"name": "Kim", "email": "kim@example.org"}
    parent = post(visitor, page, form_token=a_form(guarded), **known)
    assert parent.status_code == 201, parent.text
    key, form = uuid4().hex, a_form(guarded)
    answer = post(visitor, page, key, form_token=form, parent_id=parent.json()["id"], message="Me.", **known)
    again = post(visitor, page, key, form_token=form, parent_id=parent.json()["id"], message="Me.", **known)
    assert (answer.status_code, answer.json()) == (again.status_code, again.json())
    assert answer.json()["comment"] in thread(visitor, page)["comments"]
    stranger = post(visitor, page, form_token=a_form(guarded), name="Kim", email="k@example.org")
    assert (stranger.status_code, set(stranger.json())) == (202, {"id", "status", "message", "help"})
    assert_recount(visitor, tables, page)


def test_every_count_is_a_recount_while_trusted_authors_write_and_staff_decide(
    guarded: Stack, tables: Tables
) -> None:
    page, moderator = a_page(), guarded.auth("moderator")
    ids: list[str] = []

    with guarded.client() as client, from_network(guarded) as one, from_network(guarded) as two:
        first = publish_comment(client, moderator, page, name="Jo", email="jo@example.org")

        def write(visitor: httpx.Client) -> Counter[int]:
            told: Counter[int] = Counter()
            for n in range(8):
                parent = first if n % 2 else None
                form = a_form(guarded)
                response = post(
                    visitor, page, name="Jo", email="jo@example.org", form_token=form, parent_id=parent
                )
                told[response.status_code] += 1
                ids.append(response.json()["id"])
            return told

        def withdraw(seed: int) -> Counter[int]:
            told: Counter[int] = Counter()
            for n in range(16):
                if not ids:
                    continue
                target = ids[(seed + 3 * n) % len(ids)]
                status = ("spam", "approved")[n % 2]
                done = patch_comment(client, moderator, target, 1 + n % 2, status=status)
                told[done.status_code] += 1
            return told

        acts: list[Callable[[], Counter[int]]] = [partial(write, v) for v in (one, two, one, two)]
        acts += [partial(withdraw, seed) for seed in range(2)]
        told = at_once(acts)
        assert sum(t[201] for t in told[:4]) > 8, told
        assert set().union(*told[:4]) <= {201, 202}, told
        assert_recount(client, tables, page)
        assert_approvals(tables)
        assert_one_order_for_each_publication(tables, {first, *ids})
        for comment_id in (first, *ids):
            assert erase(client, moderator, comment_id).status_code == 204
        assert assert_recount(client, tables, page) == {}
        assert_approvals(tables)


def assert_approvals(tables: Tables) -> None:
    items = list(tables.items("comments"))
    counted = {i["comment_id"]: i["approvals"] for i in items if "approvals" in i and "expires_at" not in i}
    approved = (i for i in items if i.get("status") == "approved" and "trust_key" in i)
    assert counted == Counter(f"author!{i['trust_key']}" for i in approved)
