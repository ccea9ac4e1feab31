"""Deploy a stage, or show what deploying it would change.

What can be known is checked before anything is made; then, in this order: bucket, data and KMS key, keys,
functions. Each step finds what an earlier run made, so a run that was interrupted is simply run again.
"""

import time
from pathlib import Path
from typing import Any

from infra.deploy import key_parameters
from infra.deploy.artifacts import Bucket, key_of
from infra.deploy.changes import Wanted, change_set, refuse_loss
from infra.deploy.checks import check_akismet
from infra.deploy.errors import CannotDeployError
from infra.deploy.progress import execute
from infra.deploy.protection import refuse_unprotecting
from infra.deploy.served import has_served
from infra.deploy.stacks import KEY, find_stack, list_resources, make_ready, refuse_stuck
from infra.deploy.stage_file import StageFile
from infra.deploy.taken import Orphan, find_orphans, imports_of, refuse_orphans
from infra.deploy.templates import Template, build, foundation, resources_made, with_code

# More than these would be a screen of noise at a first deployment.
_LINES_SHOWN = 60
_ZIP = "deployment.zip"


class Deployment:
    """One stage on its way into one account."""

    def __init__(
        self, stage: StageFile, aws: Any, bucket: Bucket, out: Path, architecture: str | None = None
    ) -> None:
        self._stage = stage
        self._aws = aws
        self._cloudformation = aws.client("cloudformation")
        self._bucket = bucket
        self._out = out
        self._architecture = architecture

    def deploy(self, *, adopt: bool) -> None:
        """For who has done `check_before_deploying`. Raises CannotDeployError; then nothing is half made."""
        self._bucket.check()
        there = make_ready(self._cloudformation, self._stage.stack)
        template = self._build()
        orphans = find_orphans(
            self._aws, template, self._stage.stage, self._stage.stack, is_there=there is not None
        )
        if there or not adopt:
            refuse_orphans(orphans, self._stage.stage, stack_is_there=there is not None)
        self._bucket.ensure()
        zip_key = self._bucket.upload(self._out / _ZIP)
        if there is None:
            print("Step 1 of 2: tables and KMS key")
            first, imports = self._first(template, orphans)
            self._apply(first, imports)
            print("Step 2 of 2: functions and the rest")
        if self._ensure_keys():
            print("Made the product's keys in SSM: keep a copy where you keep what must not be lost")
        self._apply(with_code(template, self._bucket.name, zip_key))
        self._tell_outputs()

    def _ensure_keys(self) -> bool:
        ssm = self._aws.client("ssm")
        served = has_served(self._aws, self._stage.stage, self._stage.stack)
        return key_parameters.ensure(ssm, self._stage.stage, self._kms_key(), has_served=served)

    def diff(self) -> None:
        """Print what would change. Raises CannotDeployError."""
        self._bucket.check()
        there = find_stack(self._cloudformation, self._stage.stack)
        if there is None or there.status == "REVIEW_IN_PROGRESS":
            template = self._build()
            made = resources_made(template, self._stage.parameters)
            print("\n".join(sorted(f"make     {name} ({kind})" for name, kind in made.items())))
            print(f"{self._stage.stack} is not there yet: make deploy would make {len(made)} resources")
            return
        refuse_stuck(self._cloudformation, there)
        if not there.is_ready:
            raise CannotDeployError(
                f"{there.name} is in {there.status} and holds nothing: make deploy STAGE={self._stage.stage} "
                "deletes it and makes it anew"
            )
        if not self._bucket.exists():
            raise CannotDeployError(
                f"The bucket {self._bucket.name}, from which CloudFormation takes template and code, is not "
                f"there, though {there.name} is: make deploy STAGE={self._stage.stage} makes it again"
            )
        template = self._build()
        key = key_of((self._out / _ZIP).read_bytes(), ".zip")
        wanted = self._wanted(with_code(template, self._bucket.name, key))
        with change_set(self._cloudformation, wanted, there, _name("diff")) as changes:
            if changes is None:
                print(f"{self._stage.stack} is as it should be: nothing would change")
                return
            print("\n".join(str(change) for change in changes.changes))
            print(f"make deploy would change {len(changes.changes)} resources; nothing was changed now")
            refuse_loss(changes)
            refuse_unprotecting(self._cloudformation, there.name, template)

    def _build(self) -> Template:
        ssm = self._aws.client("ssm")
        versions = list(key_parameters.find_versions_to_be(ssm, self._stage.stage))
        if "AkismetProcessor" in self._stage.parameters:
            versions.append(key_parameters.find_akismet_version(ssm, self._stage.stage))
        print("Packaging")
        besides = [dict(self._stage.parameters), versions]
        return build(self._stage.stage, self._out, besides, self._architecture)

    def _wanted(self, template: Template, imports: tuple[dict[str, Any], ...] = ()) -> Wanted:
        url = self._bucket.upload_template(template)
        return Wanted(self._stage.stack, url, self._stage.parameters, imports)

    def _apply(self, template: Template, imports: tuple[dict[str, Any], ...] = ()) -> None:
        there = find_stack(self._cloudformation, self._stage.stack)
        wanted = self._wanted(template, imports)
        with change_set(self._cloudformation, wanted, there, _name("deploy")) as changes:
            if changes is None:
                print(f"{self._stage.stack} is as it should be: nothing to change")
                return
            refuse_loss(changes)
            if there:
                refuse_unprotecting(self._cloudformation, there.name, template)
            for change in changes.changes[:_LINES_SHOWN]:
                print(f"  {change}")
            if len(changes.changes) > _LINES_SHOWN:
                print(f"  and {len(changes.changes) - _LINES_SHOWN} more")
            try:
                execute(self._cloudformation, changes)
            except CannotDeployError:
                if there is None:
                    # The shell of what could not be made would stand in the way of the next try.
                    make_ready(self._cloudformation, self._stage.stack)
                raise

    def _first(
        self, template: Template, orphans: list[Orphan]
    ) -> tuple[Template, tuple[dict[str, Any], ...]]:
        if not orphans:
            return foundation(template), ()
        key = key_parameters.find_kms_key(self._aws.client("ssm"), self._stage.stage)
        return imports_of(template, orphans, key)

    def _kms_key(self) -> str:
        for resource in list_resources(self._cloudformation, self._stage.stack):
            if resource.logical_id == KEY:
                return resource.physical_id
        raise CannotDeployError(
            f"{self._stage.stack} holds no KMS key {KEY}, so it is no stack of ours: take another account "
            "or region"
        )

    def _tell_outputs(self) -> None:
        stack = find_stack(self._cloudformation, self._stage.stack)
        outputs = stack.outputs if stack else {}
        print(f"{self._stage.stack} is deployed in {self._stage.region}.")
        for name in ("EndpointURL", "DomainTarget", "ReadCacheUrl", "StaffPoolSignIn"):
            if name in outputs:
                print(f"  {name}: {outputs[name]}")
        if (finding := check_akismet(self._stage, self._aws.client("ssm"))) and finding.kind == "note":
            print(finding.text)


def _name(purpose: str) -> str:
    return f"{purpose}-{time.time_ns()}"
