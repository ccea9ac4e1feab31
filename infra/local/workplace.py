"""All that must be there before the first event: tables, keys, functions, tokens."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from chalicelib.privacy.keys import make_key_files
from infra.local.aws import make_client
from infra.local.environments import Functions, load_module, process_environment
from infra.local.folder import DataFolder
from infra.local.mailbox import Mailbox, capture_mail
from infra.local.roles import Credentials, ensure_roles
from infra.local.settings import (
    command_environment,
    environment_of,
    read_stage_settings,
    shared_environment,
)
from infra.local.stack import deploy
from infra.local.template import Template, arns_of, cut_to_storage, read_template
from infra.local.tokens import add_token, ensure_tokens, token_works

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Workplace:
    folder: DataFolder
    endpoint: str
    template: Template
    resources: Mapping[str, str]
    functions: Functions
    mailbox: Mailbox
    origins: list[str]
    tokens: Mapping[str, str]
    # What a command needs to work on this stack while it runs.
    command_environment: Mapping[str, str]


def prepare(folder: DataFolder, url: str, endpoint: str) -> Workplace:
    template = read_template(ROOT / "infra/template.yaml")
    resources = deploy(make_client("cloudformation", endpoint), cut_to_storage(template))
    make_key_files(folder.keys)
    stage_settings = read_stage_settings(ROOT / ".chalice/config.json")
    shared = shared_environment(
        caller=os.environ,
        stage_settings=stage_settings,
        folder=folder,
        url=url,
        endpoint=endpoint,
        resources=resources,
    )
    prepare_ses(make_client("sesv2", endpoint), shared)
    mailbox = Mailbox(folder.mail)
    ensure_roles(make_client("iam", endpoint), arns_of(template, resources), shared)
    credentials = Credentials(make_client("sts", endpoint))
    functions = Functions(lambda function: load_function(function, shared, folder, mailbox, credentials))
    functions.warm_up()
    return Workplace(
        folder=folder,
        endpoint=endpoint,
        template=template,
        resources=resources,
        functions=functions,
        mailbox=mailbox,
        origins=[*shared["SITES"].split(","), *shared.get("CORS_ORIGINS", "").split(",")],
        tokens=prepare_tokens(folder, environment_of("staff", shared, folder)),
        command_environment=command_environment(shared, folder),
    )


def prepare_ses(ses: Any, settings: Mapping[str, str]) -> None:
    """SES sends for verified identities alone; an operator would have verified the sender."""
    sender = settings.get("MAIL_SENDER", "").rpartition("@")[2]
    known = {identity["IdentityName"] for identity in ses.list_email_identities()["EmailIdentities"]}
    if sender and sender not in known:
        ses.create_email_identity(EmailIdentity=sender)


def prepare_tokens(folder: DataFolder, environment: Mapping[str, str]) -> dict[str, str]:
    with process_environment(environment):
        return ensure_tokens(folder.tokens, environment, add_token, token_works)


def load_function(
    function: str, shared: Mapping[str, str], folder: DataFolder, mailbox: Mailbox, credentials: Credentials
) -> ModuleType:
    environment = environment_of(function, shared, folder) | credentials.of(function)
    module = load_module(ROOT / "app.py", environment)
    if module.desk.ses is not None:
        capture_mail(module.desk.ses, mailbox)
    return module
