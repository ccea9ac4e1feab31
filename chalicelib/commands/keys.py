"""Keys from the command line.

    python -m chalicelib.commands.keys rotate          a new sealing key for what comes in from now on
    python -m chalicelib.commands.keys rotate --hmac   a new secret for keyed hashes (look-up by address)
    python -m chalicelib.commands.keys reseal          seal what is stored to the current key, hash it anew

Old keys stay, so that what they sealed still opens; once `reseal` is through, nothing needs them any
more. Rotating the hash secret also ends open idempotency windows, cursors and form tokens.

It works on the tables and keys that the environment's settings name (docs/settings.md), as
FUNCTION=staff, and says which before it changes anything.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping

from chalicelib.config import Settings, SettingsError, read_settings
from chalicelib.errors import FrontdeskError
from chalicelib.privacy.keys import add_hmac_secret, add_sealing_key
from chalicelib.wiring import make_session, open_desk, read_document, write_document


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Return the exit code: 0 done, 1 not done or not for all, 2 wrong usage or settings."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings(environ)
        place = settings.keys_file or settings.keys_parameter
        print(f"Stage {settings.stage}, keys in {place}, table {settings.comments_table}", file=sys.stderr)
        if options.command == "rotate":
            _rotate(settings, hmac=options.hmac)
            return 0
        return _reseal(environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (FrontdeskError, OSError) as error:
        print(f"Not done: {type(error).__name__}. Run it again: it goes on.", file=sys.stderr)
        return 1


def _rotate(settings: Settings, *, hmac: bool) -> None:
    session = make_session()
    public = (settings.keys_file, settings.keys_parameter)
    private = (settings.private_keys_file, settings.private_keys_parameter)
    add = add_hmac_secret if hmac else add_sealing_key
    keys, private_keys = add(read_document(session, *public), read_document(session, *private))
    # The private key first: nothing may be sealed to a key that nobody can open.
    write_document(session, *private, private_keys)
    write_document(session, *public, keys)
    print(json.dumps({"rotated": "hmac" if hmac else "sealing"}))


def _reseal(environ: Mapping[str, str]) -> int:
    desk = open_desk(environ)
    renewals = {
        "comments": desk.store.comments.reseal(desk.hasher.address),
        "enquiries": desk.store.enquiries.reseal(desk.hasher.address),
        "deliveries": desk.store.outbox.reseal(desk.hasher.address),
    }
    resealed = {name: renewal.renewed for name, renewal in renewals.items()}
    unreadable = sum(renewal.unreadable for renewal in renewals.values())
    print(json.dumps({"resealed": resealed, "unreadable": unreadable}))
    return 1 if unreadable else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chalicelib.commands.keys", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    rotate = commands.add_parser("rotate", help="add a new current key")
    rotate.add_argument("--hmac", action="store_true", help="the hash secret, not the sealing key")
    commands.add_parser("reseal", help="seal and hash what is stored under the current keys")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
