"""The audit trail on an engine with real concurrency: chained however many read and decide at once."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from chalicelib.audit import find_break
from chalicelib.storage.audit import AuditTable
from chalicelib.storage.dynamodb import Database
from chalicelib.times import utc_now
from infra.local.aws import make_client

from .conftest import Stack
from .stories import STAFF_COMMENTS, Auth, a_page, approve, post_comment

pytestmark = pytest.mark.journey


def test_chain_holds_though_many_read_and_decide_at_once(
    stack: Stack, client: httpx.Client, moderator: Auth
) -> None:
    comment_id = post_comment(client, a_page())["id"]
    with ThreadPoolExecutor(8) as readers:
        reads = [
            readers.submit(client.get, f"{STAFF_COMMENTS}/{comment_id}", headers=moderator) for _ in range(24)
        ]
        approve(client, moderator, comment_id)
    assert {read.result().status_code for read in reads} == {200}
    emulator = json.loads((stack.folder / "ready.json").read_text())["emulator"]
    table = AuditTable(Database(make_client("dynamodb", emulator), utc_now), "frontdesk-local-audit")
    history = list(table.history(comment_id))
    assert find_break(history) is None
    # `approve` reads before it decides.
    assert len(history) >= 24 + 1
