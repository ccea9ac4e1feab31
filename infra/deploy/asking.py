"""Ask a person for what the stage's file lacks, once, and write it down there."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

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


def complete(path: Path, ask: Callable[[str], str] = input) -> Content:
    """The file's content, nothing required missing. Raises CannotDeployError where nobody can be asked."""
    content = load(path)
    missing = missing_keys(content)
    if not missing:
        return content
    if not sys.stdin.isatty():
        raise CannotDeployError(
            f"{path} lacks {', '.join(missing)}: write them there (docs/deploy.md), or run this at a terminal"
        )
    if not content:
        missing.insert(1, "alarm_email")
    print(f"{path} lacks what follows. It is asked once, and written there.")
    answers = {name: ask(f"{_QUESTIONS.get(name, name)}: ").strip() for name in missing}
    unanswered = [name for name, answer in answers.items() if not answer and name != "alarm_email"]
    if unanswered:
        raise CannotDeployError(f"{', '.join(unanswered)} cannot be empty: nothing was written, run it again")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_insert(path.read_text() if path.exists() else "", answers))
    return load(path)


def _insert(text: str, answers: Mapping[str, str]) -> str:
    """Keys of the table `[settings]` right below its head, the others at the top: what is there stays."""
    own = [f"{name} = {json.dumps(answer)}" for name, answer in answers.items() if name.islower()]
    settings = [_line(name, answer) for name, answer in answers.items() if name.isupper()]
    before, head, after = text.partition("[settings]\n")
    return "\n".join([*own, before.strip("\n"), head.strip() or "[settings]", *settings, after]).lstrip("\n")


def _line(name: str, answer: str) -> str:
    items = [part.strip() for part in answer.split(",") if part.strip()]
    if name == "TOPICS":
        return f"{name} = {{ admissions = {json.dumps(items)} }}"
    return f"{name} = {json.dumps(items if name in ('SITES', 'MODERATORS') else answer)}"
