"""Staff tokens from the command line: the first one cannot come through the API.

    python -m chalicelib.commands.tokens add --role admin --name "Kim, front office"
    python -m chalicelib.commands.tokens revoke t01…

It works on the tables that the environment's settings name (docs/settings.md), as FUNCTION=staff.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping

from chalicelib import credentials, staff_tokens
from chalicelib.config import SettingsError
from chalicelib.errors import FrontdeskError, NotFound, Unauthenticated
from chalicelib.staff_tokens import ROLES, Role
from chalicelib.wiring import Desk, open_desk

_ACTOR = "command"


def add_token(environ: Mapping[str, str], role: Role, name: str) -> str:
    """Make a token and return its bearer secret."""
    desk = open_desk(environ)
    return staff_tokens.add_token(role, name, _ACTOR, desk.now(), desk.store)[1]


def token_works(environ: Mapping[str, str], secret: str, role: Role) -> bool:
    """Whether `secret` is a valid token of `role`."""
    try:
        return staff_tokens.authenticate(secret, open_desk(environ).store).role == role
    except Unauthenticated:
        return False


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Return the exit code: 0 done, 1 not done, 2 wrong usage or settings."""
    options = _parser().parse_args(arguments)
    try:
        desk = open_desk(environ)
        print(f"Stage {desk.settings.stage}, table {desk.settings.staff_table}", file=sys.stderr)
        return _add(options, desk) if options.command == "add" else _revoke(options, desk)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except FrontdeskError as error:
        print(f"Not done: {type(error).__name__}. Nothing was changed.", file=sys.stderr)
        return 1


def _add(options: argparse.Namespace, desk: Desk) -> int:
    token, secret = staff_tokens.add_token(options.role, options.name, _ACTOR, desk.now(), desk.store)
    print(json.dumps({"id": token.id, "role": token.role, "secret": secret}))
    return 0


def _revoke(options: argparse.Namespace, desk: Desk) -> int:
    try:
        credentials.revoke(options.id, _ACTOR, desk.now(), desk.store)
    except NotFound:
        print("There is no such token.", file=sys.stderr)
        return 1
    print(json.dumps({"id": options.id, "revoked": True}))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chalicelib.commands.tokens", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    add = commands.add_parser("add", help="make a token; its secret is printed once")
    add.add_argument("--role", choices=ROLES, required=True)
    add.add_argument("--name", required=True, help="whose it is, so that it can be revoked with confidence")
    revoke = commands.add_parser(
        "revoke",
        help="revoke a token by its id, the decision links of one mail (link:<delivery id>), or all (links)",
    )
    revoke.add_argument("id")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
