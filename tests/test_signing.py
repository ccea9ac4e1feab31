"""A signed value is accepted as it was made and for what it was made, and in no other form."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.privacy.hashing import Hasher
from chalicelib.signing import BadSignature, sign, unsign

HASHER = Hasher({"h1": sha256(b"one").digest()})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@given(JSON)
@settings(max_examples=50, deadline=None)
def test_value_comes_back_as_signed(value: object) -> None:
    assert unsign(HASHER, "x", sign(HASHER, "x", value)) == value


def test_every_altered_byte_is_noticed() -> None:
    signed = sign(HASHER, "x", ["place", 7])
    for index in range(len(signed)):
        for other in "A_z.~é":
            if signed[index] != other:
                with pytest.raises(BadSignature):
                    unsign(HASHER, "x", signed[:index] + other + signed[index + 1 :])


@pytest.mark.parametrize(
    "made_up", ["", ".", "x", "e30", "e30.", ".e30", "e30.e30.e30", "é", "\ud800", "a" * 9999]
)
def test_made_up_value_is_refused(made_up: str) -> None:
    with pytest.raises(BadSignature):
        unsign(HASHER, "x", made_up)


def test_shortened_or_lengthened_value_is_refused() -> None:
    signed = sign(HASHER, "x", 1)
    for altered in (signed[:-1], signed + "A", signed + "=", signed + "\n", " " + signed):
        with pytest.raises(BadSignature):
            unsign(HASHER, "x", altered)


def test_value_signed_for_another_purpose_or_by_another_secret_is_refused() -> None:
    signed = sign(HASHER, "cursor/a", 1)
    with pytest.raises(BadSignature):
        unsign(HASHER, "cursor/b", signed)
    with pytest.raises(BadSignature):
        unsign(Hasher({"h1": sha256(b"two").digest()}), "cursor/a", signed)
