"""The documents of keys, as a rotation replaces them: never over what somebody else wrote meanwhile.

Two rotations at once would otherwise leave one's public key beside the other's private one: no function would
start any more, and what visitors write until then would be sealed for nobody.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from chalicelib.errors import Unavailable
from chalicelib.privacy.keys import write_key_file
from chalicelib.wiring import calling, make_session, open_ssm

# Of a standard parameter, and keys are ASCII:
# https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html.
_MOST_BYTES_OF_A_PARAMETER = 4096


class NotReplaced(Exception):
    """Why a document was not replaced, and what to do, for the person at the terminal."""


class ChangedMeanwhile(NotReplaced):
    """What somebody else wrote since it was read stays; ours does not."""

    def __init__(self) -> None:
        super().__init__(
            "Not done: somebody else changed the keys at the same moment, and theirs stay. Ask them before "
            "you rotate again."
        )


class NoRoom(NotReplaced):
    def __init__(self) -> None:
        super().__init__(
            "Not done, and nothing was changed: with one key more, an SSM parameter would be over "
            f"{_MOST_BYTES_OF_A_PARAMETER:,} bytes. Run keys reseal until it renews nothing, then take the "
            "oldest keys out of both documents (docs/security.md, Rotating keys, step 5), then run it again."
        )


class NotPutBack(NotReplaced):
    """Ours is over what somebody else wrote since it was read."""

    def __init__(self, name: str, version: int, failed: str) -> None:
        super().__init__(
            f"Not done, and {name} may hold another rotation's key no more ({failed} failed): put its "
            f"version {version} back (aws ssm get-parameter-history) before anything else."
        )


class KeyDocument(Protocol):
    """`text` is the document as it was read."""

    text: str

    def check_room(self, text: str) -> None:
        """Raises NotReplaced."""

    def replace(self, text: str) -> None:
        """Raises NotReplaced, OSError or Unavailable."""


def open_document(file: Path | None, parameter: str | None) -> KeyDocument:
    """Raises OSError or Unavailable."""
    return InFile(file) if file is not None else InSsm(open_ssm(make_session()), str(parameter))


class InFile:
    """On one machine: looked at once more before it is replaced, by one process at a time."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text()
        self._path = path

    def check_room(self, text: str) -> None:
        """A file has room for any."""

    def replace(self, text: str) -> None:
        with _alone_in(self._path.parent):
            if self._path.read_text() != self.text:
                raise ChangedMeanwhile
            write_key_file(self._path, text)


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """The folder is locked, for the file is another one once it was replaced."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class _Version:
    number: int
    text: str


class InSsm:
    """PutParameter takes no condition, but says which version it made: whose is not the next one, yields."""

    def __init__(self, ssm: Any, name: str) -> None:
        self._ssm = ssm
        self._name = name
        self._read = self._get(name)
        self.text = self._read.text

    def check_room(self, text: str) -> None:
        if len(text.encode()) > _MOST_BYTES_OF_A_PARAMETER:
            raise NoRoom

    def replace(self, text: str) -> None:
        following = self._read.number + 1
        if self._put_or_find(text) == following:
            return
        # Where only the answer was lost, the SDK has asked again, and that version is ours too.
        try:
            first = self._get(f"{self._name}:{following}").text
            if first != text:
                self._put(first)
                raise ChangedMeanwhile
        except Unavailable as error:
            raise NotPutBack(self._name, following, error.what) from error

    def _put_or_find(self, text: str) -> int:
        """Return the version that it is in: where the put failed, its answer alone may have been lost."""
        try:
            return self._put(text)
        except Unavailable:
            now = self._get(self._name)
            if now.text != text:
                raise
            return now.number

    def _get(self, name: str) -> _Version:
        with calling("GetParameter"):
            found = self._ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
        return _Version(int(found["Version"]), str(found["Value"]))

    def _put(self, text: str) -> int:
        """Return the version that it made."""
        # Under the KMS key that it has: without KeyId, SSM would take the account's own.
        named = [{"Key": "Name", "Option": "Equals", "Values": [self._name]}]
        with calling("PutParameter"):
            pages = self._ssm.get_paginator("describe_parameters").paginate(ParameterFilters=named)
            [known] = [found for page in pages for found in page["Parameters"]]
            made = self._ssm.put_parameter(
                Name=self._name, Value=text, Type="SecureString", KeyId=known["KeyId"], Overwrite=True
            )
        return int(made["Version"])
