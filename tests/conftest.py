"""A stack on moto, made anew for each test: the template's tables and queues under names of their own."""

import os
import uuid
from collections.abc import Iterator
from unittest.mock import patch

import hypothesis
import pytest
from moto import mock_aws

from tests.stack import SharedSession, Stack

# No deadline: a busy machine is not a defect. The same examples each time: nor is bad luck.
hypothesis.settings.register_profile("frontdesk", deadline=None, derandomize=True)
hypothesis.settings.load_profile("frontdesk")

# Whatever the machine's own AWS settings are: no test may find them.
os.environ |= {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}
os.environ.pop("AWS_PROFILE", None)


@pytest.fixture(scope="session")
def aws() -> Iterator[None]:
    with mock_aws(), patch("chalicelib.wiring.make_session", SharedSession):
        yield


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    from chalicelib.privacy.keys import make_key_files  # noqa: PLC0415

    directory = tmp_path_factory.mktemp("keys")
    make_key_files(directory)
    return {
        "KEYS_FILE": str(directory / "keys.json"),
        "PRIVATE_KEYS_FILE": str(directory / "private-keys.json"),
    }


@pytest.fixture
def stack(aws: None, keys: dict[str, str]) -> Iterator[Stack]:
    stack = Stack(f"t{uuid.uuid4().hex[:12]}", keys)
    yield stack
    stack.delete()
