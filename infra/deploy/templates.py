"""The templates that are deployed: the whole, and the foundation that comes before it.

The functions read their keys when they start, the keys lie under the stack's KMS key, and with SnapStart a
function is started while the stack is being made. So a first deployment has two steps: what holds data, with
the KMS key; then, when the keys are there, the rest.
"""

import json
import subprocess
from collections.abc import Collection, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from infra.deploy.errors import CannotDeployError
from infra.deploy.stacks import HOLDS_DATA, KEY
from infra.intrinsics import holds, resolve
from infra.package import ROOT, CannotPackageError, package

Template = dict[str, Any]

_FOUNDATION = HOLDS_DATA | {"AWS::KMS::Alias"}
_TABLE = "AWS::DynamoDB::Table"


def build(stage: str, out: Path, besides: object, architecture: str | None = None) -> Template:
    """Package, and translate as AWS would. Raises CannotDeployError."""
    try:
        package(stage, out, with_zip=True, besides=besides, architecture=architecture)
        python = ROOT / ".venv-tools" / "bin" / "python"
        command = [str(python), "-m", "infra.translation", "--out", str(out.resolve())]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except CannotPackageError as error:
        raise CannotDeployError(str(error)) from None
    except OSError as error:
        raise CannotDeployError(
            f"Packaging stopped at {error.filename} ({error.strerror}): mend that, then run it again"
        ) from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CannotDeployError(f"The template cannot be translated: {last}: make lint-template says more")
    return read(out)


def read(out: Path) -> Template:
    template: Template = json.loads((out / "cloudformation.json").read_text())
    return template


def with_code(template: Template, bucket: str, key: str) -> Template:
    """Every function's code is the zip at this place."""
    placed = deepcopy(template)
    for resource in placed["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = {"S3Bucket": bucket, "S3Key": key}
    return placed


def foundation(template: Template) -> Template:
    """What holds data, alone. Not protected yet: a first deployment that fails must be able to undo it."""
    cut = _cut(template, types=_FOUNDATION)
    for resource in cut["Resources"].values():
        resource["Properties"].pop("DeletionProtectionEnabled", None)
        if "DeletionProtection" in resource["Properties"]:
            resource["Properties"]["DeletionProtection"] = "INACTIVE"
    return cut


def kept_data(template: Template, tables: Collection[str]) -> Template:
    """The key and these tables, as they are: for a stack that takes them in again."""
    cut = _cut(template, types=frozenset({_TABLE, "AWS::KMS::Key"}))
    resources = cut["Resources"]
    cut["Resources"] = {name: r for name, r in resources.items() if name == KEY or name in tables}
    return cut


def resources_made(template: Template, parameters: Mapping[str, str]) -> dict[str, str]:
    """The type of each resource that there would be, those of options that are off left out."""
    defaults = {name: str(p.get("Default", "")) for name, p in template["Parameters"].items()}
    values = {**defaults, **parameters}
    hold = {name: holds(condition, values) for name, condition in template["Conditions"].items()}
    return {
        name: resource["Type"]
        for name, resource in template["Resources"].items()
        if hold.get(resource.get("Condition"), True)
    }


def declared_tables(stage: str) -> list[str]:
    """The names of all tables that this folder's stage has, without packaging."""
    return list(table_names(declared(), stage).values())


def declared() -> Template:
    """What holds data, as this folder declares it: nothing has to be packaged for it."""
    template: Template = yaml.safe_load((ROOT / "infra" / "template.yaml").read_text())
    return template


def table_names(template: Template, stage: str) -> dict[str, str]:
    """Each table's name by its logical id."""
    return {
        logical_id: str(resolve(resource["Properties"]["TableName"], {"Stage": stage}))
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == _TABLE
    }


def _cut(template: Template, types: Collection[str]) -> Template:
    resources = {n: r for n, r in template["Resources"].items() if r["Type"] in types}
    whole = ("AWSTemplateFormatVersion", "Parameters", "Conditions")
    return deepcopy({name: template[name] for name in whole} | {"Resources": resources})
