"""What AWS refuses is one plain line that ends with what to do."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import exceptions

from infra.deploy.__main__ import main
from infra.deploy.aws import Aws, told_plainly
from infra.deploy.errors import CannotDeployError

from .conftest import STAGE_FILE
from .fakes import client_error


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (client_error("ExpiredToken"), "The AWS credentials have expired: sign in again"),
        (client_error("400", "Bad Request", "HeadBucket"), "when the AWS credentials have expired: sign in"),
        (client_error("InvalidClientTokenId"), "AWS does not know these credentials: sign in again"),
        (
            client_error("AccessDenied", operation="CreateChangeSet"),
            "may not call CreateChangeSet: use a role",
        ),
        (
            client_error("Odd", "It is\nso.", "PutKey"),
            "AWS refused PutKey (Odd): It is so. Mend that and run",
        ),
        (exceptions.NoCredentialsError(), "There are no AWS credentials here: sign in"),
        (exceptions.EndpointConnectionError(endpoint_url="x"), "cannot be reached in eu-west-9: check"),
        (exceptions.WaiterError("W", "Max\nattempts", {}), "run the same command again"),
        (exceptions.ProfileNotFound(profile="nope"), "profile (nope) could not be found: mend AWS_PROFILE"),
    ],
)
def test_an_error_of_aws_is_told_in_one_line(raised: Exception, told: str) -> None:
    with pytest.raises(CannotDeployError) as refused, told_plainly("eu-west-9"):
        raise raised
    [line] = refused.value.lines
    assert told in line
    assert "\n" not in line


@pytest.fixture
def no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No client is made: what is refused here is refused before AWS is called."""

    def never(*_: Any) -> Any:
        raise AssertionError("AWS was called")

    monkeypatch.setattr(Aws, "_make", never)


COMMANDS = pytest.mark.parametrize("command", ["deploy", "diff", "preflight", "destroy"])


@COMMANDS
@pytest.mark.usefixtures("no_account")
def test_a_wrong_region_is_refused_before_anything_is_called(
    command: str, stage_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage_path.write_text(STAGE_FILE.replace("us-east-1", "us-esat-1"))
    assert main([command, "prod", "--settings", str(stage_path)]) == 1
    told = capsys.readouterr().err
    assert told == f"There is no region us-esat-1: mend region in {stage_path}, then run it again\n"


@COMMANDS
@pytest.mark.usefixtures("no_account")
def test_wrong_settings_are_refused_before_anything_is_called(
    command: str, stage_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage_path.write_text(STAGE_FILE.replace("desk@example.org", "nobody"))
    assert main([command, "prod", "--settings", str(stage_path)]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "MAIL_SENDER is wrong" in told


@COMMANDS
def test_a_stage_that_is_not_there_is_told_so(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "local"]) == 1
    assert capsys.readouterr().err == "There is no stage local to deploy: there is STAGE=prod\n"


class Expired:
    """Stands for a client whose every call says that the credentials have expired."""

    def __getattr__(self, operation: str) -> Any:
        def refuse(**_: Any) -> Any:
            raise client_error("ExpiredToken", "The security token included in the request is expired")

        return refuse


@COMMANDS
def test_expired_credentials_are_told_by_every_command(
    command: str, stage_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Aws, "_make", lambda *_: Expired())
    assert main([command, "prod", "--settings", str(stage_path)]) == 1
    told = capsys.readouterr().err
    assert told.startswith("The AWS credentials have expired: sign in again")
    assert told.count("\n") == 1


def test_another_account_than_the_stages_is_refused(
    stage_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Other:
        def get_caller_identity(self) -> dict[str, str]:
            return {"Account": "999999999999", "Arn": "arn:aws:iam::999999999999:user/me"}

    stage_path.write_text(f'account = "123456789012"\n{STAGE_FILE}')
    monkeypatch.setattr(Aws, "_make", lambda *_: Other())
    assert main(["deploy", "prod", "--settings", str(stage_path)]) == 1
    assert "is of account 123456789012, and these credentials are of 999999999999" in capsys.readouterr().err


def test_an_adopt_that_is_none_is_told(stage_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Left alone, it would be a deployment that takes in nothing."""
    assert main(["deploy", "prod", "--settings", str(stage_path), "--adopt", "dta"]) == 1
    assert capsys.readouterr().err == "There is no ADOPT=dta: say ADOPT=data, or leave it out\n"


@pytest.mark.parametrize(
    ("region", "known"), [("us-east-1", True), ("eu-west-1", True), ("us-esat-1", False)]
)
def test_a_region_is_known_by_its_name_and_has_what_is_needed(region: str, known: bool) -> None:
    aws = Aws(region)
    assert aws.knows_region() is known
    assert (aws.lacking() == []) is known


_KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
BROKEN_CONFIGURATIONS = {
    "a profile that is not there": (
        {"AWS_PROFILE": "nope"},
        "",
        "The config profile (nope) could not be found",
    ),
    "no ini file": ({}, "garbage\n", "Unable to parse config file"),
    "a process that is not there": (
        {},
        "[default]\ncredential_process = /nowhere/at-all\n",
        "cannot be used (",
    ),
    "a process that says something else": (
        {},
        "[default]\ncredential_process = /bin/echo hm\n",
        "cannot be used (",
    ),
    "an address that is none": (
        {"AWS_ENDPOINT_URL": "nonsense", **_KEYS},
        "",
        "cannot be used (Invalid endpoint",
    ),
}


@COMMANDS
@pytest.mark.parametrize("broken", BROKEN_CONFIGURATIONS.values(), ids=BROKEN_CONFIGURATIONS)
def test_a_broken_configuration_of_aws_is_told_by_every_command(
    command: str,
    broken: tuple[dict[str, str], str, str],
    stage_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    variables, config, told = broken
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(stage_path.with_name("config")))
    stage_path.with_name("config").write_text(config)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main([command, "prod", "--settings", str(stage_path)]) == 1
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


def test_an_aws_that_does_not_answer_is_told_as_that(
    stage_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """botocore's time-outs are OSErrors too, as a broken configuration is."""

    def slow() -> None:
        raise exceptions.ConnectTimeoutError(endpoint_url="https://sts")

    monkeypatch.setattr(Aws, "_make", lambda *_: SimpleNamespace(get_caller_identity=slow))
    assert main(["preflight", "prod", "--settings", str(stage_path)]) == 1
    assert capsys.readouterr().err.startswith("AWS cannot be reached in us-east-1: check the network")
