"""Lint what `infra.package` made: cfn-lint on the SAM template, and on what AWS will make of it.

    .venv-tools/bin/python -m infra.lint --out dist

Writes the translation to cloudformation.json, for cfn-lint to see the resources that AWS derives, and
for checkov, which knows SAM's own resources only in part. Runs in the tools' environment.
"""

import argparse
import json
import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

# What the local zip's path becomes when it is uploaded; the translator takes nothing else.
_ANY_ZIP = "s3://bucket/deployment.zip"


def translate(template: dict[str, Any]) -> dict[str, Any]:
    """Return the CloudFormation template that the transform AWS::Serverless makes of `template`."""
    # Imported here, for they are in the tools' environment alone.
    from samtranslator.parser.parser import Parser  # type: ignore # noqa: PLC0415
    from samtranslator.translator.translator import Translator  # type: ignore # noqa: PLC0415

    # The translator needs a region, to know the partition; the result holds neither.
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    source = deepcopy(template)
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = _ANY_ZIP
    translated: dict[str, Any] = Translator({}, Parser()).translate(source, {})
    return translated


def lint(path: Path) -> bool:
    """Print cfn-lint's findings on the file; return whether there are none, warnings included."""
    cfn_lint = str(Path(sys.executable).with_name("cfn-lint"))
    command = [cfn_lint, "--format", "parseable", "--", str(path)]
    return subprocess.run(command, check=False).returncode == 0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.lint")
    parser.add_argument("--out", type=Path, default=Path("dist"))
    folder = parser.parse_args(arguments).out
    sam, cloudformation = folder / "sam.json", folder / "cloudformation.json"
    translated = translate(json.loads(sam.read_text()))
    cloudformation.write_text(json.dumps(translated, indent=1, sort_keys=True) + "\n")
    results = [lint(sam), lint(cloudformation)]
    print(f"{sam}, {cloudformation} ({len(translated['Resources'])} resources): cfn-lint", end=" ")
    print("has nothing to say" if all(results) else "found the above")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
