"""The keys: made once, read once at start.

Two files, so that a function can be given one without the other:

    keys.json           {"hmac": [{"id", "secret"}], "sealing": [{"id", "public_key"}]}
    private-keys.json   {"sealing": [{"id", "private_key"}]}

All values are base64. The last of each list is the current one; the earlier ones still open what
they sealed. Only the staff and mail functions are given the private keys.
"""

import json
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path

from nacl.public import PrivateKey


@dataclass(frozen=True)
class Keys:
    """What every function holds: secrets for keyed hashes, public keys to seal to."""

    hmac_secrets: dict[str, bytes]
    sealing_keys: dict[str, bytes]


def read_keys(path: Path) -> Keys:
    """Raises OSError, ValueError or KeyError where the file is missing or not as described above."""
    content = json.loads(path.read_text())
    return Keys(
        {key["id"]: b64decode(key["secret"]) for key in content["hmac"]},
        {key["id"]: b64decode(key["public_key"]) for key in content["sealing"]},
    )


def read_private_keys(path: Path) -> dict[str, bytes]:
    """Raises as `read_keys`."""
    return {key["id"]: b64decode(key["private_key"]) for key in json.loads(path.read_text())["sealing"]}


def make_key_files(directory: Path) -> None:
    """Make both files in `directory` unless they are there: a second start must find the same keys."""
    if (directory / "keys.json").exists():
        return
    private_key = PrivateKey.generate()
    directory.mkdir(parents=True, exist_ok=True)
    _write(
        directory / "private-keys.json",
        {"sealing": [{"id": "s1", "private_key": b64encode(bytes(private_key)).decode()}]},
    )
    _write(
        directory / "keys.json",
        {
            "hmac": [{"id": "h1", "secret": b64encode(secrets.token_bytes(32)).decode()}],
            "sealing": [{"id": "s1", "public_key": b64encode(bytes(private_key.public_key)).decode()}],
        },
    )


def _write(path: Path, content: dict[str, object]) -> None:
    # 0600 from its first byte on: never a moment in which another user could read it.
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, indent=2) + "\n")
