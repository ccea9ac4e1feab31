"""Enquiries by command: the API's own words and changes."""

from typing import Any

import pytest

from tests.acts import post_enquiry
from tests.commands.typing import done, type_command
from tests.stack import Stack


@pytest.fixture
def reference(stack: Stack) -> str:
    return str(post_enquiry(stack).json["reference"])


def test_list_is_the_apis(stack: Stack, reference: str) -> None:
    family = post_enquiry(stack, topic="family", message="My brother drinks.").json["reference"]
    stack.later(hours=30)
    by_api = stack.call("GET", "/v1/staff/enquiries", role="admissions").json["enquiries"]
    assert done(stack, "enquiries", "list") == {"enquiries": by_api, "more": False}
    assert [e["reference"] for e in done(stack, "enquiries", "list", "--topic", "family")["enquiries"]] == [
        family
    ]
    assert done(stack, "enquiries", "list", "--status", "closed")["enquiries"] == []
    rows = type_command(stack, "enquiries", "list").out.splitlines()
    assert {row.split()[0] for row in rows[1:]} == {f"{reference}@1", f"{family}@1"}
    assert all("overdue" in row and "1 d" in row for row in rows[1:])


@pytest.mark.parametrize(
    ("arguments", "changed", "actions"),
    [
        (["--status", "in_progress"], {"status": "in_progress"}, ["decide"]),
        (["--assign", "Kim"], {"assignee": "Kim"}, ["assign"]),
        (
            ["--status", "closed", "--assign", "Kim"],
            {"status": "closed", "assignee": "Kim"},
            ["decide", "assign"],
        ),
    ],
)
def test_change_is_the_apis(
    stack: Stack, reference: str, arguments: list[str], changed: dict[str, Any], actions: list[str]
) -> None:
    answered = done(stack, "enquiries", "set", f"{reference}@1", *arguments)
    assert answered == {**answered, **changed, "revision": 2}
    shown = stack.call("GET", f"/v1/staff/enquiries/{reference}", role="admissions").json
    assert {name: shown[name] for name in answered} == answered
    assert [act["action"] for act in shown["history"]] == [*actions, "read"]


def test_enquiry_is_taken_from_who_had_it(stack: Stack, reference: str) -> None:
    done(stack, "enquiries", "set", f"{reference}@1", "--assign", "Kim")
    assert done(stack, "enquiries", "set", f"{reference}@2", "--unassign")["assignee"] is None


@pytest.mark.parametrize("note", ["Called back.", "-"])
def test_note_can_come_from_stdin_where_no_history_of_a_shell_keeps_it(
    stack: Stack, reference: str, note: str
) -> None:
    answered = done(stack, "enquiries", "set", f"{reference}@1", "--note", note, typed="Called back.\n")
    assert [n["text"] for n in answered["notes"]] == ["Called back."]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "it is empty"),
        ("x" * 2001, "it is too long: at most 2000 characters"),
        ("\x1b", "it has a character that is not allowed"),
    ],
)
def test_bad_note_from_stdin_changes_nothing(stack: Stack, reference: str, typed: str, why: str) -> None:
    seen = type_command(stack, "enquiries", "set", f"{reference}@1", "--note", "-", typed=typed)
    assert (seen.code, seen.told) == (2, f"What came on stdin cannot be used: {why}.")
    assert stack.items("AuditTable") == []


@pytest.mark.parametrize(
    ("seen", "arguments", "code", "told"),
    [
        ("{}@2", ["--status", "closed"], 1, "Not done. It has a newer revision: look at it again."),
        ("{}@1", ["--status", "new"], 1, "Not done. It cannot go to that status from its own."),
        ("{}@1", [], 2, "Say what to set: --status, --assign, --unassign or --note."),
        ("AAAAA-AAAAA@1", ["--status", "closed"], 1, "There is no such enquiry."),
    ],
)
def test_change_that_cannot_be_is_one_plain_line(
    stack: Stack, reference: str, seen: str, arguments: list[str], code: int, told: str
) -> None:
    answered = type_command(stack, "enquiries", "set", seen.format(reference), *arguments)
    assert (answered.code, answered.out, answered.told) == (code, "", told)
    assert stack.items("AuditTable") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["x"],
        ["{}"],
        ["{}@"],
        ["{}@1", "--status", "open"],
        ["{}@1", "--assign", ""],
        ["{}@1", "--note", "x" * 2001],
        ["{}@1", "--assign", "Kim", "--unassign"],
    ],
)
def test_words_that_are_no_change_exit_with_2(stack: Stack, reference: str, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        type_command(stack, "enquiries", "set", *[word.format(reference) for word in arguments])
    assert exited.value.code == 2
    assert stack.items("AuditTable") == []


def test_a_reference_is_shown_as_it_was_heard_on_the_phone(stack: Stack, reference: str) -> None:
    heard = reference.lower().replace("-", "").replace("0", "o")
    assert done(stack, "enquiries", "show", heard)["reference"] == reference
