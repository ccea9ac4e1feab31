"""The environment variables of each function, as the deployed stack would set them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from chalicelib.config import Settings
from infra.local.aws import CREDENTIAL, ISOLATION, REGION
from infra.local.folder import DataFolder

OPENS_WHAT_IS_SEALED = frozenset({"staff", "mail"})
# For the mail function alone.
_AKISMET_KEY = ("AKISMET_KEY_FILE", "AKISMET_KEY_PARAMETER")


def read_stage_settings(config: Path, stage: str = "local") -> dict[str, str]:
    """`environment_variables` of .chalice/config.json: those of all stages, then those of this one."""
    content = json.loads(config.read_text())
    of_stage = content["stages"][stage].get("environment_variables", {})
    return {**content.get("environment_variables", {}), **of_stage}


def shared_environment(
    *,
    caller: Mapping[str, str],
    stage_settings: Mapping[str, str],
    folder: DataFolder,
    url: str,
    endpoint: str,
    resources: Mapping[str, str],
) -> dict[str, str]:
    """What all functions have in common. The caller may set what is a setting, never where things are."""
    return {
        "PUBLIC_URL": url,
        "SITES": f"{url},{url.replace('127.0.0.1', 'localhost')}",
        **stage_settings,
        **{name: value for name, value in caller.items() if not name.startswith("AWS_")},
        "STAGE": "local",
        "KEYS_FILE": str(folder.keys / "keys.json"),
        **_resource_settings(resources),
        **_aws_settings(endpoint),
    }


def environment_of(function: str, shared: Mapping[str, str], folder: DataFolder) -> dict[str, str]:
    others = {"PRIVATE_KEYS_FILE"} if function == "mail" else {"PRIVATE_KEYS_FILE", *_AKISMET_KEY}
    environment = {name: value for name, value in shared.items() if name not in others}
    environment["FUNCTION"] = function
    if function in OPENS_WHAT_IS_SEALED:
        environment["PRIVATE_KEYS_FILE"] = str(folder.keys / "private-keys.json")
    return environment


def command_environment(shared: Mapping[str, str], folder: DataFolder) -> dict[str, str]:
    """What a command is told: as the staff function, but by the operator's credentials, not by its role.

    It is written into a file, so of the caller's own variables it holds the settings and no other.
    """
    environment = environment_of("staff", shared, folder)
    settings = {name.upper() for name in Settings.model_fields}
    aws = {*ISOLATION, *_aws_settings("")}
    return {name: value for name, value in environment.items() if name in settings | aws}


def _resource_settings(resources: Mapping[str, str]) -> dict[str, str]:
    """CommentsTable becomes COMMENTS_TABLE, MailQueue becomes MAIL_QUEUE_URL."""
    return {_setting_name(logical_id): physical for logical_id, physical in resources.items()}


def _setting_name(logical_id: str) -> str:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", logical_id).upper()
    return f"{name}_URL" if name.endswith("_QUEUE") else name


def _aws_settings(endpoint: str) -> dict[str, str]:
    return {
        **ISOLATION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": CREDENTIAL,
        "AWS_SECRET_ACCESS_KEY": CREDENTIAL,
    }
