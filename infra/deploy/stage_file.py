"""The one file in which a person says how a stage is to be: `infra/stages/<stage>.toml`.

Above the table `[settings]` stand the stack's own options, in small letters: where it is, and each
parameter that the files in infra/ define. In the table stand the product's settings, named as in
docs/settings.md. It holds no secret: an unknown name is refused, and none of the known is one.
"""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chalicelib.config import SettingsError, read_settings
from chalicelib.judgement.rules_file import RulesError, read_rules
from infra.assembly import options
from infra.deploy.errors import CannotDeployError
from infra.package import ROOT
from infra.parameters import asked_for, parameter_name, settings_of_the_stack
from infra.sources import CannotListError, list_sources

STAGES = Path(__file__).resolve().parents[1] / "stages"
# What only the commands need to know: no parameters of the stack.
COMMANDS_OWN = ("region", "account", "artifacts_bucket")
REQUIRED = ("region",)
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_CERTIFICATE = re.compile(r"arn:aws[\w-]*:acm:([\w-]+):\d{12}:certificate/[\w-]+")
# SNS takes one, without a name; it refuses another when the stack is half made.
_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_LEAST_WAF_COUNTS = 10
# Of Lambda's 4,096, less what the stack itself sets: names of tables, queues, parameters, the OIDC issuer.
_MOST_BYTES_OF_SETTINGS = 3000

Content = dict[str, Any]


@dataclass(frozen=True)
class StageFile:
    """A stage as it was described: `parameters` are the stack's, as CloudFormation takes them."""

    stage: str
    region: str
    account: str | None
    artifacts_bucket: str | None
    parameters: Mapping[str, str]

    @property
    def stack(self) -> str:
        return f"frontdesk-{self.stage}"

    @property
    def public_url(self) -> str:
        return self.parameters["PublicUrl"]

    @property
    def sender(self) -> str:
        return self.parameters["MailSender"]


def path_of(stage: str, given: str | None = None) -> Path:
    """As a person reads it: from where they are."""
    return Path(given or os.path.relpath(STAGES / f"{stage}.toml"))


def load(path: Path) -> Content:
    """The file's content, or none where there is no file. Raises CannotDeployError."""
    try:
        content = tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError:
        return {}
    # tomllib lets through what Python itself refuses: a number of 5,000 digits, 1,000 brackets.
    except (ValueError, RecursionError) as error:
        raise CannotDeployError(f"{path} is not TOML: {error}; see docs/deploy.md for an example") from None
    except OSError as error:
        raise CannotDeployError(
            f"{path} cannot be read ({error.strerror}): make it readable, then try again"
        ) from None
    if not isinstance(content.get("settings", {}), dict):
        raise CannotDeployError(
            f"{path}: settings must be a table. Write [settings] on a line of its own, and below it the "
            "settings (docs/deploy.md)"
        )
    return content


def missing_keys(content: Content) -> list[str]:
    settings = content.get("settings", {})
    own = [name for name in REQUIRED if not content.get(name)]
    return own + [name for name in required_settings() if not _text(settings.get(name, ""))]


def required_settings() -> list[str]:
    return [name.upper() for name, is_required in asked_for().items() if is_required]


def read_stage(stage: str, path: Path, content: Content) -> StageFile:
    """Check everything that can be known without AWS. Raises CannotDeployError, which names all of it."""
    problems = [f"{name} is missing" for name in REQUIRED if not content.get(name)]
    problems += _unknown(content)
    given = {name: _text(value) for name, value in content.items() if name != "settings"}
    settings = {name: _text(value) for name, value in content.get("settings", {}).items()}
    if not problems:
        problems = _option_problems(given, settings)
    problems += _setting_problems(stage, settings) + _length_problems(settings)
    if problems:
        told = "; ".join(problem.rstrip(".") for problem in problems)
        raise CannotDeployError(f"{path}: {told}. Mend the file (docs/deploy.md) and run it again")
    parameters = {"Stage": stage}
    parameters |= {parameter_name(name.lower()): value for name, value in settings.items()}
    parameters |= {options()[name].parameter: v for name, v in given.items() if name not in COMMANDS_OWN}
    return StageFile(
        stage=stage,
        region=given["region"],
        account=given.get("account") or None,
        artifacts_bucket=given.get("artifacts_bucket") or None,
        parameters=parameters,
    )


