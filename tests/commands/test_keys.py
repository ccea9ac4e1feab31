"""Rotation: a new key for what comes in, the old ones still open, and re-sealing makes them needless."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.commands import key_documents
from chalicelib.privacy.keys import check_pair, read_keys, read_private_keys, write_key_file
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


people_do = pytest.mark.skipif(
    "FRONTDESK_PACKAGE" in os.environ, reason="no function rotates keys, and the zip's SDK cannot: people do"
)


def move_to_ssm(stack: Stack) -> Any:
    """Return SSM, moto's, which holds the stack's keys from now on."""
    ssm = SharedSession().create_client("ssm")
    for name, file in (("KEYS", "keys"), ("PRIVATE_KEYS", "private-keys")):
        document = Path(stack.keys.pop(f"{name}_FILE")).read_text()
        stack.keys[f"{name}_PARAMETER"] = parameter = f"/rotation/{stack.name}/{file}"
        ssm.put_parameter(Name=parameter, Value=document, Type="SecureString", KeyId="alias/data-key")
    return ssm


def read_documents(stack: Stack, ssm: Any) -> tuple[str, str]:
    """The keys, the private keys."""
    names = (stack.keys["KEYS_PARAMETER"], stack.keys["PRIVATE_KEYS_PARAMETER"])
    keys, private = (ssm.get_parameter(Name=n, WithDecryption=True)["Parameter"]["Value"] for n in names)
    return keys, private


@people_do
def test_rotation_in_ssm_keeps_the_parameters_under_their_kms_key(own_keys: Stack) -> None:
    ssm = move_to_ssm(own_keys)
    given = fill(own_keys, "old")
    done(own_keys, "keys", "rotate")
    own_keys._desks = {}
    given |= fill(own_keys, "new")
    assert emails(own_keys) == given
    for parameter in own_keys.keys.values():
        named = [{"Key": "Name", "Option": "Equals", "Values": [parameter]}]
        [known] = ssm.describe_parameters(ParameterFilters=named)["Parameters"]
        assert (known["KeyId"], known["Version"]) == ("alias/data-key", 2)


@people_do
@pytest.mark.parametrize("rotation", [["rotate"], ["rotate", "--hmac"]])
def test_rotation_that_a_parameter_has_no_room_for_changes_nothing_and_says_what_to_do(
    own_keys: Stack, rotation: list[str]
) -> None:
    ssm = move_to_ssm(own_keys)
    for _ in range(60):
        before = read_documents(own_keys, ssm)
        seen = type_command(own_keys, "keys", *rotation, "--yes")
        if seen.code:
            break
    assert (seen.code, seen.out) == (1, "")
    assert seen.told.startswith("Not done, and nothing was changed: with one key more, an SSM parameter")
    assert "keys reseal until it renews nothing, then take the oldest keys out" in seen.told
    assert read_documents(own_keys, ssm) == before
    # As docs/security.md has it.
    for document, name in zip(before, own_keys.keys.values(), strict=True):
        left = json.dumps({kind: keys[-1:] for kind, keys in json.loads(document).items()})
        ssm.put_parameter(Name=name, Value=left, Type="SecureString", Overwrite=True)
    done(own_keys, "keys", *rotation)
    assert emails(own_keys) == set()


class Racing:
    """SSM; right before the put number `at`, somebody else's whole rotation takes place."""

    def __init__(self, client: Any, at: int, rotate: Callable[[], Any]) -> None:
        self._client = client
        self._at = at
        self._rotate = rotate
        self._puts = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_parameter(self, **wanted: Any) -> Any:
        self._puts += 1
        if self._puts == self._at:
            self._rotate()
        return self._client.put_parameter(**wanted)


@people_do
@pytest.mark.parametrize("theirs", [["rotate"], ["rotate", "--hmac"]])
@pytest.mark.parametrize(
    ("ours", "at"), [(["rotate"], 1), (["rotate"], 2), (["rotate", "--hmac"], 1)], ids=str
)
def test_of_two_rotations_at_once_the_first_stays_and_the_other_says_so(
    own_keys: Stack, monkeypatch: pytest.MonkeyPatch, ours: list[str], at: int, theirs: list[str]
) -> None:
    """Else no function starts any more: the public key is the one's, the private key the other's."""
    ssm = move_to_ssm(own_keys)
    made = []

    def rotate() -> None:
        monkeypatch.setattr(key_documents, "open_ssm", lambda _: ssm)
        done(own_keys, "keys", *theirs)
        made.append(read_documents(own_keys, ssm)[0])

    racing = Racing(ssm, at, rotate)
    monkeypatch.setattr(key_documents, "open_ssm", lambda _: racing)
    seen = type_command(own_keys, "keys", *ours, "--yes")
    keys, private_keys = read_documents(own_keys, ssm)
    check_pair(read_keys(keys), read_private_keys(private_keys))
    # What is sealed to theirs, or hashed under it, is found again.
    assert [keys] == made
    assert (seen.code, seen.out) == (1, "")
    assert seen.told.startswith("Not done: somebody else changed the keys at the same moment")
    monkeypatch.setattr(key_documents, "open_ssm", lambda _: ssm)
    done(own_keys, "keys", *ours)


