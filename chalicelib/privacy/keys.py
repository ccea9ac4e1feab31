"""The keys: made once, read at start, rotated by command.

Two documents, so that a function can be given one without the other; files on one machine, SSM
parameters (SecureString) in AWS:

    keys            {"hmac": [{"id", "secret"}], "sealing": [{"id", "public_key"}]}
    private-keys    {"sealing": [{"id", "private_key"}]}

All values are base64. The last of each list is the current one; the earlier ones still open what
they sealed. Only the staff and mail functions are given the private keys.
"""

import json
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nacl.public import PrivateKey


@dataclass(frozen=True)
class Keys:
    """What every function holds: secrets for keyed hashes, public keys to seal to."""

    hmac_secrets: dict[str, bytes]
    sealing_keys: dict[str, bytes]


def read_keys(document: str) -> Keys:
    """Raises ValueError, KeyError or TypeError where the document is not as described above."""
    content = json.loads(document)
    return Keys(
        {key["id"]: b64decode(key["secret"]) for key in content["hmac"]},
        {key["id"]: b64decode(key["public_key"]) for key in content["sealing"]},
    )


def read_private_keys(document: str) -> dict[str, bytes]:
    """Raises as `read_keys`."""
    return {key["id"]: b64decode(key["private_key"]) for key in json.loads(document)["sealing"]}


def make_documents() -> tuple[str, str]:
    """Make the first keys: the documents `keys` and `private-keys`."""
    return add_hmac_secret(*add_sealing_key('{"hmac": [], "sealing": []}', '{"sealing": []}'))


def add_sealing_key(keys: str, private_keys: str) -> tuple[str, str]:
    """Add a new current sealing key to both documents; the old ones stay, to open what they sealed."""
    private_key = PrivateKey.generate()
    public, private = json.loads(keys), json.loads(private_keys)
    name = f"s{len(public['sealing']) + 1}"
    public["sealing"].append({"id": name, "public_key": b64encode(bytes(private_key.public_key)).decode()})
    private["sealing"].append({"id": name, "private_key": b64encode(bytes(private_key)).decode()})
    return _to_text(public), _to_text(private)


def add_hmac_secret(keys: str, private_keys: str) -> tuple[str, str]:
    """Add a new current secret for keyed hashes; look-up by address needs `keys reseal` afterwards."""
    content = json.loads(keys)
    name = f"h{len(content['hmac']) + 1}"
    content["hmac"].append({"id": name, "secret": b64encode(secrets.token_bytes(32)).decode()})
    return _to_text(content), private_keys


def make_key_files(directory: Path) -> None:
    """Make both files in `directory` unless they are there: a second start must find the same keys."""
    if (directory / "keys.json").exists():
        return
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
