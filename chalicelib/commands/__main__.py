"""python -m chalicelib.commands: what an operator or a moderator types."""

import io
import os
import sys

from chalicelib.commands.ending import end_quietly, let_go
from chalicelib.commands.main import main


def _start() -> int:
    # Python has none where it was closed (`>&-`), and print would take stdout for a stderr that is None.
    sys.stdout = sys.stdout or io.TextIOWrapper(io.BytesIO())
    sys.stderr = sys.stderr or io.TextIOWrapper(io.BytesIO())
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
        raise
    except OSError as error:
        print(f"The answer cannot be written: {error.strerror}.", file=sys.stderr)
        let_go()
        return 1
    return code


if __name__ == "__main__":
    sys.exit(end_quietly(_start))
