"""`audit verify` says how many chains hold, and names the first break of each that does not."""

import json

import pytest

from chalicelib.audit import Act, Entry, find_break
from chalicelib.commands.audit import main
from tests.acts import publish
from tests.stack import Stack

Output = pytest.CaptureFixture[str]


def verify(stack: Stack, capsys: Output, *more: str) -> tuple[int, dict[str, object]]:
    code = main(["verify", *more], stack.environ("staff"))
    told: dict[str, object] = json.loads(capsys.readouterr().out)
    return code, told


def read_often(stack: Stack, comment_id: str, times: int) -> None:
    for _ in range(times):
        stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator")


def test_untouched_chains_hold(stack: Stack, capsys: Output) -> None:
    read_often(stack, publish(stack), 2)
    stack.call("GET", "/v1/staff/comments", role="moderator", query={"status": "approved"})
    assert verify(stack, capsys) == (0, {"chains": 2, "broken": []})


def test_first_break_is_named(stack: Stack, capsys: Output) -> None:
    comment_id = publish(stack)
    read_often(stack, comment_id, 3)
    stack.dynamodb.update_item(
        TableName=stack.table("AuditTable"),
        Key={"subject": {"S": comment_id}, "sequence": {"S": f"{2:012d}"}},
        UpdateExpression="SET actor = :actor",
        ExpressionAttributeValues={":actor": {"S": "token:somebody-else"}},
    )
    broken = [{"subject": comment_id, "sequence": 2}]
    assert verify(stack, capsys) == (1, {"chains": 1, "broken": broken})
    assert verify(stack, capsys, "--subject", comment_id) == (1, {"chains": 1, "broken": broken})


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
