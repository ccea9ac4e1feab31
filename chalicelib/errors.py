"""What can go wrong, as small classes that carry facts.

They know nothing of HTTP: `chalicelib.api.problems` turns each into its answer, and only there.
No error carries what a visitor typed, for errors are logged.
"""

from dataclasses import dataclass


class FrontdeskError(Exception):
    """Every error that Frontdesk raises on purpose."""


@dataclass(frozen=True)
class FieldProblem:
    """One bad field: its name, a stable code, and a sentence for people."""

    field: str
    code: str
    message: str


@dataclass
class InvalidFields(FrontdeskError):
    problems: list[FieldProblem]


@dataclass
class Malformed(FrontdeskError):
    """The body is not what its content type says it is."""

    why: str


class BadCursor(FrontdeskError):
    pass


class Unauthenticated(FrontdeskError):
    pass


@dataclass
class Forbidden(FrontdeskError):
    role: str


class NotFound(FrontdeskError):
    pass


@dataclass
class MethodNotAllowed(FrontdeskError):
    allowed: tuple[str, ...]


@dataclass
class IllegalTransition(FrontdeskError):
    before: str
    after: str


class PageClosed(FrontdeskError):
    pass


# A field's code and sentence, the same whether its form or the thread says so.
NO_PARENT = ("not_published", "This is not a published comment of the page.")


class ParentNotPublished(FrontdeskError):
    pass


class StaleRevision(FrontdeskError):
    pass


class RevisionRequired(FrontdeskError):
    pass


@dataclass
class TooLarge(FrontdeskError):
    limit_bytes: int


class UnsupportedMediaType(FrontdeskError):
    pass


@dataclass
class AlreadySubmitted(FrontdeskError):
    """The same submission was accepted before, under this id: answer as the first time."""

    submission_id: str


class IdempotencyKeyReused(FrontdeskError):
    pass


@dataclass
class RateLimited(FrontdeskError):
    retry_after_seconds: int


class NotTrusted(FrontdeskError):
    """A comment is not for publishing at once: its author has too few approved ones, or its form was used."""


@dataclass
class Unavailable(FrontdeskError):
    """A dependency refused or timed out. `what` names the dependency's operation, never its data."""

    what: str


class LinkEnded(FrontdeskError):
    """A decision link that was made here, and is too old or revoked, or whose comment has gone."""


class WrongFunction(FrontdeskError):
    """A route was called in a function that is not the one that serves it."""


def place_of(error: BaseException) -> str:
    """Where it was raised, as file and line: no values, for those could be somebody's words."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else "?"