@people_do
def test_rotation_that_cannot_put_back_what_was_first_says_which_version_it_is(
    own_keys: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not that it goes on when it is run again: no function would start any more."""
    ssm = move_to_ssm(own_keys)

    class Refusing(Racing):
        def put_parameter(self, **wanted: Any) -> Any:
            if self._puts:
                raise ClientError({"Error": {"Code": "TooManyUpdates"}}, "PutParameter")
            return super().put_parameter(**wanted)

    def rotate() -> None:
        monkeypatch.setattr(key_documents, "open_ssm", lambda _: ssm)
        done(own_keys, "keys", "rotate")

    racing = Refusing(ssm, 1, rotate)
    monkeypatch.setattr(key_documents, "open_ssm", lambda _: racing)
    seen = type_command(own_keys, "keys", "rotate", "--yes")
    assert (seen.code, seen.out) == (1, "")
    assert "private-keys may hold another rotation's key no more (PutParameter failed)" in seen.told
    assert "put its version 2 back" in seen.told


@people_do
def test_rotation_whose_answer_was_lost_and_asked_for_again_is_done(
    own_keys: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssm = move_to_ssm(own_keys)

    class Retried(Racing):
        def put_parameter(self, **wanted: Any) -> Any:
            self._client.put_parameter(**wanted)
            return self._client.put_parameter(**wanted)

    monkeypatch.setattr(key_documents, "open_ssm", lambda _: Retried(ssm, 0, lambda: None))
    done(own_keys, "keys", "rotate")
    keys, private_keys = read_documents(own_keys, ssm)
    assert list(read_keys(keys).sealing_keys) == list(read_private_keys(private_keys)) == ["s1", "s2"]


@people_do
def test_rotation_whose_last_answers_were_lost_for_good_is_done(
    own_keys: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told as not done it would be run again, for one key more."""
    ssm = move_to_ssm(own_keys)

    class Lost(Racing):
        def put_parameter(self, **wanted: Any) -> Any:
            self._client.put_parameter(**wanted)
            raise ReadTimeoutError(endpoint_url="https://ssm.example")

    monkeypatch.setattr(key_documents, "open_ssm", lambda _: Lost(ssm, 0, lambda: None))
    done(own_keys, "keys", "rotate")
    keys, private_keys = read_documents(own_keys, ssm)
    assert list(read_keys(keys).sealing_keys) == list(read_private_keys(private_keys)) == ["s1", "s2"]


def test_a_key_file_that_somebody_replaced_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text("one")
    ours, theirs = (key_documents.open_document(path, None) for _ in range(2))
    theirs.replace("theirs")
    with pytest.raises(key_documents.ChangedMeanwhile):
        ours.replace("ours")
    assert path.read_text() == "theirs"


def test_of_two_that_replace_a_key_file_at_the_same_moment_one_yields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked before either writes: else each would take the other's private key for its own."""
    path = tmp_path / "keys.json"
    path.write_text("one")
    ours, theirs = (key_documents.open_document(path, None) for _ in range(2))
    refused: list[Exception] = []

    def replace_too() -> None:
        try:
            theirs.replace("theirs")
        except key_documents.ChangedMeanwhile as error:
            refused.append(error)

    other = Thread(target=replace_too)
    write = write_key_file

    def write_late(path: Path, text: str) -> None:
        if text == "ours":
            other.start()
            other.join(timeout=0.3)
        write(path, text)

    monkeypatch.setattr(key_documents, "write_key_file", write_late)
    ours.replace("ours")
    other.join()
    assert (path.read_text(), len(refused)) == ("ours", 1)


def test_resealing_tells_how_far_it_is(own_keys: Stack) -> None:
    fill(own_keys, "old")
    seen = type_command(own_keys, "keys", "reseal", "--yes", "--progress")
    assert seen.err.splitlines()[2:] == ["1 of 3 tables", "2 of 3 tables", "3 of 3 tables"]


def test_rotation_says_first_which_documents_it_changes(own_keys: Stack) -> None:
    seen = type_command(own_keys, "keys", "rotate", "--yes")
    assert (
        seen.err.splitlines()[1]
        == f"Changes {', '.join([*own_keys.keys.values(), f'{own_keys.name}-audit'])}"
    )
