"""How a command's process ends where whoever read its output has left: `… | head -1`."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress

READER_LEFT = 1


def end_quietly(run: Callable[[], int]) -> int:
    """`run`'s exit code; or 1, without a word, where its output cannot be written any more.

    As in https://docs.python.org/3/library/signal.html#note-on-sigpipe: `run` is stopped by the first line
    that nobody reads.
    """
    try:
        try:
            return run()
        finally:
            # Also after argparse's SystemExit: what it printed is still in the buffer.
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        let_go()
        return READER_LEFT


def let_go() -> None:
    """Send what cannot be written nowhere: Python would try once more as it ends, and complain."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):
            try:
                stream.flush()
            except OSError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
