"""From words to an exit code: which Frontdesk, what is asked first, and how it is told what went wrong."""

import io
import json
import os
import pwd
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import errors, wiring
from chalicelib.api import problems
from chalicelib.api.schemas import CommentChange, EnquiryChange, NewToken
from chalicelib.commands import refusals, typed
from chalicelib.commands.main import main
from chalicelib.commands.printable import columns, cut, fields, printable, table
from chalicelib.commands.screen import Progress
from chalicelib.config import SettingsError
from chalicelib.errors import Unavailable
from infra.functions import FUNCTIONS
from tests.acts import add_comment
from tests.commands.typing import Terminal, type_command
from tests.faults import OUTAGES, FailingClient, desk_on, refused
from tests.stack import Stack

CREDENTIALS = "The AWS credentials are missing, wrong or expired."


# ---- which Frontdesk


def running(stack: Stack, folder: Path, **more: Any) -> Path:
    """The folder as `make run` leaves it while it runs."""
    aws = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "test", "NO_PROXY": "127.0.0.1"}
    told = {"pid": os.getpid(), "environment": stack.environ("staff") | aws, **more}
    (folder / "ready.json").write_text(json.dumps(told))
    return folder


def test_running_stack_is_found_by_its_folder_and_the_own_aws_profile_is_not_looked_at(
    stack: Stack, tmp_path: Path
) -> None:
    comment_id = add_comment(stack)
    environ = {
        "AWS_PROFILE": "mine",
        "AWS_SECRET_ACCESS_KEY": "mine",
        "PATH": "kept",
        "COMMENTS_TABLE": "other",
    }
    seen = type_command(stack, "queue", f"--local={running(stack, tmp_path)}", environ=environ)
    assert comment_id in seen.out
    assert seen.err.splitlines()[0].startswith(f"Stage local, folder {tmp_path}, as command:")
    assert environ == {
        "PATH": "kept",
        "COMMENTS_TABLE": "other",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "test",
        "NO_PROXY": "127.0.0.1",
    }


@pytest.mark.parametrize("arguments", [["--local", "queue"], ["queue", "--local"]])
def test_local_alone_means_the_folder_of_make_run(stack: Stack, tmp_path: Path, arguments: list[str]) -> None:
    environ = {"FRONTDESK_DATA": str(running(stack, tmp_path))}
    assert type_command(stack, *arguments, environ=environ).code == 0


@pytest.mark.parametrize(
    "ready",
    [None, "", "{}", "[]", '{"pid": 4194304, "environment": {}}', '{"pid": "x", "environment": {}}'],
)
def test_no_stack_that_runs_is_one_plain_line(stack: Stack, tmp_path: Path, ready: str | None) -> None:
    if ready is not None:
        (tmp_path / "ready.json").write_text(ready)
    seen = type_command(stack, "queue", f"--local={tmp_path}")
    assert (seen.code, seen.out) == (2, "")
    assert seen.err == (
        f"No stack runs on the folder {tmp_path}: start it with make run, or name another: --local=FOLDER.\n"
    )


class Lambda:
    """Stands for the session of the SDK: knows one function, or fails."""

    def __init__(self, answer: dict[str, Any] | Exception) -> None:
        self.asked: list[str] = []
        self._answer = answer

    def create_client(self, service: str, **_: Any) -> Any:
        assert service == "lambda"
        return SimpleNamespace(get_function_configuration=self._get)

    def _get(self, FunctionName: str) -> dict[str, Any]:
        self.asked.append(FunctionName)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def test_deployed_stage_is_found_by_its_staff_functions_own_settings(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment_id = add_comment(stack)
    answer = {
        "FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:frontdesk-prod-staff",
        "Environment": {"Variables": stack.environ("staff")},
    }
    session, make_session = Lambda(answer), wiring.make_session
    sessions = iter([session, make_session()])
    monkeypatch.setattr(wiring, "make_session", lambda: next(sessions))
    environ: dict[str, str] = {}
    seen = type_command(
        stack, "--stage", "prod", "--region", "eu-west-1", "decide", f"{comment_id}@1", "--status", "spam",
        environ=environ,
    )  # fmt: skip
    assert seen.code == 0
    assert session.asked == ["frontdesk-prod-staff"]
    assert environ == {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    where, what = seen.err.splitlines()[:2]
    assert where.startswith("Stage local, region eu-west-1, account 111122223333, as command:")
    names = ", ".join(f"{stack.name}-{table}" for table in ("comments", "pages", "outbox", "audit"))
    assert what == f"Changes {names}"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (refused("ExpiredTokenException"), CREDENTIALS),
        (refused("UnrecognizedClientException"), CREDENTIALS),
        (refused("AccessDeniedException"), "These AWS credentials may not do that."),
        (refused("ResourceNotFoundException"), "There is no such thing in this account and region."),
        (OUTAGES["no connection"], "It does not answer."),
        (refused("ServiceException"), "AWS refused it (ServiceException)."),
    ],
    ids=str,
)
def test_stage_that_cannot_be_found_is_one_plain_line(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, answer: Exception, why: str
) -> None:
    monkeypatch.setattr(wiring, "make_session", lambda: Lambda(answer))
    seen = type_command(stack, "queue", "--stage", "prod", environ={})
    told = f"The function frontdesk-prod-staff cannot be asked for its settings. {why}\n"
    assert (seen.code, seen.out, seen.err) == (2, "", told)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Say which Frontdesk"),
        (["--local", "--stage", "prod"], "--local is on this machine"),
        (["--local", "--region", "eu-west-1"], "--local is on this machine"),
        (["--stage", "../x"], "A stage is named in small letters"),
    ],
)
def test_target_that_is_none_or_two_is_wrong_usage(stack: Stack, arguments: list[str], told: str) -> None:
    seen = type_command(stack, "queue", *arguments, environ={})
    assert (seen.code, seen.out) == (2, "")
    assert seen.err.startswith(told)


