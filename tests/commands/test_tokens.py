"""The command that makes and revokes staff tokens."""

import json

import pytest

from chalicelib import wiring
from chalicelib.commands.tokens import add_token, main, token_works
from chalicelib.config import SettingsError
from chalicelib.staff_tokens import ROLES
from tests.faults import OUTAGES, FailingClient, desk_on
from tests.stack import Stack

Output = pytest.CaptureFixture[str]


@pytest.mark.parametrize("role", ROLES)
def test_token_is_printed_once_and_works(stack: Stack, capsys: Output, role: str) -> None:
    environ = stack.environ("staff")
    assert main(["add", "--role", role, "--name", "Kim, front office"], environ) == 0
    out, err = capsys.readouterr()
    made = json.loads(out)
    assert set(made) == {"id", "role", "secret"}
    assert err == f"Stage local, table {stack.name}-staff\n"
    assert [token_works(environ, made["secret"], other) for other in ROLES] == [r == role for r in ROLES]
    assert made["secret"].split("_", 2)[2] not in repr(stack.items("StaffTable"))


def test_revoked_token_works_no_more_and_revoking_twice_is_fine(stack: Stack, capsys: Output) -> None:
    environ = stack.environ("staff")
    secret = add_token(environ, "admin", "Kim")
    token_id = secret.split("_")[1]
    assert main(["revoke", token_id], environ) == 0
    assert json.loads(capsys.readouterr().out) == {"id": token_id, "revoked": True}
    assert not token_works(environ, secret, "admin")
    [row] = stack.items("StaffTable")
    assert main(["revoke", token_id], environ) == 0
    assert stack.items("StaffTable") == [row]


@pytest.mark.parametrize("credential", ["links", "link:d01-ab", "oidc:0a1b-2c3d"])
def test_links_and_people_are_revoked_by_the_same_command(stack: Stack, credential: str) -> None:
    assert main(["revoke", credential], stack.environ("staff")) == 0
    assert stack.desk("authorizer").store.find_revocation(credential) is not None
    [entry] = stack.items("AuditTable")
    assert (entry["subject"]["S"], entry["actor"]["S"]) == (credential, "command")


def test_unknown_token_cannot_be_revoked(stack: Stack, capsys: Output) -> None:
    assert main(["revoke", "t0"], stack.environ("staff")) == 1
    assert "no such token" in capsys.readouterr().err
    assert stack.items("StaffTable") == stack.items("AuditTable") == []


def test_each_change_is_audited(stack: Stack) -> None:
    environ = stack.environ("staff")
    main(["revoke", add_token(environ, "admin", "Kim").split("_")[1]], environ)
    entries = sorted((i["actor"]["S"], i["action"]["S"]) for i in stack.items("AuditTable"))
    assert entries == [("command", "add_token"), ("command", "revoke_token")]


def test_wrong_settings_are_told_as_such(stack: Stack, capsys: Output) -> None:
    assert main(["revoke", "t0"], stack.environ("staff") | {"SITES": "zzz"}) == 2
    err = capsys.readouterr().err
    assert "SITES is wrong" in err
    assert "zzz" not in err


@pytest.mark.parametrize("arguments", [[], ["add"], ["add", "--role", "root", "--name", "x"], ["revoke"]])
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: Output) -> None:
    with pytest.raises(SystemExit) as exited:
        main(arguments, {})
    assert exited.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_outage_is_told_in_a_line(stack: Stack, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = desk_on(stack, "staff", FailingClient(OUTAGES["read timeout"]))
    monkeypatch.setattr("chalicelib.commands.tokens.open_desk", lambda _environ: desk)
    assert main(["add", "--role", "admin", "--name", "Kim"], {}) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "Not done: Unavailable" in err


def test_missing_key_file_is_a_setting_that_is_wrong(stack: Stack) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        wiring.open_desk(stack.environ("staff") | {"KEYS_FILE": "/nowhere.json"})
