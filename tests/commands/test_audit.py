"""`audit verify` names the first break of each chain; `audit list` shows entries as the API does."""

import shutil
from pathlib import Path

import pytest

from chalicelib.audit import Act, Entry, find_break
from tests.acts import publish
from tests.commands.typing import done, type_command
from tests.faults import OUTAGES, FailingClient, desk_on
from tests.stack import Stack


def read_often(stack: Stack, comment_id: str, times: int) -> None:
    for _ in range(times):
        stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator")


def test_untouched_chains_hold(stack: Stack) -> None:
    read_often(stack, publish(stack), 2)
    stack.call("GET", "/v1/staff/comments", role="moderator", query={"status": "approved"})
    assert done(stack, "audit", "verify") == {"chains": 2, "broken": []}
    assert type_command(stack, "audit", "verify").told == "2 of 2 chains hold"


def test_first_break_is_named(stack: Stack) -> None:
    comment_id = publish(stack)
    read_often(stack, comment_id, 3)
    stack.dynamodb.update_item(
        TableName=stack.table("AuditTable"),
        Key={"subject": {"S": comment_id}, "sequence": {"S": f"{2:012d}"}},
        UpdateExpression="SET actor = :actor",
        ExpressionAttributeValues={":actor": {"S": "token:somebody-else"}},
    )
    broken = {"chains": 1, "broken": [{"subject": comment_id, "sequence": 2}]}
    for more in ((), ("--subject", comment_id)):
        seen = type_command(stack, "audit", "verify", *more, "--json")
        assert (seen.code, seen.json) == (1, broken)


def test_verifying_tells_how_far_it_is(stack: Stack) -> None:
    read_often(stack, publish(stack), 1)
    stack.call("GET", "/v1/staff/comments", role="moderator", query={"status": "approved"})
    err = type_command(stack, "audit", "verify", "--progress").err.splitlines()
    assert err[1:] == ["1 of 2 chains", "2 of 2 chains", "2 of 2 chains hold"]


def test_list_is_the_apis(stack: Stack) -> None:
    comment_id = publish(stack)
    read_often(stack, comment_id, 2)
    for query in ({}, {"subject": comment_id}, {"actor": "token:moderator"}):
        by_api = stack.call("GET", "/v1/staff/audit", role="admin", query=query).json["entries"]
        arguments = [word for name, value in query.items() for word in (f"--{name}", value)]
        assert done(stack, "audit", "list", *arguments)["entries"] == by_api
        assert len(by_api) == 3


def test_list_goes_on_to_its_limit_and_says_that_there_is_more(stack: Stack) -> None:
    read_often(stack, publish(stack), 3)
    seen = type_command(stack, "audit", "list", "--limit", "2", "--json")
    assert (len(seen.json["entries"]), seen.json["more"]) == (2, True)
    assert seen.told == "Entries: 2; there may be more: --limit N, or --all"
    assert len(done(stack, "audit", "list", "--all")["entries"]) == 4


def test_entry_that_lost_a_race_is_chained_behind_the_winner(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    loser, winner = stack.fresh_desk("staff").store, stack.fresh_desk("staff").store
    find_last = loser.audit.find_last
    races = iter([True, True, False])

    def find_last_then_lose(subject: str) -> Entry | None:
        last = find_last(subject)
        if next(races):
            winner.record_reading(Act(subject, "token:winner", "read", stack.now))
        return last

    monkeypatch.setattr(loser.audit, "find_last", find_last_then_lose)
    loser.record_reading(Act("s", "token:loser", "read", stack.now))
    history = list(winner.audit.history("s"))
    assert [entry.act.actor for entry in history] == ["token:winner", "token:winner", "token:loser"]
    assert find_break(history) is None


OF_ALL = {
    ("keys", "rotate"): ("keys", "rotate", "sealing"),
    ("keys", "rotate", "--hmac"): ("keys", "rotate", "hmac"),
    ("keys", "reseal"): ("keys", "reseal", None),
    ("mail", "resume"): ("mail", "resume", None),
    ("dead-letters", "redrive"): ("mail", "redrive", None),
}


@pytest.mark.parametrize("typed", OF_ALL, ids=" ".join)
def test_what_is_done_to_all_keys_or_mail_is_noted_before_it_is_done(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...]
) -> None:
    stack.keys = {name: shutil.copy(path, str(tmp_path)) for name, path in stack.keys.items()}
    kept = {path: Path(path).read_bytes() for path in stack.keys.values()}
    real = stack.desk("staff").store.database._client
    cut = FailingClient(OUTAGES["throttled"], real, ("transact_write_items",))
    with monkeypatch.context() as patched:
        patched.setattr("chalicelib.commands.main.open_desk", lambda *_: desk_on(stack, "staff", cut))
        seen = type_command(stack, *typed, "--yes")
    # What cannot be noted is not done.
    assert (seen.code, seen.out) == (1, "")
    assert {path: Path(path).read_bytes() for path in kept} == kept
    done(stack, *typed)
    subject, action, after = OF_ALL[typed]
    [entry] = done(stack, "audit", "list", "--subject", subject)["entries"]
    assert (entry["action"], entry["to"]) == (action, after)
    assert entry["actor"].startswith("command:")
    assert done(stack, "audit", "verify", "--subject", subject) == {"chains": 1, "broken": []}
