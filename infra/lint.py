"""Lint what `infra.package` made: cfn-lint on the SAM template, and on what AWS would make of it.

    .venv-tools/bin/python -m infra.lint --out dist

Writes the translation to cloudformation.json, for cfn-lint to see the resources that AWS derives, and
for checkov, which knows SAM's own resources only in part. Runs in the tools' environment.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from chalicelib.commands.ending import end_quietly
from infra.translation import translate_in

# SnapStart without SAM's AutoPublishAlias: versions and aliases are our own (infra/versions.py), which the
# same check sees in the translation.
_NOT_OF_SAM = "W2530"


def lint(path: Path, *, ignored: str | None = None) -> bool:
    """Print cfn-lint's findings on the file; return whether there are none, warnings included."""
    cfn_lint = str(Path(sys.executable).with_name("cfn-lint"))
    ignoring = ["--ignore-checks", ignored] if ignored else []
    command = [cfn_lint, "--format", "parseable", *ignoring, "--", str(path)]
    return subprocess.run(command, check=False).returncode == 0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.lint")
    parser.add_argument("--out", type=Path, default=Path("dist"))
    folder = parser.parse_args(arguments).out
    translated = translate_in(folder)
    sam, cloudformation = folder / "sam.json", folder / "cloudformation.json"
    results = [lint(sam, ignored=_NOT_OF_SAM), lint(cloudformation)]
    print(f"{sam}, {cloudformation} ({len(translated['Resources'])} resources): cfn-lint", end=" ")
    print("has nothing to say" if all(results) else "found the above")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(end_quietly(lambda: main(sys.argv[1:])))
