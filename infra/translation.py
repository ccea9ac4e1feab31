"""What AWS makes of the SAM template that `infra.package` made, made here: so that what is linted, rehearsed
and shown is to the letter what is deployed.

    .venv-tools/bin/python -m infra.translation --out dist

Reads sam.json, writes cloudformation.json. Runs in the tools' environment, for the translator pins pydantic.
"""

import argparse
import json
import os
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


def translate_in(folder: Path) -> dict[str, Any]:
    """Translate the folder's sam.json into its cloudformation.json."""
    translated = translate(json.loads((folder / "sam.json").read_text()))
    text = json.dumps(translated, indent=1, sort_keys=True) + "\n"
    (folder / "cloudformation.json").write_text(text)
    return translated


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.translation")
    parser.add_argument("--out", type=Path, default=Path("dist"))
    translate_in(parser.parse_args(arguments).out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
