"""Checkov's findings on the stack, against the answers that docs/checkov.md gives.

    .venv-checkov/bin/python -m infra.findings --out dist

The document is the list: a finding without an answer fails, and so does an answer without a finding. It
is kept a resource, not a check: a new table that forgets what the guard table may forget is a finding.
Reads cloudformation.json, which infra.lint writes. Runs in checkov's own environment.
"""

import argparse
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.commands.ending import end_quietly

_DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "checkov.md"
_ROW = re.compile(r"\| (CKV2?_\w+) \| ([\w, ]+) \| (.+) \|")


@dataclass(frozen=True, order=True)
class Finding:
    check: str
    resource: str


def read_answers(document: str) -> set[Finding]:
    """The findings that the document's table answers: check, logical ids, and why."""
    rows = [match for line in document.splitlines() if (match := _ROW.fullmatch(line))]
    return {Finding(row[1], name.strip()) for row in rows for name in row[2].split(",")}


def read_report(report: dict[str, Any]) -> set[Finding]:
    """The failed checks of checkov's JSON. Raises ValueError where it could not read the template."""
    if report["summary"]["parsing_errors"] or not report["summary"]["passed"]:
        raise ValueError("checkov could not read the template")
    # Resources are named `AWS::DynamoDB::Table.GuardTable`.
    return {
        Finding(check["check_id"], check["resource"].rpartition(".")[2])
        for check in report["results"]["failed_checks"]
    }


def compare(found: set[Finding], answered: set[Finding]) -> list[str]:
    """One line for each finding that is not answered, and each answer to nothing."""
    return [
        *(
            f"{f.check} on {f.resource}: fix it, or answer it in docs/checkov.md"
            for f in sorted(found - answered)
        ),
        *(
            f"{f.check} on {f.resource}: no longer found, take its answer out of docs/checkov.md"
            for f in sorted(answered - found)
        ),
    ]


def _run_checkov(template: Path) -> dict[str, Any]:
    checkov = str(Path(sys.executable).with_name("checkov"))
    # --skip-download: the checks that came with the package, and no question to anybody's server.
    options = ["--framework", "cloudformation", "--compact", "--quiet", "--skip-download", "--output", "json"]
    done = subprocess.run(
        [checkov, "--file", str(template), *options], capture_output=True, text=True, check=False
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.findings")
    parser.add_argument("--out", type=Path, default=Path("dist"))
    template = parser.parse_args(arguments).out / "cloudformation.json"
    found = read_report(_run_checkov(template))
    differences = compare(found, read_answers(_DOCUMENT.read_text()))
    print("\n".join(differences) or f"{template}: checkov's {len(found)} findings are all answered")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(end_quietly(lambda: main(sys.argv[1:])))
