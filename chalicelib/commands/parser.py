"""The words that may be typed. `--help` teaches: it is made of this page and of each command's module."""

import argparse

from chalicelib.commands import (
    audit,
    comments,
    deciding,
    deliveries,
    enquiries,
    keys,
    mail,
    model,
    pages,
    people,
    rules,
    tokens,
)
from chalicelib.commands.group import PROGRAM, Group, add_common

_DESCRIPTION = """\
Frontdesk from the command line: what waits, decisions, enquiries, mail, rules, tokens, keys, the audit trail.

Which Frontdesk is meant, in the order in which it is looked for:
  --local                       the one that make run serves here, on the data folder .local
  --local=FOLDER                the same, on another data folder
  --stage prod --region REGION  a deployed one, by your AWS credentials
  none of these                 the one that the settings in the environment name (STAGE, COMMENTS_TABLE, ...)
Which one it is stands on stderr before anything is read or changed."""
_EPILOG = f"""\
examples:
  {PROGRAM} queue --local
  {PROGRAM} show c01ng97crd0gsnvhb8tsv0yzw2j --local
  {PROGRAM} decide c01ng97crd0gsnvhb8tsv0yzw2j@1 --status approved --local
  {PROGRAM} decide --file decisions.csv --stage prod --region eu-west-1
  {PROGRAM} decide --help

exit codes:
  0    done
  1    not done, or not for all; stderr, or the result of each, says why
  2    wrong usage or settings, no stack that runs, no permission to look for it: nothing was done
  130  stopped with Ctrl-C: what was done is done

Answers go to stdout, everything else to stderr. With --json an answer is one JSON document; decide prints
one on each line, for each decision as it is made. What does harm asks first; --yes is the answer."""


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(local=None, stage=None, region=None, json=False, yes=False, progress=False)
    add_common(parser)
    group = Group(parser.add_subparsers(title="commands", metavar="COMMAND", required=True))
    daily = (comments, deciding, pages, enquiries, deliveries, mail, people)
    for module in (*daily, rules, model, tokens, audit, keys):
        module.add_commands(group)
    return parser
