"""The keys: made once, read at start, rotated by command.

Two documents, so that a function can be given one without the other; files on one machine, SSM
parameters (SecureString) in AWS:

    keys            {"hmac": [{"id", "secret"}], "sealing": [{"id", "public_key"}]}
    private-keys    {"sealing": [{"id", "private_key"}]}

All values are base64. The last of each list is the current one; the earlier ones still open what
they sealed. Only the staff and mail functions are given the private keys.

A function seals to what was current when it started. So an old key is needed until every function has
been restarted after a rotation and `reseal` has then found nothing to do.
"""

import json
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nacl.public import PrivateKey

_BYTES = 32


@dataclass(frozen=True, repr=False)
class Keys:
    """What every function holds: secrets for keyed hashes, public keys to seal to."""

    hmac_secrets: dict[str, bytes]
    sealing_keys: dict[str, bytes]


def read_keys(document: str) -> Keys:
    """Raises ValueError, KeyError or TypeError where the document is not as described above."""
    content = json.loads(document)
    return Keys(_decode(content["hmac"], "secret"), _decode(content["sealing"], "public_key"))


def read_private_keys(document: str) -> dict[str, bytes]:
    """Raises as `read_keys`."""
    return _decode(json.loads(document)["sealing"], "private_key")


def check_pair(keys: Keys, private_keys: dict[str, bytes]) -> None:
    """Raises ValueError where the private keys do not open what is sealed to the current public one."""
    name, public_key = list(keys.sealing_keys.items())[-1]
    if bytes(PrivateKey(private_keys[name]).public_key) != public_key:
        raise ValueError("the private key is another one's")


def _decode(keys: list[dict[str, str]], kind: str) -> dict[str, bytes]:
    decoded = {key["id"]: b64decode(key[kind], validate=True) for key in keys}
    if not decoded or len(decoded) != len(keys) or any(len(key) != _BYTES for key in decoded.values()):
        raise ValueError("keys must be there, each of 32 bytes, each with an id of its own")
    return decoded


def make_documents() -> tuple[str, str]:
    """Make the first keys: the documents `keys` and `private-keys`."""
    return add_hmac_secret(*add_sealing_key('{"hmac": [], "sealing": []}', '{"sealing": []}'))


def add_sealing_key(keys: str, private_keys: str) -> tuple[str, str]:
    """Add a new current sealing key to both documents; the old ones stay, to open what they sealed."""
    private_key = PrivateKey.generate()
    public, private = json.loads(keys), json.loads(private_keys)
    name = _new_id("s", [*public["sealing"], *private["sealing"]])
    public["sealing"].append({"id": name, "public_key": b64encode(bytes(private_key.public_key)).decode()})
    private["sealing"].append({"id": name, "private_key": b64encode(bytes(private_key)).decode()})
    return _to_text(public), _to_text(private)


def add_hmac_secret(keys: str, private_keys: str) -> tuple[str, str]:
    """Add a new current secret for keyed hashes; look-up by address needs `keys reseal` afterwards."""
    content = json.loads(keys)
    name = _new_id("h", content["hmac"])
    content["hmac"].append({"id": name, "secret": b64encode(secrets.token_bytes(32)).decode()})
    return _to_text(content), private_keys


def _new_id(letter: str, keys: list[dict[str, str]]) -> str:
    """One that no key has had, though older ones were taken out: what it sealed would open no more."""
    return f"{letter}{max((int(key['id'][1:]) for key in keys), default=0) + 1}"


def make_key_files(directory: Path) -> None:
    """Make both files in `directory` unless they are there: a second start must find the same keys.

    Raises FileExistsError where one is there without the other: a new private key would open nothing.
    """
    there = [(directory / name).exists() for name in ("keys.json", "private-keys.json")]
    if all(there):
        return
    if any(there):
        raise FileExistsError(f"{directory} holds one of the two key files: put the other back")
    directory.mkdir(parents=True, exist_ok=True)
    keys, private_keys = make_documents()
    write_key_file(directory / "private-keys.json", private_keys)
    write_key_file(directory / "keys.json", keys)


def write_key_file(path: Path, document: str) -> None:
    """Replace the file as a whole or not at all; 0600 from its first byte on."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(document)
    new.replace(path)


def _to_text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2) + "\n"
