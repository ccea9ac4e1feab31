"""The releases that are rehearsed: this folder's, the one before it, and two that are broken on purpose.

Each is a folder that `python -m infra.deploy` is run in, as `make deploy` runs it.
"""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

STAGE, STACK = "prod", "frontdesk-prod"
# By this word of the settings an upgrade is seen to have come through.
HELP_TEXT = "Please do not wait for us, call:"
_PARTS = ("chalicelib", "infra", ".chalice", "requirements", "app.py", "requirements.txt")
# Environments and downloads are this folder's: what they are made from is the same, or is told by a hash.
_SHARED = (".venv-tools", ".wheels")
_STAGE_FILE = """\
region = "us-east-1"
{options}
[settings]
PUBLIC_URL = "https://comments.example.org"
SITES = ["https://www.example.org"]
MODERATORS = ["moderators@example.org"]
TOPICS = {{ admissions = ["admissions@example.org"] }}
MAIL_SENDER = "desk@example.org"
{settings}"""
_BROKEN_AT_ITS_START = """

import os

if os.environ.get("FUNCTION") == "public":
    raise RuntimeError("broken on purpose, to rehearse it")
"""


@dataclass(frozen=True)
class Release:
    """`what` tells people which it is; `settings` is its stage file."""

    what: str
    folder: Path
    settings: Path


def this_release(root: Path, work: Path) -> Release:
    settings = work / "prod.toml"
    settings.write_text(_stage_file('alarm_email = "operations@example.org"', f'HELP_TEXT = "{HELP_TEXT}"'))
    return Release("this folder's release", root, settings)


def release_before(root: Path, work: Path) -> Release:
    """Of the last tag before this commit; where there is none, this folder made older."""
    tag = find_last_tag(root)
    settings = work / "prod-before.toml"
    settings.write_text(_stage_file("", ""))
    if tag is None:
        folder = _copy(root, work / "before")
        _edit(folder / "infra" / "template.yaml", _without_an_index)
        return Release("this folder made older, as there is no tag", folder, settings)
    folder = work / "before"
    archive = work / "before.zip"
    _git(root, "archive", "--format=zip", "--output", str(archive), tag)
    shutil.unpack_archive(archive, folder)
    _share(root, folder)
    return Release(f"the release before, {tag}", folder, settings)


def release_with_a_failing_step(root: Path, work: Path, settings: Path) -> Release:
    """New code, and at the end a resource that cannot be made: the functions were changed by then."""
    folder = _copy(root, work / "failing-step")
    _append(folder / "chalicelib" / "__init__.py", '\nREHEARSED = "a step that fails"\n')
    _edit(folder / "infra" / "alarms.yaml", _with_what_cannot_be_made)
    return Release("a release with a step that fails", folder, settings)


def release_that_does_not_start(root: Path, work: Path, settings: Path) -> Release:
    """Its public function fails as it starts."""
    folder = _copy(root, work / "does-not-start")
    _append(folder / "app.py", _BROKEN_AT_ITS_START)
    return Release("a release whose public function does not start", folder, settings)


def find_last_tag(root: Path) -> str | None:
    """The newest release's tag behind this commit, not on it: None without one, or without git."""
    try:
        tags = _git(
            root, "tag", "--list", "v[0-9]*", "--merged", "HEAD", "--no-contains", "HEAD", "--sort=-v:refname"
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    for tag in tags.split():
        # A tag from before there was anything to rehearse cannot be deployed here.
        if _git(root, "ls-tree", "--name-only", tag, "infra/rehearsal/"):
            return tag
    return None


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


def _stage_file(options: str, settings: str) -> str:
    return _STAGE_FILE.format(options=options, settings=settings)


def _copy(root: Path, folder: Path) -> Path:
    for part in _PARTS:
        source, target = root / part, folder / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    _share(root, folder)
    return folder


def _share(root: Path, folder: Path) -> None:
    for name in _SHARED:
        if (root / name).exists():
            (folder / name).symlink_to(root / name)


def _append(file: Path, text: str) -> None:
    with file.open("a") as opened:
        opened.write(text)


def _edit(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = yaml.safe_load(file.read_text())
    change(content)
    file.write_text(yaml.safe_dump(content, sort_keys=False))


def _without_an_index(template: dict[str, Any]) -> None:
    """As before the audit trail could be listed by month: the upgrade builds the index over what is there."""
    table = template["Resources"]["AuditTable"]["Properties"]
    table["GlobalSecondaryIndexes"] = [
        index for index in table["GlobalSecondaryIndexes"] if index["IndexName"] != "by-month"
    ]
    table["AttributeDefinitions"] = [
        attribute for attribute in table["AttributeDefinitions"] if attribute["AttributeName"] != "month"
    ]


def _with_what_cannot_be_made(alarms: dict[str, Any]) -> None:
    alarms["Resources"]["CannotBeMade"] = {
        "Type": "AWS::CloudWatch::Alarm",
        "DependsOn": ["APIHandlerLive", "StaffLive", "MailLive"],
        # Neither AWS nor the emulator takes a metric that says nothing.
        "Properties": {"Metrics": [{}]},
    }
