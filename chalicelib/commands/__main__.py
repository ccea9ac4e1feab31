"""python -m chalicelib.commands: what an operator or a moderator types."""

import io
import os
import sys
from typing import TextIO

from chalicelib.commands.main import main


def _start() -> int:
    for stream in (sys.stdout, sys.stderr):
        # A terminal that has no sign for a letter gets its number, not a traceback.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        # There is no stdin where it was closed.
        code = main(sys.argv[1:], os.environ, sys.stdin or io.StringIO(), sys.stdout, sys.stderr)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\nStopped. What was done is done; run it again for the rest.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _let_go_of(sys.stdout)
        return 1
    except OSError as error:
        print(f"The answer cannot be written: {error.strerror}.", file=sys.stderr)
        _let_go_of(sys.stdout)
        return 1
    return code


def _let_go_of(stream: TextIO) -> None:
    """Whoever read our output has left. Python would try to flush to them once more as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(_start())
