"""What a command says: its answer on stdout, everything else on stderr."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TextIO


@dataclass
class NotConfirmed(Exception):
    """Nothing was done: the question was answered with no, or there was nobody to ask."""

    nobody_to_ask: bool

    def __str__(self) -> str:
        if self.nobody_to_ask:
            return (
                "Nothing was done: this asks first, and here is no terminal to ask at. Add --yes to mean it."
            )
        return "Nothing was done."


@dataclass(frozen=True)
class Screen:
    keyboard: TextIO
    out: TextIO
    err: TextIO
    as_json: bool
    assume_yes: bool
    always_progress: bool

    def answer(self, document: Any, lines: Iterable[str]) -> None:
        """Print `document` for a program, or `lines` for a person."""
        if self.as_json:
            # In ASCII: no control of a terminal can be in it, and every terminal can show it.
            print(json.dumps(document), file=self.out, flush=True)
        else:
            for line in lines:
                print(line, file=self.out)

    def say(self, text: str) -> None:
        print(text, file=self.err, flush=True)

    def confirm(self, question: str) -> None:
        """Raises NotConfirmed. The question says what will happen, and that it cannot be taken back if so."""
        if self.assume_yes:
            return
        if not self.keyboard.isatty():
            raise NotConfirmed(nobody_to_ask=True)
        print(f"{question} [y/N] ", end="", file=self.err, flush=True)
        if self.keyboard.readline().strip().lower() not in ("y", "yes"):
            raise NotConfirmed(nobody_to_ask=False)

    def progress(self, what: str, total: int | None = None) -> "Progress":
        """`total` is None where nobody knows it before the end: then `Progress.end` is to be called."""
        return Progress(self.err, what, total, self.always_progress or self.err.isatty())


class Progress:
    """Tells now and then how far it is: on one line of a terminal, else a line each time."""

    def __init__(self, err: TextIO, what: str, total: int | None, is_shown: bool) -> None:
        self._err = err
        self._what = what
        self._total = total
        self._is_shown = is_shown
        self._done = 0
        # A hundred times at most, or for each hundred: stderr may be a file.
        self._every = 100 if total is None else max(1, total // 100)

    def step(self) -> None:
        self._done += 1
        if self._is_shown and (self._done % self._every == 0 or self._done == self._total):
            self._tell(is_last=self._done == self._total)

    def end(self) -> None:
        """There are no more of them: tell how many there were."""
        if self._is_shown:
            self._tell(is_last=True)

    def _tell(self, *, is_last: bool) -> None:
        total = "" if self._total is None else f" of {self._total:,}"
        text = f"{self._done:,}{total} {self._what}"
        if self._err.isatty():
            # The cursor goes back to the line's beginning: what is printed next takes the line.
            print(text, end="\n" if is_last else "\r", file=self._err, flush=True)
        else:
            print(text, file=self._err, flush=True)
