"""Times as Frontdesk writes them: RFC 3339 in UTC with milliseconds and `Z`, so that they sort as text."""

from datetime import UTC, datetime


def to_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def utc_now() -> datetime:
    return datetime.now(UTC)


def from_text(text: str) -> datetime:
    return datetime.fromisoformat(text)
