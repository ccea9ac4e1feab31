"""Staff tokens, and whatever else lets somebody in. The first token cannot come through the API."""

import argparse
from typing import Any

from chalicelib import credentials, staff_tokens
from chalicelib.commands.comments import tell_end
from chalicelib.commands.group import Group, add_limit
from chalicelib.commands.printable import fields, table
from chalicelib.commands.refusals import not_found
from chalicelib.commands.run import Run, collect
from chalicelib.commands.typed import LONGEST_NAME, item_id, text_of
from chalicelib.errors import NotFound
from chalicelib.showing import show_token
from chalicelib.staff_tokens import ROLES, StaffToken

_CHANGES = ("staff_table", "audit_table")


def add_commands(group: Group) -> None:
    tokens = group.group("tokens", "Staff tokens: add, list, revoke.")
    add = tokens.command(
        "add",
        "Make a token. Its secret is printed this once.",
        _add,
        'tokens add --role admin --name "Kim, front office" --local',
        changes=_CHANGES,
    )
    add.add_argument("--role", choices=ROLES, required=True)
    name = text_of(LONGEST_NAME)
    add.add_argument("--name", type=name, required=True, help="whose it is: for who is to revoke it one day")
    listed = tokens.command("list", "The tokens, revoked ones too; no secrets.", _list, "tokens list --local")
    add_limit(listed)
    revoke = tokens.command(
        "revoke",
        "Revoke a token, a person of the OIDC issuer's, or decision links. It cannot be taken back.",
        _revoke,
        "tokens revoke t01m84xbzv5a7c9e1g3j5k7m9p2 --local",
        "tokens revoke oidc:0a1b-2c3d --stage prod --region eu-west-1",
        "tokens revoke links --yes --local",
        changes=_CHANGES,
    )
    revoke.add_argument(
        "id", type=item_id, help="a token's id, oidc:<sub>, link:<delivery id>, or links: all issued so far"
    )


def _add(options: argparse.Namespace, run: Run) -> bool:
    desk = run.desk
    token, secret = staff_tokens.add_token(options.role, options.name, run.actor, desk.now(), desk.store)
    shown = {**show_token(token), "secret": secret}
    names = ("id", "role", "name", "secret")
    run.screen.answer(shown, fields([(name, shown[name]) for name in names]))
    return True


def _list(options: argparse.Namespace, run: Run) -> bool:
    def fetch(limit: int, after: Any) -> tuple[list[StaffToken], Any]:
        found = run.desk.store.staff.list(limit, after)
        return found.tokens, found.next_key

    tokens, more = collect(fetch, options.limit)
    shown = [show_token(token) for token in tokens]
    rows = [[token[name] for name in ("id", "role", "name", "created_at", "revoked_at")] for token in shown]
    lines = table(("ID", "ROLE", "NAME", "MADE", "REVOKED"), rows)
    run.screen.answer({"tokens": shown, "more": more}, lines)
    tell_end(len(tokens), more, "Tokens", run)
    return True


def _revoke(options: argparse.Namespace, run: Run) -> bool:
    run.screen.confirm("This lets them in no more, and cannot be taken back. Revoke?")
    try:
        credentials.revoke(options.id, run.actor, run.desk.now(), run.desk.store)
    except NotFound:
        run.screen.say(not_found("token", options.id))
        return False
    run.screen.answer({"id": options.id, "revoked": True}, ["Revoked."])
    return True
