"""Keys: a new one for what comes in from now on, and what is stored renewed under it.

Old keys stay, so that what they sealed still opens; once `reseal` is through, nothing needs them any
more. Rotating the hash secret also ends open idempotency windows, cursors and form tokens.
"""

import argparse
from collections.abc import Callable

from chalicelib.commands.group import Group
from chalicelib.commands.key_documents import NotReplaced, open_document
from chalicelib.commands.run import Run, note
from chalicelib.errors import Unavailable
from chalicelib.privacy.keys import add_hmac_secret, add_sealing_key
from chalicelib.storage.resealing import Renewal

_DOCUMENTS = ("keys_file", "keys_parameter", "private_keys_file", "private_keys_parameter")
_TABLES = ("comments_table", "enquiries_table", "outbox_table")


def add_commands(group: Group) -> None:
    keys = group.group("keys", "Keys: rotate them, and renew what is stored under the current ones.")
    rotate = keys.command(
        "rotate",
        "Add a new current key, for what comes in from now on; the old ones stay. Restart the functions, "
        "then reseal (docs/security.md).",
        _rotate,
        "keys rotate --local",
        "keys rotate --hmac --yes --local",
        changes=(*_DOCUMENTS, "audit_table"),
    )
    rotate.add_argument(
        "--hmac", action="store_true", help="the secret of the keyed hashes, not the sealing key"
    )
    keys.command(
        "reseal",
        "Seal and hash everything stored under the current keys. Broken off, it goes on where it was.",
        _reseal,
        "keys reseal --local",
        changes=(*_TABLES, "audit_table"),
    )


def _rotate(options: argparse.Namespace, run: Run) -> bool:
    ends = " It ends open cursors, form tokens and idempotency windows." if options.hmac else ""
    run.screen.confirm(f"This adds a key, and no command takes it out again.{ends} Rotate?")
    settings = run.desk.settings
    rotated, add = ("hmac", add_hmac_secret) if options.hmac else ("sealing", add_sealing_key)
    try:
        public = open_document(settings.keys_file, settings.keys_parameter)
        private = open_document(settings.private_keys_file, settings.private_keys_parameter)
        keys, private_keys = add(public.text, private.text)
        public.check_room(keys)
        private.check_room(private_keys)
        note(run, "keys", "rotate", after=rotated)
        # The private key first: nothing may be sealed to a key that nobody can open.
        if private_keys != private.text:
            private.replace(private_keys)
        public.replace(keys)
    except NotReplaced as refusal:
        run.screen.say(str(refusal))
        return False
    except OSError as error:
        raise Unavailable("keys") from error
    run.screen.answer(
        {"rotated": rotated}, [f"There is a new {rotated} key. Restart the functions, then reseal."]
    )
    return True


def _reseal(_options: argparse.Namespace, run: Run) -> bool:
    run.screen.confirm("This rewrites everything that is sealed. Reseal?")
    note(run, "keys", "reseal")
    store, hash_address = run.desk.store, run.desk.hasher.address
    steps: dict[str, Callable[[], Renewal]] = {
        "comments": lambda: store.comments.reseal(hash_address),
        "enquiries": lambda: store.enquiries.reseal(hash_address),
        "deliveries": lambda: store.outbox.reseal(hash_address),
    }
    progress = run.screen.progress("tables", len(steps))
    resealed: dict[str, int] = {}
    unreadable = 0
    for name, step in steps.items():
        renewal = step()
        resealed[name] = renewal.renewed
        unreadable += renewal.unreadable
        progress.step()
    lines = [f"{number:,} {name} renewed" for name, number in resealed.items()]
    run.screen.answer({"resealed": resealed, "unreadable": unreadable}, lines)
    if unreadable:
        run.screen.say(f"{unreadable:,} could not be opened: the key that they need must not be taken out.")
    return not unreadable