def test_environment_need_not_say_that_a_command_stands_for_staff(stack: Stack) -> None:
    environ = stack.environ("staff") | {"FUNCTION": "public"}
    seen = type_command(stack, "queue", environ=environ)
    assert (seen.code, "by the environment's settings" in seen.err) == (0, True)


def test_wrong_settings_are_all_named_and_no_value_is_told(stack: Stack) -> None:
    environ = stack.environ("staff") | {"SITES": "zzz", "OUTBOX_TABLE": ""}
    seen = type_command(stack, "queue", environ=environ)
    assert seen.code == 2
    assert "SITES is wrong" in seen.err
    assert "OUTBOX_TABLE is missing" in seen.err
    assert "zzz" not in seen.err


def test_missing_key_file_is_a_setting_that_is_wrong(stack: Stack) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        wiring.open_desk(stack.environ("staff") | {"KEYS_FILE": "/nowhere.json"})


def test_actor_is_the_account_of_this_machine_or_its_number(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, actor in (("kim.front-office", "kim.front-office"), ("Kim Smith", f"uid-{os.getuid()}")):
        monkeypatch.setattr(pwd, "getpwuid", lambda _uid, name=name: SimpleNamespace(pw_name=name))
        assert type_command(stack, "queue").err.splitlines()[0].endswith(f", as command:{actor}")


def test_deployed_function_is_named_as_the_stack_names_it() -> None:
    [staff] = [function for function in FUNCTIONS if function.name == "staff"]
    assert staff.deployed_name == {"Fn::Sub": "frontdesk-${Stage}-staff"}


# ---- what is asked first

HARM = [
    ["tokens", "revoke", "links"],
    ["decide", "c1@1", "c2@1", "--status", "spam"],
    ["deliveries", "resend", "d1"],
    ["dead-letters", "redrive"],
    ["mail", "resume"],
    ["keys", "rotate"],
    ["keys", "reseal"],
]
harm = pytest.mark.parametrize("arguments", HARM, ids=" ".join)


@harm
def test_harm_is_refused_where_nobody_can_be_asked(stack: Stack, arguments: list[str]) -> None:
    seen = type_command(stack, *arguments, typed="y\n")
    assert (seen.code, seen.out) == (2, "")
    assert seen.told.startswith("Nothing was done: this asks first")
    assert stack.items("AuditTable") == []


@harm
@pytest.mark.parametrize("answer", ["", "\n", "n\n", "yeah\n"])
def test_harm_is_not_done_unless_the_answer_is_yes(stack: Stack, arguments: list[str], answer: str) -> None:
    seen = type_command(stack, *arguments, typed=answer, terminal=True)
    assert (seen.code, seen.out) == (1, "")
    assert seen.told.endswith("[y/N] Nothing was done.")
    assert stack.items("AuditTable") == []


def test_answer_yes_does_it_and_which_frontdesk_was_told_before_the_question(stack: Stack) -> None:
    seen = type_command(stack, "tokens", "revoke", "links", typed="y\n", terminal=True)
    assert (seen.code, seen.out) == (0, "Revoked.\n")
    where, what, question = seen.err.splitlines()
    assert where.startswith("Stage local, ")
    assert what == f"Changes {stack.name}-staff, {stack.name}-audit"
    assert question.endswith("[y/N] ")


# ---- what went wrong


@pytest.mark.parametrize("outage", OUTAGES)
def test_outage_is_one_plain_line(stack: Stack, monkeypatch: pytest.MonkeyPatch, outage: str) -> None:
    desk = desk_on(stack, "staff", FailingClient(OUTAGES[outage]))
    monkeypatch.setattr("chalicelib.commands.main.open_desk", lambda _environ, _now: desk)
    for arguments in (["queue"], ["tokens", "add", "--role", "admin", "--name", "Kim"], ["audit", "verify"]):
        seen = type_command(stack, *arguments)
        assert (seen.code, seen.out) == (1, "")
        assert seen.told.startswith("Not done. ")
        assert "visitor" not in seen.err
        assert "Traceback" not in seen.err


def test_where_a_reading_cannot_be_noted_nothing_is_shown(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment_id = add_comment(stack)
    real = stack.desk("staff").store.database._client
    client = FailingClient(OUTAGES["throttled"], real, ("transact_write_items",))
    monkeypatch.setattr(
        "chalicelib.commands.main.open_desk", lambda _environ, _now: desk_on(stack, "staff", client)
    )
    for arguments in (["queue"], ["queue", "--json"], ["show", comment_id]):
        seen = type_command(stack, *arguments)
        assert (seen.code, seen.out) == (1, "")


def test_mistake_of_ours_tells_type_and_place_and_no_word(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise KeyError("robin.wren@visitor.example")

    monkeypatch.setattr("chalicelib.commands.comments.show_comment", fail)
    add_comment(stack)
    seen = type_command(stack, "queue")
    assert (seen.code, seen.out) == (1, "")
    assert seen.told.startswith("Not done, by a mistake of ours: KeyError at test_main.py:")
    assert "robin" not in seen.err


def test_codes_are_the_apis() -> None:
    fine = {
        errors.InvalidFields: errors.InvalidFields([]),
        errors.IllegalTransition: errors.IllegalTransition("a", "b"),
        errors.Unavailable: Unavailable("x"),
    }
    for kind in refusals._SENTENCES:
        error = fine.get(kind) or kind()
        assert refusals.code_of(error) == problems.status_and_code(error)[1]
        assert refusals.sentence_of(error) or kind is errors.InvalidFields


@pytest.mark.parametrize(
    ("longest", "model", "name"),
    [
        (typed.LONGEST_REASON, CommentChange, "reason"),
        (typed.LONGEST_NOTE, EnquiryChange, "note"),
        (typed.LONGEST_NAME, EnquiryChange, "assignee"),
        (typed.LONGEST_NAME, NewToken, "name"),
    ],
)
def test_lengths_are_the_apis(longest: int, model: Any, name: str) -> None:
    field = model.model_json_schema()["properties"][name]
    lengths = {form.get("maxLength") for form in field.get("anyOf", [field])} - {None}
    assert lengths == {longest}


# ---- how it is told


def test_help_teaches_which_frontdesk_examples_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main(["--help"], {}, io.StringIO(), io.StringIO(), io.StringIO())
    assert exited.value.code == 0
    told = capsys.readouterr().out
    for word in ("--local=FOLDER", "--stage prod", "examples:", "exit codes:", "130"):
        assert word in told


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("I <3 you, AT&T, é, 日本, 👩‍👩‍👧", "I <3 you, AT&T, é, 日本, 👩‍👩‍👧"),
        ("\x1b[31m\x07\x7f\x9b", r"\x1b[31m\x07\x7f\x9b"),
        ("a\nb\tc\r", r"a ⏎ b\tc\r"),
        ("\u202e\u2066\ud800\u2028\ufeff", r"\u202e\u2066\ud800\u2028\ufeff"),
    ],
)
def test_control_characters_are_shown_as_their_numbers(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_columns_stand_below_each_other_whatever_is_in_them() -> None:
    lines = list(table(("A", "B"), [("日本", 1), ("e\u0301", None), ("x\x1b", "\n")]))
    assert lines == ["A      B", "日本   1", "e\u0301      -", "x\\x1b   ⏎"]
    assert list(table(("A",), [])) == []


def test_text_is_cut_by_columns() -> None:
    assert (cut("abc", 3), cut("abcd", 3)) == ("abc", "ab…")
    assert columns(cut("日" * 10, 7)) <= 7


def test_value_of_several_lines_stands_below_its_name() -> None:
    assert list(fields([("text", "a\n\x1bb"), ("none", None), ("n", 1)])) == [
        "text",
        "    a",
        "    \\x1bb",
        "n           1",
    ]


def test_progress_is_one_line_on_a_terminal_and_nothing_in_a_file() -> None:
    for err, shown in ((Terminal(), "1 of 2 things\r2 of 2 things\n"), (io.StringIO(), "")):
        progress = Progress(err, "things", 2, err.isatty())
        progress.step()
        progress.step()
        assert err.getvalue() == shown


def test_progress_without_a_total_tells_each_hundred_and_the_end() -> None:
    for err, shown in ((Terminal(), "100 things\r101 things\n"), (io.StringIO(), "")):
        progress = Progress(err, "things", None, err.isatty())
        for _ in range(101):
            progress.step()
        progress.end()
        assert err.getvalue() == shown
