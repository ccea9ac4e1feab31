"""What `make run` starts."""

import signal
import sys

from chalicelib.commands.ending import end_quietly


def main() -> int:
    # Until the run itself listens to signals, Ctrl-C ends the process with no traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from infra.local.running import main as run  # noqa: PLC0415 - loading the libraries takes a second

    return run()


if __name__ == "__main__":
    sys.exit(end_quietly(main))
