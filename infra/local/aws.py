"""The run's own clients of the emulator, and how the SDK is kept to it."""

import os
from collections.abc import MutableMapping
from typing import Any

import botocore.session
from botocore.config import Config

REGION = "us-east-1"
CREDENTIAL = "test"
ACCOUNT = "000000000000"

# The person's own AWS profile must not be read: it could send a local request to a real account.
# Nor may a proxy of theirs see what is meant for this machine.
ISOLATION = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}

# One try: what uses these clients tries again by itself, and must notice at once that it has to stop.
_CONFIG = Config(
    connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 1}, max_pool_connections=10
)


def make_client(service: str, endpoint: str) -> Any:
    session: Any = botocore.session.Session()
    return session.create_client(
        service,
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=CREDENTIAL,
        aws_secret_access_key=CREDENTIAL,
        config=_CONFIG,
    )


def isolate(environ: MutableMapping[str, str]) -> None:
    for name in [name for name in environ if name.startswith("AWS_")]:
        del environ[name]
    environ.update(ISOLATION)
