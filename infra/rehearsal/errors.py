"""Why a rehearsal did not go well."""


class RehearsalError(Exception):
    """What did not hold, in one line for the person at the terminal. It tells of made-up people alone."""


def check(holds: object, what: str) -> None:
    """Raises RehearsalError unless it holds."""
    if not holds:
        raise RehearsalError(what)
