"""How a command comes into the parser: its words, what it changes, its example, and the options of all."""

import argparse
from collections.abc import Callable
from typing import Any

from chalicelib.commands.run import Run
from chalicelib.commands.screen import Screen

PROGRAM = "python -m chalicelib.commands"

Command = Callable[[argparse.Namespace, Run], bool]
Deskless = Callable[[argparse.Namespace, Screen], bool]


class Group:
    """The commands that may follow a word: `tokens`, or nothing."""

    def __init__(self, parsers: Any) -> None:
        self._parsers = parsers

    def group(self, name: str, purpose: str) -> "Group":
        parser = self._parsers.add_parser(name, help=purpose, description=purpose)
        return Group(parser.add_subparsers(title="commands", metavar="COMMAND", required=True))

    def command(
        self, name: str, purpose: str, run: Command, *examples: str, changes: tuple[str, ...] = ()
    ) -> argparse.ArgumentParser:
        """`run` returns whether all was done. `changes` are the settings that name what it changes."""
        parser = self._add(name, purpose, examples)
        parser.set_defaults(run=run, changes=changes, needs_target=True)
        return parser

    def deskless_command(
        self, name: str, purpose: str, run: Deskless, *examples: str
    ) -> argparse.ArgumentParser:
        """One that works on no Frontdesk: none is looked for."""
        parser = self._add(name, purpose, examples)
        parser.set_defaults(run=run, needs_target=False)
        return parser

    def _add(self, name: str, purpose: str, examples: tuple[str, ...]) -> argparse.ArgumentParser:
        shown = "\n".join(f"  {PROGRAM} {example}" for example in examples)
        parser: argparse.ArgumentParser = self._parsers.add_parser(
            name,
            help=purpose,
            description=purpose,
            epilog=f"examples:\n{shown}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        add_common(parser)
        return parser


def add_common(parser: argparse.ArgumentParser) -> None:
    """The options of all commands, which may stand before and behind the command's name."""
    options = parser.add_argument_group("of every command")
    # SUPPRESS: what was not typed behind the name must not undo what was typed before it.
    nothing: Any = {"default": argparse.SUPPRESS}
    # main gives it a folder where it stands alone, so that it never takes the next word for one.
    options.add_argument(
        "--local", metavar="=FOLDER", help="what make run serves here, from .local", **nothing
    )
    options.add_argument("--stage", help="a deployed stage, by your AWS credentials", **nothing)
    options.add_argument("--region", help="its AWS region; left out, your AWS configuration's", **nothing)
    options.add_argument("--json", action="store_true", help="answer in JSON", **nothing)
    options.add_argument("--yes", action="store_true", help="do not ask, do it", **nothing)
    options.add_argument(
        "--progress", action="store_true", help="tell how far it is, also to a file", **nothing
    )


def add_limit(parser: argparse.ArgumentParser, limit: int = 50) -> None:
    """`limit`: how many items a list has at most, if nothing is said; by --all there is none."""
    limits = parser.add_mutually_exclusive_group()
    limits.add_argument(
        "--limit", type=_positive, default=limit, metavar="N", help=f"at most so many ({limit:,})"
    )
    limits.add_argument("--all", action="store_const", dest="limit", const=10**9, help="to the end")


def _positive(typed: str) -> int:
    if not typed.isascii() or not typed.isdecimal() or not 0 < int(typed) <= 10**9:
        raise argparse.ArgumentTypeError("a whole number above 0 is needed")
    return int(typed)
