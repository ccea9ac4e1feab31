"""What a rehearsal says, and what it keeps to itself."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.rehearsal import __main__ as command
from infra.rehearsal.account import Account
from infra.rehearsal.api import Answer, Api, until
from infra.rehearsal.errors import RehearsalError
from infra.rehearsal.public_role import forbidden
from infra.rehearsal.releases import Release
from infra.rehearsal.steps import Steps
from infra.rehearsal.terminal import Terminal


def test_step_is_told_once_it_is_done() -> None:
    said: list[str] = []
    steps = Steps(said.append, iter([0.0, 1.0, 3.5, 4.0]).__next__)
    with steps.step("Deployed"):
        assert said == []
    assert said == ["  2.5 s  Deployed"]
    with pytest.raises(RehearsalError), steps.step("Upgraded"):
        raise RehearsalError("why")
    assert (len(said), steps.current) == (1, "Upgraded")


def fail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException) -> int:
    def rehearse(_work: Path, steps: Steps) -> None:
        with steps.step("Upgraded"):
            raise error

    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr(command, "_rehearse", rehearse)
    monkeypatch.setattr("tempfile.mkdtemp", lambda prefix: str(work))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    return command.main()


@pytest.mark.parametrize("error", [RehearsalError("it did not hold"), KeyError("comments")])
def test_failing_step_is_one_line_with_where_the_logs_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    assert fail(monkeypatch, tmp_path, error) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("Failed: Upgraded: ")
    assert said.endswith(f"The logs are in {tmp_path / 'work'}\n")
    assert (tmp_path / "work" / "traceback.log").exists()


def test_interrupted_it_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert fail(monkeypatch, tmp_path, KeyboardInterrupt()) == 130
    assert not (tmp_path / "work").exists()


def test_link_that_decides_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Api, "call", lambda *_a, **_k: Answer(500, {}, ""))
    with pytest.raises(RehearsalError) as raised:
        Api("http://127.0.0.1:1").expect(200, "POST", "/moderate/secret")
    assert str(raised.value) == "POST /moderate/… answered 500, not 200"


def test_what_does_not_come_is_named() -> None:
    with pytest.raises(RehearsalError, match="the mail did not come"):
        until(lambda: None, "the mail", seconds=0)
    assert until(lambda: 0, "a number that is not true") == 0


def test_no_secret_is_kept_in_a_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done = SimpleNamespace(returncode=0, stdout='{"secret": "fd_t1_abc"}', stderr="Stage prod")
    monkeypatch.setattr("subprocess.run", lambda *_a, **_k: done)
    release = Release("this", tmp_path, tmp_path / "prod.toml")
    header = Terminal(Account("http://127.0.0.1:1"), tmp_path, "arm64").add_token(release, "admin")
    assert header == {"Authorization": "Bearer fd_t1_abc"}
    assert "Stage prod" in (tmp_path / "01.log").read_text()
    assert "fd_t1_abc" not in (tmp_path / "01.log").read_text()


def test_commands_reach_the_emulator_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "a-real-account")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example.org")
    environment = Account("http://127.0.0.1:1").environment()
    named = {name for name in environment if name.startswith("AWS_")}
    assert not named & {"AWS_PROFILE", "AWS_ENDPOINT_URL_S3"}
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"


def test_public_role_is_tried_at_every_table_that_holds_somebody() -> None:
    calls: list[Any] = forbidden(Account("http://127.0.0.1:1"), "frontdesk-prod")
    scanned = {arguments["TableName"] for _, operation, arguments in calls if operation == "scan"}
    tables = ("comments", "enquiries", "outbox", "staff", "audit", "suppressions")
    assert scanned == {f"frontdesk-prod-{table}" for table in tables}
    assert ("ssm", "get_parameter") in {call[:2] for call in calls}
