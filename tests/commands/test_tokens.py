"""Staff tokens by command: the first one cannot come through the API."""

import pytest

from chalicelib import staff_tokens
from chalicelib.errors import Unauthenticated
from chalicelib.staff_tokens import ROLES
from tests.commands.typing import done, type_command
from tests.stack import Stack


def role_of(stack: Stack, secret: str) -> str | None:
    try:
        return staff_tokens.authenticate(secret, stack.fresh_desk("authorizer").store).role
    except Unauthenticated:
        return None


@pytest.mark.parametrize("role", ROLES)
def test_token_is_printed_once_and_works(stack: Stack, role: str) -> None:
    seen = type_command(stack, "tokens", "add", "--role", role, "--name", "Kim, front office", "--json")
    made = seen.json
    assert seen.code == 0
    assert (made["role"], made["name"], made["revoked_at"]) == (role, "Kim, front office", None)
    assert role_of(stack, made["secret"]) == role
    assert made["secret"] not in seen.err
    assert made["secret"].split("_", 2)[2] not in repr(stack.items("StaffTable"))
    listed = done(stack, "tokens", "list")
    assert listed == {
        "tokens": [{name: value for name, value in made.items() if name != "secret"}],
        "more": False,
    }


def test_secret_can_be_read_by_a_person(stack: Stack) -> None:
    seen = type_command(stack, "tokens", "add", "--role", "admin", "--name", "Kim")
    secret = next(line.split()[1] for line in seen.out.splitlines() if line.startswith("secret"))
    assert role_of(stack, secret) == "admin"


def test_revoked_token_works_no_more_and_revoking_twice_is_fine(stack: Stack) -> None:
    made = done(stack, "tokens", "add", "--role", "admin", "--name", "Kim")
    assert done(stack, "tokens", "revoke", made["id"]) == {"id": made["id"], "revoked": True}
    assert role_of(stack, made["secret"]) is None
    [row] = stack.items("StaffTable")
    stack.later(hours=1)
    done(stack, "tokens", "revoke", made["id"])
    assert stack.items("StaffTable") == [row]


@pytest.mark.parametrize("credential", ["links", "link:d01-ab", "oidc:0a1b-2c3d"])
def test_links_and_people_are_revoked_by_the_same_command(stack: Stack, credential: str) -> None:
    done(stack, "tokens", "revoke", credential)
    assert stack.desk("authorizer").store.find_revocation(credential) is not None
    [entry] = stack.items("AuditTable")
    assert entry["subject"]["S"] == credential
    assert entry["actor"]["S"].startswith("command:")


def test_unknown_token_cannot_be_revoked(stack: Stack) -> None:
    seen = type_command(stack, "tokens", "revoke", "t0", "--yes")
    assert (seen.code, seen.out, seen.told) == (1, "", "There is no such token.")
    assert stack.items("StaffTable") == stack.items("AuditTable") == []


def test_id_of_another_kind_is_told_as_such(stack: Stack) -> None:
    seen = type_command(stack, "tokens", "revoke", "c01ng97crd0gsnvhb8tsv0yzw2j", "--yes")
    assert (seen.code, seen.told) == (
        1,
        "There is no such token. The id has the form of another kind: comment.",
    )


def test_each_change_is_audited_under_the_account_of_this_machine(stack: Stack) -> None:
    made = done(stack, "tokens", "add", "--role", "admin", "--name", "Kim")
    done(stack, "tokens", "revoke", made["id"])
    entries = done(stack, "audit", "list", "--subject", made["id"])["entries"]
    assert [entry["action"] for entry in entries] == ["revoke_token", "add_token"]
    [actor] = {entry["actor"] for entry in entries}
    assert actor.startswith("command:")
    assert len(actor) > len("command:")


@pytest.mark.parametrize(
    "arguments",
    [[], ["add"], ["add", "--role", "root", "--name", "x"], ["add", "--role", "admin", "--name", " "]],
)
def test_wrong_usage_exits_with_2(
    stack: Stack, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exited:
        type_command(stack, "tokens", *arguments)
    assert exited.value.code == 2
    assert "usage" in capsys.readouterr().err
