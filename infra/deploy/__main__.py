"""Deploy to AWS, show what would change, check what a person has to do first, remove.

    python -m infra.deploy deploy prod
    python -m infra.deploy diff prod
    python -m infra.deploy preflight prod
    python -m infra.deploy destroy prod

`make deploy STAGE=prod` and so on run these. How the stage is to be stands in infra/stages/<stage>.toml;
docs/deploy.md tells it all. The exit code is 0 when it is done, 1 when it is not, with the reason.
"""

import argparse
import json
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError

from chalicelib.commands.ending import end_quietly
from infra.deploy.artifacts import Bucket
from infra.deploy.asking import complete
from infra.deploy.aws import Aws, told_plainly
from infra.deploy.checks import Finding, check_before_deploying, check_bucket, check_names, good, note
from infra.deploy.deploying import Deployment
from infra.deploy.destroying import confirm, destroy
from infra.deploy.errors import CannotDeployError
from infra.deploy.mail_checks import check_mail
from infra.deploy.stage_file import StageFile, path_of, read_stage
from infra.package import ROOT
from infra.wheels import MACHINES

_BAA = (
    "is protected health information among what people write? Then accept AWS's BAA for this account "
    "(AWS Artifact, Agreements): no API says whether you have"
)
_GOES_ON = "CloudFormation goes on with what it began; run it again to see"


def run(options: argparse.Namespace, aws: Aws | None = None) -> int:
    """Return the exit code. Raises CannotDeployError."""
    _check_stage(options.stage)
    if options.adopt not in ("", "data"):
        raise CannotDeployError(f"There is no ADOPT={options.adopt}: say ADOPT=data, or leave it out")
    path = path_of(options.stage, options.settings)
    stage = read_stage(options.stage, path, complete(path))
    aws = aws or Aws(stage.region)
    with told_plainly(stage.region):
        if not aws.knows_region():
            raise CannotDeployError(
                f"There is no region {stage.region}: mend region in {path}, then run it again"
            )
        account = _identify(stage, aws)
        match options.command:
            case "preflight":
                return _preflight(stage, aws, account)
            case "destroy":
                return _destroy(stage, aws, account, options)
        deployment = Deployment(stage, aws, _bucket(stage, aws, account), options.out, options.architecture)
        if options.command == "diff":
            deployment.diff()
        else:
            _refuse_what_blocks(stage, aws)
            deployment.deploy(adopt=options.adopt == "data")
    return 0


def _check_stage(stage: str) -> None:
    stages = json.loads((ROOT / ".chalice" / "config.json").read_text())["stages"]
    known = sorted(name for name, settings in stages.items() if "lambda_architecture" in settings)
    if stage not in known:
        raise CannotDeployError(f"There is no stage {stage} to deploy: there is STAGE={', '.join(known)}")


def _identify(stage: StageFile, aws: Aws) -> str:
    try:
        identity = aws.client("sts").get_caller_identity()
    except BotoCoreError:
        # Some of them are an OSError too: that AWS cannot be reached is no fault of the configuration.
        raise
    except (OSError, ValueError) as error:
        # What botocore lets through: a credential_process that cannot be run, an address that is none.
        said = " ".join(str(error).split())
        raise CannotDeployError(
            f"The AWS configuration cannot be used ({said}): mend ~/.aws/config or the AWS_ variables, then "
            "run it again"
        ) from None
    account = str(identity["Account"])
    print(f"Account {account} in {stage.region}, as {identity['Arn']}")
    if stage.account and stage.account != account:
        raise CannotDeployError(
            f"Stage {stage.stage} is of account {stage.account}, and these credentials are of {account}: "
            "sign in to the right one, then run it again"
        )
    return account


def _refuse_what_blocks(stage: StageFile, aws: Aws) -> None:
    found = [f.text for f in check_before_deploying(stage, aws) if f.kind == "blocks"]
    if found:
        raise CannotDeployError(*found)


def _preflight(stage: StageFile, aws: Aws, account: str) -> int:
    found: list[Finding] = [_check_region(stage.region, aws)]
    found += [*check_before_deploying(stage, aws), check_names(stage, aws)]
    found.append(check_bucket(_bucket(stage, aws, account)))
    found += [*check_mail(stage.sender, stage.region, aws.client("sesv2")), note(_BAA)]
    print("\n".join(str(finding) for finding in found))
    blocking = sum(finding.kind == "blocks" for finding in found)
    print(f"{blocking} of {len(found)} to be done first" if blocking else "Nothing blocks")
    return 1 if blocking else 0


def _check_region(region: str, aws: Aws) -> Finding:
    if lacking := aws.lacking():
        return note(f"{region} may not have {', '.join(lacking)}: see AWS's list of services by region")
    return good(f"{region} has what the stack is made of, and is open to this account")


def _destroy(stage: StageFile, aws: Aws, account: str, options: argparse.Namespace) -> int:
    with_data = bool(options.destroy_data)
    if with_data and options.destroy_data != stage.stack:
        raise CannotDeployError(
            f"Nothing was removed: to lose the data too, say DESTROY_DATA={stage.stack}, and then the name "
            "again"
        )
    what = "the stack and everything that anybody ever wrote" if with_data else "the stack; its data stays"
    confirm(stage.stack, what, options.confirm or None)
    destroy(stage, aws, _bucket(stage, aws, account), with_data=with_data)
    return 0


def _bucket(stage: StageFile, aws: Aws, account: str) -> Bucket:
    return Bucket(aws.client("s3"), account, stage.region, stage.artifacts_bucket)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("command", choices=("deploy", "diff", "preflight", "destroy"))
    parser.add_argument("stage")
    parser.add_argument("--settings", help="another file than infra/stages/<stage>.toml")
    parser.add_argument("--out", type=Path, default=Path("dist"), help="where zip and template are made")
    parser.add_argument(
        "--architecture", choices=sorted(MACHINES), help="instead of the stage's: to rehearse"
    )
    parser.add_argument("--adopt", default="", help="data: take in the tables that make destroy left")
    parser.add_argument("--destroy-data", default="", help="the stack's name: lose its data too")
    parser.add_argument("--confirm", default="", help="the stack's name, where no terminal is to ask")
    return parser


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        return run(options)
    except CannotDeployError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"Interrupted: {_GOES_ON}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        if options.command in ("deploy", "destroy"):
            print(f"Stopped, for nobody reads what it says: {_GOES_ON}", file=sys.stderr)
        raise


if __name__ == "__main__":
    sys.exit(end_quietly(lambda: main(sys.argv[1:])))
