"""The product's keys are made once, whole, and never anew under what has served."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from chalicelib.privacy.keys import check_pair, read_keys, read_private_keys
from infra.deploy.errors import CannotDeployError
from infra.deploy.key_parameters import (
    ensure,
    find_kms_key,
    find_versions,
    find_versions_to_be,
    parameter_names,
    refuse_lost,
)
from tests.deploy.fakes import mocked

KEYS, PRIVATE_KEYS = parameter_names("prod")


class Ssm:
    """SSM (moto's). At the puts in `strikes`, counted from 1, the answer is lost, or the call never comes.

    `retried`: botocore asks again by itself, as it does where only the answer was lost.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self.strikes: dict[int, str] = {}
        self.puts: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_parameter(self, **wanted: Any) -> Any:
        self.puts.append(wanted["Name"])
        strike = self.strikes.get(len(self.puts), "")
        if strike == "never came":
            raise ConnectTimeoutError(endpoint_url="https://ssm")
        answer = self._client.put_parameter(**wanted)
        if strike == "retried":
            return self._client.put_parameter(**wanted)
        if strike == "answer lost":
            raise ConnectTimeoutError(endpoint_url="https://ssm")
        return answer

    def read(self) -> dict[str, str]:
        found = self._client.get_parameters(Names=[KEYS, PRIVATE_KEYS], WithDecryption=True)["Parameters"]
        return {parameter["Name"]: parameter["Value"] for parameter in found}

    def is_whole(self) -> bool:
        found = self.read()
        check_pair(read_keys(found[KEYS]), read_private_keys(found[PRIVATE_KEYS]))
        return True


@pytest.fixture
def ssm() -> Iterator[Ssm]:
    with mocked("ssm") as client:
        yield Ssm(client)
        client.delete_parameters(Names=[KEYS, PRIVATE_KEYS])


def test_a_first_deployment_makes_both_once(ssm: Ssm) -> None:
    assert ensure(ssm, "prod", "key", has_served=False)
    assert ssm.is_whole()
    made = ssm.read()
    assert not ensure(ssm, "prod", "key", has_served=False)
    assert not ensure(ssm, "prod", "key", has_served=True)
    assert ssm.read() == made


@pytest.mark.parametrize("put", [1, 2])
def test_an_answer_that_was_lost_and_asked_for_again_is_no_failure(ssm: Ssm, put: int) -> None:
    """botocore's second try meets what the first one made."""
    ssm.strikes = {put: "retried"}
    assert ensure(ssm, "prod", "key", has_served=False)
    assert ssm.is_whole()


@pytest.mark.parametrize("strike", ["never came", "answer lost"])
@pytest.mark.parametrize("put", [1, 2])
def test_a_run_that_ended_between_two_keys_is_mended_by_the_next(ssm: Ssm, put: int, strike: str) -> None:
    ssm.strikes = {put: strike}
    with pytest.raises(ConnectTimeoutError):
        ensure(ssm, "prod", "key", has_served=False)
    to_be = find_versions_to_be(ssm, "prod")
    ensure(ssm, "prod", "key", has_served=False)
    assert ssm.is_whole()
    # A release is made of them before they are.
    assert find_versions(ssm, "prod") == to_be


@pytest.mark.parametrize("lost", [[KEYS], [PRIVATE_KEYS], [KEYS, PRIVATE_KEYS]])
def test_keys_that_have_served_are_never_made_anew(ssm: Ssm, lost: list[str]) -> None:
    """New ones would open nothing of what is stored, and what comes in would be sealed to them."""
    ensure(ssm, "prod", "key", has_served=False)
    for name in lost:
        ssm.delete_parameter(Name=name)
    kept = ssm.read()
    for refuse in (
        lambda: ensure(ssm, "prod", "key", has_served=True),
        lambda: refuse_lost(ssm, "prod", has_served=True),
    ):
        with pytest.raises(CannotDeployError) as refused:
            refuse()
        [line] = refused.value.lines
        assert line.startswith(f"Gone from SSM: {' and '.join(lost)}, ")
        assert all(f"aws ssm put-parameter --region us-east-1 --name {name} --type" in line for name in lost)
        assert "make destroy STAGE=prod DESTROY_DATA=frontdesk-prod" in line
    assert ssm.read() == kept


def test_two_halves_of_two_pairs_are_made_anew_before_anything_was_sealed(ssm: Ssm) -> None:
    """Two first deployments at the same time can leave them."""
    ensure(ssm, "prod", "key", has_served=False)
    private = ssm.read()[PRIVATE_KEYS]
    for name in (KEYS, PRIVATE_KEYS):
        ssm.delete_parameter(Name=name)
    ensure(ssm, "prod", "key", has_served=False)
    ssm.put_parameter(Name=PRIVATE_KEYS, Value=private, Type="SecureString", KeyId="key", Overwrite=True)
    assert ensure(ssm, "prod", "key", has_served=False)
    assert ssm.is_whole()
    # What was replaced is in the parameter's history: nothing is destroyed by it.
    history = ssm.get_parameter_history(Name=PRIVATE_KEYS, WithDecryption=True)["Parameters"]
    assert private in [version["Value"] for version in history]


def test_what_somebody_else_made_meanwhile_is_left_alone(ssm: Ssm) -> None:
    class Racing(Ssm):
        def put_parameter(self, **wanted: Any) -> Any:
            self._client.put_parameter(**{**wanted, "Value": "another's", "Overwrite": False})
            return super().put_parameter(**wanted)

    with pytest.raises(CannotDeployError, match="made by somebody else meanwhile"):
        ensure(Racing(ssm), "prod", "key", has_served=False)
    assert list(ssm.read().values()) == ["another's"]


def test_an_empty_page_is_not_the_end_of_the_list() -> None:
    class Pages:
        def __init__(self, *pages: list[dict[str, str]]) -> None:
            self._pages = pages

        def get_paginator(self, operation: str) -> "Pages":
            assert operation == "describe_parameters"
            return self

        def paginate(self, **_: Any) -> list[dict[str, Any]]:
            return [{"Parameters": page} for page in self._pages]

    found = [{"KeyId": "alias/aws/ssm"}, {"KeyId": "arn:aws:kms:us-east-1:123456789012:key/k1"}]
    assert find_kms_key(Pages([], found), "prod") == "k1"
    assert find_kms_key(Pages([]), "prod") is None


class AtOnce(Ssm):
    """Before the put number `at`, somebody else's whole run takes place."""

    def __init__(self, client: Any, at: int) -> None:
        super().__init__(client)
        self.at = at
        self.other_made = False

    def put_parameter(self, **wanted: Any) -> Any:
        if len(self.puts) + 1 == self.at:
            self.other_made = ensure(self._client, "prod", "key", has_served=False)
        return super().put_parameter(**wanted)


@pytest.mark.parametrize("half", [KEYS, PRIVATE_KEYS])
def test_of_two_runs_that_find_half_a_pair_one_overwrites_nothing(ssm: Ssm, half: str) -> None:
    """Else the one that was done went on with a public key of which nobody has the private one."""
    ensure(ssm, "prod", "key", has_served=False)
    ssm.delete_parameter(Name=PRIVATE_KEYS if half == KEYS else KEYS)
    racing = AtOnce(ssm, at=1)
    with pytest.raises(CannotDeployError, match="made by somebody else meanwhile"):
        ensure(racing, "prod", "key", has_served=False)
    assert racing.other_made
    assert ssm.is_whole()


def test_two_halves_of_two_pairs_stop_what_has_served(ssm: Ssm) -> None:
    """Staff and mail do not start with them, and what visitors write would be sealed for nobody."""
    ensure(ssm, "prod", "key", has_served=False)
    private = ssm.read()[PRIVATE_KEYS]
    for name in (KEYS, PRIVATE_KEYS):
        ssm.delete_parameter(Name=name)
    ensure(ssm, "prod", "key", has_served=False)
    ssm.put_parameter(Name=PRIVATE_KEYS, Value=private, Type="SecureString", KeyId="key", Overwrite=True)
    kept = ssm.read()
    with pytest.raises(CannotDeployError, match="are not of one another"):
        ensure(ssm, "prod", "key", has_served=True)
    assert ssm.read() == kept
