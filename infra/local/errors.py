"""Why a run cannot go on."""


class CannotRunError(Exception):
    """What stands in the way and the remedy, in one line for the person at the terminal."""


class StoppedError(Exception):
    """Somebody asked the run to stop before it was ready."""
