"""A command as somebody types it, against a test's stack; and what they see."""

import io
import json
from dataclasses import dataclass
from typing import Any

from chalicelib.commands.main import main
from tests.stack import Stack


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Seen:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Each line of stdout as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def told(self) -> str:
        """The last line of stderr."""
        return self.err.splitlines()[-1]


def type_command(
    stack: Stack,
    *arguments: str,
    typed: str = "",
    terminal: bool = False,
    environ: dict[str, str] | None = None,
) -> Seen:
    """`typed` is what comes on stdin; where it is a terminal, that is what the person answers."""
    keyboard = (Terminal if terminal else io.StringIO)(typed)
    out, err = io.StringIO(), io.StringIO()
    settings = stack.environ("staff") if environ is None else environ
    code = main(list(arguments), settings, keyboard, out, err, lambda: stack.now)
    return Seen(code, out.getvalue(), err.getvalue())


def done(stack: Stack, *arguments: str, typed: str = "") -> Any:
    """The answer of a command that must succeed."""
    seen = type_command(stack, *arguments, "--json", "--yes", typed=typed)
    assert seen.code == 0, seen.err
    return seen.json
