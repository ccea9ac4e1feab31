"""The product's keys are made once, and never anew under a stack that has served."""

from typing import Any

import pytest

from infra.deploy.errors import CannotDeployError
from infra.deploy.key_parameters import ensure, find_kms_key


class Ssm:
    """Stands for SSM with nothing in it; `pages` is what describing parameters answers, page by page."""

    def __init__(self, *pages: list[dict[str, str]]) -> None:
        self.made: list[str] = []
        self._pages = pages

    def get_parameters(self, **_: Any) -> dict[str, Any]:
        return {"Parameters": []}

    def put_parameter(self, Name: str, **_: Any) -> None:
        self.made.append(Name)

    def get_paginator(self, operation: str) -> "Ssm":
        assert operation == "describe_parameters"
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"Parameters": page} for page in self._pages]


def test_a_first_deployment_makes_both_the_private_ones_first() -> None:
    ssm = Ssm()
    assert ensure(ssm, "prod", "key", has_served=False)
    assert ssm.made == ["/frontdesk/prod/private-keys", "/frontdesk/prod/keys"]


def test_keys_that_are_gone_are_not_made_anew_where_the_stack_has_served() -> None:
    """New ones would open nothing of what is stored, and what comes in would be sealed to them."""
    ssm = Ssm()
    with pytest.raises(CannotDeployError, match="are gone"):
        ensure(ssm, "prod", "key", has_served=True)
    assert ssm.made == []


def test_an_empty_page_is_not_the_end_of_the_list() -> None:
    assert find_kms_key(Ssm([], [{"KeyId": "alias/x/k1"}]), "prod") == "k1"
    assert find_kms_key(Ssm([]), "prod") is None
