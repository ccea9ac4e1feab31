"""Ask a person at the terminal; and for what the stage's file lacks, once, to write it down there."""

import json
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from infra.deploy.errors import CannotDeployError
from infra.deploy.stage_file import Content, load, missing_keys

_QUESTIONS: Mapping[str, str] = {
    "region": "AWS region of the stack, such as us-east-1",
    "alarm_email": "Address that AWS mails when an alarm is raised (may be left empty)",
    "PUBLIC_URL": "Where the API will be, a host of your own such as https://comments.example.org",
    "SITES": "Sites that have comments, with commas, such as https://www.example.org",
    "MODERATORS": "Who is mailed about comments, with commas",
    "TOPICS": "Who is mailed about enquiries, with commas",
    "MAIL_SENDER": "From whom mail is sent: an address at a domain that is verified in SES",
}
_LISTS = ("SITES", "MODERATORS", "TOPICS")
_HEAD = re.compile(r"""^[ \t]*\[[ \t]*(?:settings|"settings"|'settings')[ \t]*\][^\n]*\n?""", re.MULTILINE)


def at_terminal() -> bool:
    """Whether there is anybody to ask. Python has no stdin where it was closed."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask_person(question: str, ask: Callable[[str], str] = input) -> str:
    """The answer, trimmed. Raises CannotDeployError for Ctrl-C and Ctrl-D."""
    try:
        return ask(question).strip()
    except (EOFError, KeyboardInterrupt, UnicodeDecodeError):
        # The cursor stands behind the question.
        print()
        raise CannotDeployError("Not answered, so nothing was changed: run it again") from None


def complete(path: Path, ask: Callable[[str], str] = input) -> Content:
    """The file's content, nothing required missing. Raises CannotDeployError where nobody can be asked."""
    content = load(path)
    missing = missing_keys(content)
    if not missing:
        return content
    if not at_terminal():
        raise CannotDeployError(
            f"{path} lacks {', '.join(missing)}: write them there (docs/deploy.md), or run this at a terminal"
        )
    if empty := [name for name in missing if name in content or name in content.get("settings", {})]:
        raise CannotDeployError(
            f"{path} has {', '.join(empty)} without a value: write one there, or take the name out"
        )
    if not content:
        missing.insert(1, "alarm_email")
    print(f"{path} lacks what follows. It is asked once, and written there.")
    answers = {name: _ask_for(name, ask) for name in missing}
    unanswered = [name for name, answer in answers.items() if not answer and name != "alarm_email"]
    if unanswered:
        raise CannotDeployError(f"{', '.join(unanswered)} cannot be empty: nothing was written, run it again")
    _write(path, {name: _value(name, answer) for name, answer in answers.items()})
    return load(path)


def _ask_for(name: str, ask: Callable[[str], str]) -> str:
    """Again where nothing is between the commas: a list that is there and empty is not asked for later."""
    while True:
        answer = ask_person(f"{_QUESTIONS.get(name, name)}: ", ask)
        if not answer or name not in _LISTS or _items(answer):
            return answer
        print("There is nothing in that")


def _value(name: str, answer: str) -> Any:
    if name == "TOPICS":
        return {"admissions": _items(answer)}
    return _items(answer) if name in _LISTS else answer


def _items(answer: str) -> list[str]:
    return [part.strip() for part in answer.split(",") if part.strip()]


def _write(path: Path, answers: Mapping[str, Any]) -> None:
    """As a whole or not at all. Raises CannotDeployError."""
    # Bytes: the ends of its lines stay what they are.
    text = insert(path.read_bytes().decode() if path.exists() else "", answers)
    if text is None:
        lines = "; ".join(_line(name, value) for name, value in answers.items())
        raise CannotDeployError(
            f"{path} is written in a way to which nothing can be added, and was not changed: write there "
            f"yourself {lines} (docs/deploy.md)"
        )
    target = path.resolve()
    new = target.with_name(f".{target.name}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(text.encode())
        if target.exists():
            shutil.copymode(target, new)
        new.replace(target)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        raise CannotDeployError(
            f"{path} cannot be written ({error.strerror}), and was not changed: mend that, then run it again"
        ) from None


def insert(text: str, answers: Mapping[str, Any]) -> str | None:
    """The text with the answers in it, the rest as it was; None where none of the ways makes it so.

    Settings are in capitals, and stand in the table `settings`. What each way makes is read again: TOML has
    more ways to write a table than are worth knowing here.
    """
    wanted = tomllib.loads(text)
    wanted |= {name: value for name, value in answers.items() if name.islower()}
    settings = {name: value for name, value in answers.items() if name.isupper()}
    wanted["settings"] = {**wanted.get("settings", {}), **settings}
    for way in _ways(text, answers, "\r\n" if "\r\n" in text else "\n"):
        with suppress(tomllib.TOMLDecodeError, UnicodeEncodeError):
            if tomllib.loads(way) == wanted and way.encode():
                return way
    return None


def _ways(text: str, answers: Mapping[str, Any], end: str) -> Iterator[str]:
    """Options above every table; settings below their head, or at the end, or each by its full name."""
    own = "".join(f"{_line(name, value)}{end}" for name, value in answers.items() if name.islower())
    lines = [f"{_line(name, value)}{end}" for name, value in answers.items() if name.isupper()]
    for head in _HEAD.finditer(text):
        before = text[: head.end()]
        yield own + before + _gap(before, end) + "".join(lines) + text[head.end() :]
    yield f"{own}{text}{_gap(text, end)}{end}[settings]{end}{''.join(lines)}"
    yield own + "".join(f"settings.{line}" for line in lines) + text


def _gap(before: str, end: str) -> str:
    return "" if not before or before.endswith("\n") else end


def _line(name: str, value: Any) -> str:
    """A JSON string is TOML's too, and so is a list of them."""
    if isinstance(value, dict):
        return f"{name} = {{ {', '.join(_line(key, inner) for key, inner in value.items())} }}"
    return f"{name} = {json.dumps(value, ensure_ascii=False)}"
