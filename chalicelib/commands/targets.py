"""Which Frontdesk a command works on: one that runs here, a deployed one, or what the environment names."""

import json
import os
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.aws_errors import explain
from chalicelib.errors import Unavailable
from chalicelib.wiring import read_function

_STAGE = re.compile("[a-z0-9-]{1,32}")


class NoTarget(Exception):
    """There is nothing to work on. The text is a sentence that says why, and what to do."""


@dataclass(frozen=True)
class Target:
    """`place` is how it is told to people; `environment` has the settings."""

    place: str
    environment: Mapping[str, str]


def find_target(options: Any, environ: MutableMapping[str, str]) -> Target:
    """Raises NoTarget. Where the target's AWS is another, `environ` tells the SDK from now on."""
    if options.local is not None:
        if options.stage or options.region:
            raise NoTarget("--local is on this machine: it goes with neither --stage nor --region.")
        return _find_local(Path(options.local), environ)
    if options.region:
        # Of the two the SDK reads the latter; Lambda sets both.
        environ.update(AWS_REGION=options.region, AWS_DEFAULT_REGION=options.region)
    if options.stage:
        return _find_deployed(options.stage)
    if not environ.get("STAGE"):
        raise NoTarget(
            "Say which Frontdesk: --local for the one that make run serves, --stage prod --region REGION for "
            "a deployed one, or set the settings of its staff function in the environment (docs/commands.md)."
        )
    # Whoever names the tables need not say besides in which function's place a command stands.
    return Target("by the environment's settings", {**environ, "FUNCTION": "staff"})


def _find_local(folder: Path, environ: MutableMapping[str, str]) -> Target:
    not_running = NoTarget(
        f"No stack runs on the folder {folder}: start it with make run, or name another: --local=FOLDER."
    )
    try:
        ready = json.loads((folder / "ready.json").read_text())
        os.kill(int(ready["pid"]), 0)
        environment: dict[str, str] = ready["environment"]
    except PermissionError:
        raise NoTarget(f"The folder {folder} is somebody else's.") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise not_running from None
    # The person's own profile must not be looked at: it could lead to a real account.
    for name in [name for name in environ if name.startswith("AWS_")]:
        del environ[name]
    told = ("AWS_", "NO_PROXY", "no_proxy")
    environ.update({name: value for name, value in environment.items() if name.startswith(told)})
    return Target(f"folder {folder}", environment)


def _find_deployed(stage: str) -> Target:
    """The settings are those of the deployed staff function, whatever the environment here says."""
    if not _STAGE.fullmatch(stage):
        raise NoTarget("A stage is named in small letters, digits and hyphens.")
    name = f"frontdesk-{stage}-staff"
    try:
        arn, settings = read_function(name)
    except Unavailable as error:
        raise NoTarget(f"The function {name} cannot be asked for its settings. {explain(error)}") from None
    if not settings:
        raise NoTarget(
            f"The function {name} tells no settings: are its variables encrypted under another key?"
        )
    # arn:aws:lambda:<region>:<account>:function:<name>
    region, account = arn.split(":")[3:5]
    return Target(f"region {region}, account {account}", settings)
