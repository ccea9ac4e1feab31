"""Sealing private fields to a public key (libsodium sealed boxes, X25519 with XSalsa20-Poly1305).

Who holds only a Sealer can never open what it sealed. A sealed value is `<key id>:<box>` as bytes.
"""

from collections.abc import Callable

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox


class Sealer:
    """Seals to the current (last) of `public_keys`, {key id: 32 bytes}."""

    def __init__(self, public_keys: dict[str, bytes]) -> None:
        key_id, key = list(public_keys.items())[-1]
        self._prefix = key_id.encode() + b":"
        self._box = SealedBox(PublicKey(key))

    def seal(self, text: str) -> bytes:
        return self._prefix + bytes(self._box.encrypt(text.encode()))

    def is_current(self, sealed: bytes) -> bool:
        return sealed.startswith(self._prefix)


class BrokenSeal(ValueError):
    """No key that is known opens it, or it was altered."""


class Opener:
    """Opens what was sealed to any key that `load` knows; `load` returns {key id: 32 bytes}."""

    def __init__(self, load: Callable[[], dict[str, bytes]]) -> None:
        self._load = load
        self._boxes = self._load_boxes()

    def open(self, sealed: bytes) -> str:
        """Raises BrokenSeal."""
        name, _, box = sealed.partition(b":")
        key_id = name.decode(errors="replace")
        if key_id not in self._boxes:
            # A key that was made after this environment started: rotation must not need a restart.
            self._boxes = self._load_boxes()
        try:
            return bytes(self._boxes[key_id].decrypt(box)).decode()
        except (KeyError, ValueError, TypeError, CryptoError):
            raise BrokenSeal from None

    def _load_boxes(self) -> dict[str, "SealedBox[PrivateKey]"]:
        return {id_: SealedBox(PrivateKey(key)) for id_, key in self._load().items()}
