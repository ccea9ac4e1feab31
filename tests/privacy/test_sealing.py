"""What is sealed opens with the private key alone, and only unaltered."""

import json
import stat
from base64 import b64decode
from pathlib import Path

import pytest
from nacl.public import PrivateKey

from chalicelib.privacy.keys import (
    add_sealing_key,
    check_pair,
    make_documents,
    make_key_files,
    read_keys,
    read_private_keys,
)
from chalicelib.privacy.sealing import BrokenSeal, Opener, Sealer

OLD, NEW = PrivateKey.generate(), PrivateKey.generate()
SEALER = Sealer({"s1": bytes(OLD.public_key)})
OPENER = Opener(lambda: {"s1": bytes(OLD), "s2": bytes(NEW)})


@pytest.mark.parametrize("text", ["", "jo@example.org", "a:b", "שלום 👩\u200d👧", "x" * 40_000])
def test_sealed_text_comes_back(text: str) -> None:
    sealed = SEALER.seal(text)
    assert OPENER.open(sealed) == text
    assert not text or text.encode() not in sealed


def test_same_text_is_sealed_differently_each_time() -> None:
    assert SEALER.seal("jo@example.org") != SEALER.seal("jo@example.org")


def test_altered_box_does_not_open() -> None:
    sealed = SEALER.seal("jo@example.org")
    for index in range(len(b"s1:"), len(sealed)):
        altered = sealed[:index] + bytes([sealed[index] ^ 1]) + sealed[index + 1 :]
        with pytest.raises(BrokenSeal):
            OPENER.open(altered)


def test_other_key_does_not_open() -> None:
    with pytest.raises(BrokenSeal):
        Opener(lambda: {"s1": bytes(NEW)}).open(SEALER.seal("x"))
    with pytest.raises(BrokenSeal):
        Opener(lambda: {"s2": bytes(NEW)}).open(SEALER.seal("x"))


def test_after_a_rotation_the_new_key_seals_and_the_old_one_still_opens() -> None:
    rotated = Sealer({"s1": bytes(OLD.public_key), "s2": bytes(NEW.public_key)})
    assert rotated.seal("x").startswith(b"s2:")
    assert OPENER.open(rotated.seal("x")) == OPENER.open(SEALER.seal("x")) == "x"


def test_key_files_fit_each_other_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    make_key_files(tmp_path / "new")
    keys = read_keys((tmp_path / "new" / "keys.json").read_text())
    private = read_private_keys((tmp_path / "new" / "private-keys.json").read_text())
    assert Opener(lambda: private).open(Sealer(keys.sealing_keys).seal("x")) == "x"
    assert {len(secret) for secret in keys.hmac_secrets.values()} == {32}
    for name in ("keys.json", "private-keys.json"):
        assert stat.S_IMODE((tmp_path / "new" / name).stat().st_mode) == 0o600


def test_public_file_does_not_hold_the_private_key(tmp_path: Path) -> None:
    make_key_files(tmp_path)
    [private] = json.loads((tmp_path / "private-keys.json").read_text())["sealing"]
    public = (tmp_path / "keys.json").read_text()
    assert private["private_key"] not in public
    assert b64decode(private["private_key"]).hex() not in public


def test_keys_are_made_once(tmp_path: Path) -> None:
    make_key_files(tmp_path)
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    make_key_files(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"hmac": [{}]}',
        "[]",
        '{"hmac": [], "sealing": 7}',
    ],
)
def test_broken_key_file_is_told_apart_from_a_defect(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_keys(path.read_text())


def test_key_that_was_taken_out_never_gives_its_id_to_another() -> None:
    """What the second one sealed would be tried with the first's name, and open no more."""
    keys, private = add_sealing_key(*make_documents())
    pruned_keys, pruned_private = json.loads(keys), json.loads(private)
    del pruned_keys["sealing"][0], pruned_private["sealing"][0]
    keys, private = add_sealing_key(json.dumps(pruned_keys), json.dumps(pruned_private))
    assert list(read_keys(keys).sealing_keys) == list(read_private_keys(private)) == ["s2", "s3"]


@pytest.mark.parametrize("secret", ["", "!!!!", "c2hvcnQ="])
def test_key_that_is_none_is_refused(secret: str) -> None:
    content = json.loads(make_documents()[0])
    content["hmac"][0]["secret"] = secret
    with pytest.raises(ValueError, match=r".*"):
        read_keys(json.dumps(content))


def test_private_key_of_another_stack_is_refused() -> None:
    with pytest.raises(ValueError, match="another"):
        check_pair(read_keys(make_documents()[0]), read_private_keys(make_documents()[1]))


@pytest.mark.parametrize("lost", ["keys.json", "private-keys.json"])
def test_lost_key_file_is_not_made_anew(tmp_path: Path, lost: str) -> None:
    make_key_files(tmp_path)
    (tmp_path / lost).unlink()
    [left] = tmp_path.iterdir()
    before = left.read_text()
    with pytest.raises(FileExistsError):
        make_key_files(tmp_path)
    assert [path.read_text() for path in tmp_path.iterdir()] == [before]
