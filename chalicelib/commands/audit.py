"""The audit trail from the command line.

    python -m chalicelib.commands.audit verify                 every subject's chain
    python -m chalicelib.commands.audit verify --subject c01…  one subject's

Says how many chains hold, and of each broken one the subject and the first entry that does not fit
what stands before it. Exit code 1 if any is broken. It works on the tables that the environment's
settings name (docs/settings.md), as FUNCTION=staff, and changes nothing.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping

from chalicelib.audit import find_break
from chalicelib.config import SettingsError
from chalicelib.errors import FrontdeskError
from chalicelib.wiring import open_desk


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Return the exit code: 0 every chain holds, 1 one is broken or cannot be read, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        table = open_desk(environ).store.audit
        subjects = [options.subject] if options.subject else sorted(table.subjects())
        breaks = {subject: find_break(table.history(subject)) for subject in subjects}
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except FrontdeskError as error:
        print(f"Not done: {type(error).__name__}.", file=sys.stderr)
        return 1
    broken = [{"subject": subject, "sequence": at} for subject, at in breaks.items() if at is not None]
    print(json.dumps({"chains": len(subjects), "broken": broken}))
    return 1 if broken else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chalicelib.commands.audit", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="check the chains of hashes")
    verify.add_argument("--subject", help="a comment's id, an enquiry's reference, a token's id, or a list")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