def _text(value: Any) -> str:
    """As an environment variable would have it: lists with commas, tables as JSON."""
    match value:
        case bool():
            return "true" if value else "false"
        case list() if all(isinstance(item, str) for item in value):
            return ",".join(value)
        case list() | dict():
            # TOML's dates too: what is wrong with them is the product's to say.
            return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _unknown(content: Content) -> list[str]:
    known_settings = [name.upper() for name in asked_for()]
    known = [*COMMANDS_OWN, *options(), "settings"]
    wrong = [_complain(name, known) for name in content if name not in known]
    return wrong + [
        _complain(name, known_settings) for name in content.get("settings", {}) if name not in known_settings
    ]


def _complain(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name} is not known" + (f" (is {near[0]} meant?)" if near else "")


def _setting_problems(stage: str, settings: Mapping[str, str]) -> list[str]:
    """The product's own check, as every function makes it at its start."""
    try:
        read_settings({**settings, **settings_of_the_stack(stage)})
        return _rules_problems(settings.get("RULES_FILE", ""))
    except SettingsError as error:
        return error.problems


def _length_problems(settings: Mapping[str, str]) -> list[str]:
    """Lambda takes 4 KB of environment variables; it refuses more when the stack is half made."""
    lengths = {name: len(f"{name}{value}".encode()) for name, value in settings.items()}
    if sum(lengths.values()) <= _MOST_BYTES_OF_SETTINGS:
        return []
    longest = sorted(lengths, key=lambda name: -lengths[name])[:3]
    return [
        f"the settings have {sum(lengths.values())} bytes in all, and no more than {_MOST_BYTES_OF_SETTINGS} "
        f"fit into a function: shorten {', '.join(longest)}"
    ]


def _rules_problems(name: str) -> list[str]:
    """Of the site's own rules, without which no function starts. An absolute path is one in Lambda."""
    if not name or Path(name).is_absolute():
        return []
    try:
        if Path(os.path.normpath(name)) not in list_sources(ROOT).files:
            return [f"RULES_FILE {name} is not packaged: put it into chalicelib/, and git add it"]
        read_rules((ROOT / name).read_text(encoding="utf-8"))
    except (CannotListError, OSError, UnicodeDecodeError) as error:
        return [f"RULES_FILE {name} cannot be read ({error})"]
    except RulesError as error:
        return [f"RULES_FILE, {problem}" for problem in error.problems]
    return []


def _option_problems(given: Mapping[str, str], settings: Mapping[str, str]) -> list[str]:
    problems = []
    if not _REGION.fullmatch(given["region"]):
        problems.append("region must be one such as us-east-1")
    if given.get("account") and not re.fullmatch(r"\d{12}", given["account"]):
        problems.append("account must be 12 digits, in quotes")
    if given.get("artifacts_bucket") and not _BUCKET.fullmatch(given["artifacts_bucket"]):
        problems.append("artifacts_bucket must be the name of a bucket in S3")
    if given.get("alarm_email") and not _ADDRESS.fullmatch(given["alarm_email"]):
        problems.append("alarm_email must be one email address")
    for name, option in options().items():
        if option.is_yes_or_no and given.get(name, "true") not in ("true", "false"):
            problems.append(f"{name} must be true or false")
    if given.get("monthly_budget") and not given.get("alarm_email"):
        problems.append("monthly_budget needs alarm_email, to whom it is told")
    problems += _number_problems(given)
    if given.get("staff_user_pool") == "true" and settings.get("OIDC_ISSUER"):
        problems.append("staff_user_pool and OIDC_ISSUER contradict each other: choose one")
    return problems + _address_problems(given, settings)


def _number_problems(given: Mapping[str, str]) -> list[str]:
    problems = []
    for name, least in (("monthly_budget", 1), ("waf_requests", _LEAST_WAF_COUNTS)):
        value = given.get(name, "")
        if value and not (value.isdecimal() and int(value) >= least):
            problems.append(f"{name} must be a whole number, {least} or more")
    return problems


def _address_problems(given: Mapping[str, str], settings: Mapping[str, str]) -> list[str]:
    problems = []
    public = urlsplit(settings.get("PUBLIC_URL", ""))
    if ".execute-api." in public.netloc:
        problems.append(
            "PUBLIC_URL must be a host of your own: the paths of API Gateway's address begin with /api"
        )
    certificate = given.get("certificate_arn", "")
    if certificate:
        match = _CERTIFICATE.fullmatch(certificate)
        if match is None:
            problems.append("certificate_arn must be the ARN of a certificate in ACM")
        elif match[1] != given["region"]:
            problems.append(f"certificate_arn must be of a certificate in {given['region']}")
        if ":" in public.netloc:
            problems.append("PUBLIC_URL must have no port where certificate_arn is given")
    return problems
