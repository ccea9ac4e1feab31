"""What the emulator's process runs, in the emulator's own virtual environment.

Its standard input is a pipe that the run holds open. The pipe closes when the run ends, however it
ends; then the emulator stops as on SIGTERM, and so saves its state, which it does at no other time.
"""

import os
import runpy
import signal
import sys
import threading


def stop_when_the_run_ends() -> None:
    # Unbuffered: a thread that waits inside sys.stdin makes the interpreter abort when it shuts down.
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=stop_when_the_run_ends, daemon=True).start()
    sys.argv = ["ministack"]
    runpy.run_module("ministack", run_name="__main__")
