"""From the words that were typed to an exit code: 0 done, 1 not done or not for all, 2 usage or settings."""

import os
import pwd
import re
from collections.abc import Callable, Mapping, MutableMapping
from datetime import datetime
from typing import Any, TextIO

from chalicelib.commands.parser import make_parser
from chalicelib.commands.refusals import sentence_of
from chalicelib.commands.run import Run, WrongUsage
from chalicelib.commands.screen import NotConfirmed, Screen
from chalicelib.commands.targets import NoTarget, Target, find_target
from chalicelib.config import Settings, SettingsError
from chalicelib.errors import FrontdeskError, place_of
from chalicelib.times import utc_now
from chalicelib.wiring import open_desk

DONE, NOT_DONE, WRONG = 0, 1, 2
# What the audit trail can hold of an account's name; any other is told by its number.
_ACCOUNT = re.compile("[A-Za-z0-9._-]{1,32}")


def main(
    arguments: list[str],
    environ: MutableMapping[str, str],
    keyboard: TextIO,
    out: TextIO,
    err: TextIO,
    now: Callable[[], datetime] = utc_now,
) -> int:
    """Carry out one command. `environ` is the process's own: the SDK is told there which AWS is meant.

    `now` is the clock. Words that are no command end in argparse's SystemExit, with 2.
    """
    options = make_parser().parse_args(_with_folder(arguments, environ))
    screen = Screen(keyboard, out, err, options.json, options.yes, options.progress)
    try:
        done = _carry_out(options, environ, screen, now)
    except (NoTarget, SettingsError, WrongUsage) as error:
        screen.say(str(error))
        return WRONG
    except NotConfirmed as error:
        screen.say(str(error))
        return WRONG if error.nobody_to_ask else NOT_DONE
    except FrontdeskError as error:
        screen.say(f"Not done. {sentence_of(error)}")
        return NOT_DONE
    except OSError:
        # The answer could not be written: that is the process's own to tell.
        raise
    except Exception as error:
        # The type and the place only: an exception's text can hold a visitor's words.
        screen.say(f"Not done, by a mistake of ours: {type(error).__name__} at {place_of(error)}.")
        return NOT_DONE
    return DONE if done else NOT_DONE


def _carry_out(
    options: Any, environ: MutableMapping[str, str], screen: Screen, now: Callable[[], datetime]
) -> bool:
    """Whether all was done."""
    done: bool
    if options.needs_target:
        target = find_target(options, environ)
        run = Run(open_desk(target.environment, now), _actor(), screen)
        _announce(target, options, run)
        done = options.run(options, run)
    else:
        done = options.run(options, screen)
    return done


def _with_folder(arguments: list[str], environ: Mapping[str, str]) -> list[str]:
    """`--local` alone means the folder of `make run`; it must not take the next word for one."""
    folder = environ.get("FRONTDESK_DATA") or ".local"
    return [f"--local={folder}" if word == "--local" else word for word in arguments]


def _actor() -> str:
    """Who did it, for the audit trail: the account of this machine, which nobody types."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = ""
    return f"command:{name if _ACCOUNT.fullmatch(name) else f'uid-{os.getuid()}'}"


def _announce(target: Target, options: Any, run: Run) -> None:
    """On stderr, before anything is read or changed."""
    settings = run.desk.settings
    run.screen.say(f"Stage {settings.stage}, {target.place}, as {run.actor}")
    if options.changes:
        run.screen.say(f"Changes {', '.join(_names_of(options.changes, settings))}")


def _names_of(changes: tuple[str, ...], settings: Settings) -> list[str]:
    """The tables, queues or documents of keys, by the settings that name them."""
    return [str(value) for name in changes if (value := getattr(settings, name)) is not None]
