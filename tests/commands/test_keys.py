"""Rotation: a new key for what comes in, the old ones still open, and re-sealing makes them needless."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.acts import PAGE, add_comment, post_enquiry, publish
from tests.commands.typing import done, type_command
from tests.stack import FakeSes, SharedSession, Stack


@pytest.fixture
def own_keys(stack: Stack, tmp_path: Path) -> Stack:
    """A stack whose keys no other test sees, for they are going to change."""
    stack.keys = {name: shutil.copy(path, str(tmp_path)) for name, path in stack.keys.items()}
    return stack


def forget_old_keys(stack: Stack) -> None:
    """Leave only the current keys in both files."""
    for file in map(Path, stack.keys.values()):
        content = json.loads(file.read_text())
        file.write_text(json.dumps({name: keys[-1:] for name, keys in content.items()}))


def emails(stack: Stack) -> set[str]:
    desk = stack.fresh_desk("staff")
    shown: set[str] = set()
    for status in ("pending", "approved"):
        listed = stack.call("GET", "/v1/staff/comments", role="admin", query={"status": status}, desk=desk)
        shown |= {comment["email"] for comment in listed.json["comments"]}
    listed = stack.call("GET", "/v1/staff/enquiries", role="admin", desk=desk)
    return shown | {enquiry["email"] for enquiry in listed.json["enquiries"]}


def fill(stack: Stack, mark: str) -> set[str]:
    given = {f"{mark}{n}@example.org" for n in range(3)}
    first, second, third = sorted(given)
    publish(stack, email=first)
    add_comment(stack, email=second, message="Held.")
    post_enquiry(stack, email=third)
    stack.deliver(FakeSes())
    return given


def test_old_items_open_after_a_rotation_and_new_ones_are_sealed_to_the_new_key(own_keys: Stack) -> None:
    stack = own_keys
    given = fill(stack, "old")
    staff_from_before = stack.desk("staff")
    done(stack, "keys", "rotate")
    stack._desks = {}
    given |= fill(stack, "new")
    assert emails(stack) == given
    sealed_by = {i["letter_sealed"]["B"][:3] for i in stack.items("CommentsTable") if "letter_sealed" in i}
    assert sealed_by == {b"s1:", b"s2:"}
    # An environment that started before the rotation learns of the new key when it meets it.
    newest = stack.call("GET", "/v1/staff/enquiries", role="admin", desk=staff_from_before)
    assert newest.status == 200


@pytest.mark.parametrize("rotation", [["rotate"], ["rotate", "--hmac"]])
def test_after_resealing_nothing_needs_the_old_key(own_keys: Stack, rotation: list[str]) -> None:
    stack = own_keys
    given = fill(stack, "old")
    done(stack, "keys", *rotation)
    renewed = done(stack, "keys", "reseal")["resealed"]
    assert renewed["comments"] == 2
    assert renewed["enquiries"] == 1
    forget_old_keys(stack)
    assert emails(stack) == given


def test_resealing_twice_renews_nothing_the_second_time(own_keys: Stack) -> None:
    fill(own_keys, "old")
    done(own_keys, "keys", "rotate")
    done(own_keys, "keys", "reseal")
    renewed = done(own_keys, "keys", "reseal")["resealed"]
    assert renewed == {"comments": 0, "enquiries": 0, "deliveries": 0}


def test_resealing_changes_neither_revision_nor_what_is_shown(own_keys: Stack) -> None:
    fill(own_keys, "old")
    thread = own_keys.call("GET", "/v1/comments", query={"page": PAGE}).text
    done(own_keys, "keys", "rotate")
    done(own_keys, "keys", "reseal")
    assert own_keys.call("GET", "/v1/comments", query={"page": PAGE}).text == thread
    revisions = {i["revision"]["N"] for i in own_keys.items("CommentsTable") if "revision" in i}
    assert revisions == {"1", "2"}


def test_look_up_by_address_uses_the_new_secret_after_resealing(own_keys: Stack) -> None:
    add_comment(own_keys, email="jo@example.org")
    done(own_keys, "keys", "rotate", "--hmac")
    done(own_keys, "keys", "reseal")
    [item] = own_keys.items("CommentsTable")
    assert item["author_hmac"]["S"] == own_keys.fresh_desk("staff").hasher.address("jo@example.org")
    assert item["author_hmac"]["S"].startswith("h2.")


@pytest.mark.skipif(
    "FRONTDESK_PACKAGE" in os.environ, reason="no function rotates keys, and the zip's SDK cannot: people do"
)
def test_rotation_in_ssm_keeps_the_parameters_under_their_kms_key(own_keys: Stack) -> None:
    ssm = SharedSession().create_client("ssm")
    for name, file in (("KEYS", "keys"), ("PRIVATE_KEYS", "private-keys")):
        document = Path(own_keys.keys.pop(f"{name}_FILE")).read_text()
        own_keys.keys[f"{name}_PARAMETER"] = parameter = f"/rotation/{own_keys.name}/{file}"
        ssm.put_parameter(Name=parameter, Value=document, Type="SecureString", KeyId="alias/data-key")
    given = fill(own_keys, "old")
    done(own_keys, "keys", "rotate")
    own_keys._desks = {}
    given |= fill(own_keys, "new")
    assert emails(own_keys) == given
    for parameter in own_keys.keys.values():
        named = [{"Key": "Name", "Option": "Equals", "Values": [parameter]}]
        [known] = ssm.describe_parameters(ParameterFilters=named)["Parameters"]
        assert (known["KeyId"], known["Version"]) == ("alias/data-key", 2)


def test_resealing_tells_how_far_it_is(own_keys: Stack) -> None:
    fill(own_keys, "old")
    seen = type_command(own_keys, "keys", "reseal", "--yes", "--progress")
    assert seen.err.splitlines()[2:] == ["1 of 3 tables", "2 of 3 tables", "3 of 3 tables"]


def test_rotation_says_first_which_documents_it_changes(own_keys: Stack) -> None:
    seen = type_command(own_keys, "keys", "rotate", "--yes")
    assert seen.err.splitlines()[1] == f"Changes {', '.join(own_keys.keys.values())}"
