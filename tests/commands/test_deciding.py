"""Decisions by command: one, several, a file of many; each by itself, with a result each."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from chalicelib import comments
from chalicelib.commands.refusals import code_of
from chalicelib.errors import Unavailable
from tests.acts import add_comment, assert_recount, decide, publish, read_thread
from tests.commands.typing import Seen, type_command
from tests.faults import OUTAGES, FailingClient, desk_on
from tests.stack import Stack


def decide_file(stack: Stack, file: Path, *more: str) -> Seen:
    return type_command(stack, "decide", "--file", str(file), "--yes", "--json", *more)


def write_csv(file: Path, *rows: str) -> Path:
    file.write_text("\n".join(["id,revision,status,reason", *rows, ""]))
    return file


def statuses(stack: Stack) -> dict[str, str]:
    return {i["comment_id"]["S"]: i["status"]["S"] for i in stack.items("CommentsTable") if "status" in i}


def test_one_decision_needs_no_question_and_is_the_apis(stack: Stack) -> None:
    comment_id = add_comment(stack)
    seen = type_command(stack, "decide", f"{comment_id}@1", "--status", "approved", "--reason", "kind")
    assert (seen.code, seen.out) == (0, f"{comment_id}@2  Approved.\n")
    assert seen.told == "1 done"
    assert [c["id"] for c in read_thread(stack)["comments"]] == [comment_id]
    [act] = [e for e in stack.items("AuditTable") if e["action"]["S"] == "decide"]
    assert act["actor"]["S"].startswith("command:")
    assert (act["before"]["S"], act["after"]["S"], act["reason"]["S"]) == ("pending", "approved", "kind")
    # The author who asked is mailed, as through the API: the order stands in the outbox.
    assert "comment_approved" in {row["kind"]["S"] for row in stack.items("OutboxTable")}


def test_several_are_decided_and_a_bad_one_does_not_stop_the_others(stack: Stack) -> None:
    first, second = add_comment(stack), add_comment(stack, message="Another.")
    seen = type_command(stack, "decide", f"{first}@7", f"{second}@1", "--status", "spam", "--yes", "--json")
    assert seen.code == 1
    assert [(r["id"], r["result"], r["revision"]) for r in seen.lines] == [
        (first, "stale_revision", 1),
        (second, "done", 2),
    ]
    assert statuses(stack) == {first: "pending", second: "spam"}
    assert seen.told == "1 stale revision, 1 done"


def test_each_bad_entry_has_its_own_result(stack: Stack, tmp_path: Path) -> None:
    good, stale, same = (add_comment(stack, message=f"{n}") for n in range(3))
    erased = publish(stack, message="Erased.")
    stack.call("DELETE", f"/v1/staff/comments/{erased}", role="moderator")
    file = write_csv(
        tmp_path / "d.csv",
        f"{good},1,approved,kind",
        f"{stale},9,rejected,",
        f"{same},1,pending,",
        "c01ng97crd0gsnvhb8tsv0yzw2j,1,spam,",
        "7KQ2M-8XD4T,1,spam,",
        f"{erased},2,spam,",
        f"{stale},one,spam,",
        f"{stale},1,published,",
        ",1,spam,",
        f"{stale},1,spam,{'x' * 501}",
        f"{stale},1,spam,a,b",
        f'{stale},1,spam,"never closed',
        f"{stale},1,rejected,off topic",
    )
    seen = decide_file(stack, file)
    assert seen.code == 1
    assert [(r["line"], r["result"]) for r in seen.lines] == [
        (2, "done"),
        (3, "stale_revision"),
        (4, "already_so"),
        (5, "not_found"),
        (6, "not_found"),
        (7, "not_found"),
        (8, "invalid_fields"),
        (9, "invalid_fields"),
        (10, "invalid_fields"),
        (11, "invalid_fields"),
        (12, "invalid_fields"),
        (13, "invalid_fields"),
        (14, "done"),
    ]
    assert {s: statuses(stack)[s] for s in (good, stale, same)} == {
        good: "approved",
        stale: "rejected",
        same: "pending",
    }
    told = {r["line"]: r["message"] for r in seen.lines}
    assert told[6] == "There is no such comment. The id has the form of another kind: enquiry."
    assert told[8] == "Revision: this is no whole number above 0."
    assert told[9] == "Status: this is none of pending, approved, rejected, spam."
    assert told[11] == "Reason: it is too long: at most 500 characters."
    assert told[13] == "This is not CSV."
    assert seen.told == "2 done, 1 stale revision, 1 already so, 3 not found, 6 invalid fields"


BAD_LINES = [
    "not json",
    "[]",
    '"x"',
    "{}",
    '{"id": 3}',
    "[" * 100_000,
    '{"id": "c1", "revision": true, "status": "spam"}',
    '{"id": "c1", "revision": 1.0, "status": "spam"}',
    '{"id": "c1", "revision": 1, "status": "spam", "text": "x"}',
    '{"id": "c1", "revision": 1, "status": "spam", "reason": 5}',
    '{"id": "c1", "revision": 1}',
    r'{"id": "c\ud800", "revision": 1, "status": "spam"}',
    r'{"id": "c\u0000", "revision": 1, "status": "spam"}',
    r'{"id": "c1", "revision": 1, "status": "spam", "reason": "\ud800"}',
]


@pytest.mark.parametrize("line", BAD_LINES, ids=range(len(BAD_LINES)))
def test_bad_line_of_json_stops_no_other(stack: Stack, tmp_path: Path, line: str) -> None:
    comment_id = add_comment(stack)
    good = json.dumps(
        {"id": comment_id, "revision": 1, "status": "approved", "reason": "a\u2028b"}, ensure_ascii=False
    )
    file = tmp_path / "d.jsonl"
    file.write_text(f"{{}}\n{line}\n\n{good}\n")
    seen = decide_file(stack, file)
    assert [(r["line"], r["result"]) for r in seen.lines] == [
        (1, "invalid_fields"),
        (2, "invalid_fields"),
        (4, "done"),
    ]
    assert "Traceback" not in seen.err


@pytest.mark.parametrize(
    "head",
    ["id,revision,status,reason\n", "", "status,revision,id\n", "\ufeffID, Revision ,status\r\n", "\n\n"],
)
def test_csv_is_read_with_and_without_a_line_of_names(stack: Stack, tmp_path: Path, head: str) -> None:
    comment_id = add_comment(stack)
    columns = f"approved,1,{comment_id}" if head.startswith("status") else f"{comment_id},1,approved"
    file = tmp_path / "d.csv"
    file.write_bytes(f"{head}{columns}\n".encode())
    assert [r["result"] for r in decide_file(stack, file).lines] == ["done"]


def test_reason_of_csv_may_have_commas_and_line_breaks(stack: Stack, tmp_path: Path) -> None:
    first, second = add_comment(stack), add_comment(stack, message="Another.")
    file = write_csv(tmp_path / "d.csv", f'{first},1,spam,"a shop,\nand rude"', f"{second},1,spam,")
    assert [(r["line"], r["result"]) for r in decide_file(stack, file).lines] == [(2, "done"), (4, "done")]
    assert "a shop,\nand rude" in [e.get("reason", {}).get("S") for e in stack.items("AuditTable")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "Line 1: there is no decision in it."),
        (b"\n \n", "Line 1: there is no decision in it."),
        (b"id,revision,status,reason\n", "Line 1: there is no decision in it."),
        (
            b"id,revision\nc1,1\n",
            "Line 1: the columns must be id, revision, status, reason; the last may be left out.",
        ),
        (b"id,revision,status\nc1,1,spam\nc\xff,1,spam\n", "Line 3: this is not UTF-8."),
    ],
)
def test_file_that_cannot_be_used_is_told_with_line_and_reason(
    stack: Stack, tmp_path: Path, content: bytes, told: str
) -> None:
    file = tmp_path / "d.csv"
    file.write_bytes(content)
    seen = decide_file(stack, file)
    assert (seen.code, seen.out, seen.told) == (2, "", f"The file cannot be used. {told}")


def test_file_that_is_not_there_is_told(stack: Stack, tmp_path: Path) -> None:
    for file, why in ((tmp_path / "none.csv", "No such file or directory"), (tmp_path, "Is a directory")):
        seen = decide_file(stack, file)
        assert (seen.code, seen.out, seen.told) == (2, "", f"The file cannot be read: {why}.")


def test_decisions_come_from_stdin_too(stack: Stack) -> None:
    comment_id = add_comment(stack)
    seen = type_command(stack, "decide", "--file", "-", "--yes", "--json", typed=f"{comment_id},1,approved\n")
    assert (seen.code, seen.lines[0]["result"]) == (0, "done")
    # Stdin is taken: there is nobody to ask.
    seen = type_command(stack, "decide", "--file", "-", typed=f"{comment_id},2,spam\n")
    assert (seen.code, statuses(stack)) == (2, {comment_id: "approved"})


def test_what_was_broken_off_is_run_again_and_told_apart(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [add_comment(stack, message=f"{n}") for n in range(5)]
    file = write_csv(tmp_path / "d.csv", *[f"{id_},1,approved," for id_ in ids])
    decide_one, left = comments.decide, iter(range(2))

    def stop_after_two(*arguments: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return decide_one(*arguments)

    monkeypatch.setattr(comments, "decide", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        decide_file(stack, file)
    monkeypatch.undo()
    assert Counter(statuses(stack).values()) == {"approved": 2, "pending": 3}
    seen = decide_file(stack, file)
    assert [r["result"] for r in seen.lines] == ["already_so"] * 2 + ["done"] * 3
    assert (seen.code, seen.told) == (0, "2 already so, 3 done")
    assert sorted(assert_recount(stack)) == sorted(ids)
    # Decided once each, however often it is run.
    assert decide_file(stack, file).told == "5 already so"
    assert sum(e["action"]["S"] == "decide" for e in stack.items("AuditTable")) == 5


def test_stale_decision_that_is_not_so_already_stays_refused(stack: Stack, tmp_path: Path) -> None:
    comment_id = publish(stack)
    assert decide(stack, comment_id, '"2"', status="rejected").status == 200
    [result] = decide_file(stack, write_csv(tmp_path / "d.csv", f"{comment_id},2,spam,")).lines
    assert (result["result"], result["revision"]) == ("stale_revision", 3)


def test_progress_is_told_in_a_hundred_steps(stack: Stack, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "d.csv", *[f"c{n},1,spam," for n in range(10_000)])
    seen = decide_file(stack, file, "--progress")
    assert len(seen.lines) == 10_000
    steps = [line for line in seen.err.splitlines() if line.endswith("decisions")]
    assert (len(steps), steps[0], steps[-1]) == (100, "100 of 10,000 decisions", "10,000 of 10,000 decisions")
    assert seen.told == "10,000 not found"


def test_storage_that_does_not_answer_is_not_asked_ten_thousand_times(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = FailingClient(OUTAGES["read timeout"])
    desk = desk_on(stack, "staff", client)
    monkeypatch.setattr("chalicelib.commands.main.open_desk", lambda _environ, _now: desk)
    file = write_csv(tmp_path / "d.csv", *[f"c{n},1,spam," for n in range(10_000)])
    seen = decide_file(stack, file)
    assert Counter(r["result"] for r in seen.lines) == {"unavailable": 10_000}
    assert len(client.calls) == 3
    assert seen.lines[0]["message"] == "get_item: It does not answer. Run it again: it goes on."
    assert seen.lines[-1]["message"] == "Not begun, for storage does not answer."
    assert seen.lines[0]["result"] == code_of(Unavailable("get_item"))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["c1@1"],
        ["--status", "spam"],
        ["c1@1", "--file", "d.csv"],
        ["--file", "d.csv", "--status", "spam"],
        ["--file", "d.csv", "--reason", "x"],
    ],
)
def test_half_a_decision_is_wrong_usage(stack: Stack, arguments: list[str]) -> None:
    assert type_command(stack, "decide", *arguments).code == 2


@pytest.mark.parametrize(
    "arguments", [["c1", "--status", "spam"], ["c1@x", "--status", "spam"], ["c1@1", "--status", "published"]]
)
def test_words_that_are_no_decision_exit_with_2(stack: Stack, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        type_command(stack, "decide", *arguments)
    assert exited.value.code == 2
