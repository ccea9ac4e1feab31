"""The releases that are rehearsed: which is the one before, and how the others are broken."""

import subprocess
from pathlib import Path

import pytest
import yaml

from infra.deploy.stage_file import load, read_stage
from infra.package import ROOT
from infra.rehearsal.releases import (
    HELP_TEXT,
    find_last_tag,
    release_before,
    release_that_does_not_start,
    release_with_a_failing_step,
    this_release,
)


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    command = ["git", *who, *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)  # noqa: S603


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "infra" / "rehearsal").mkdir(parents=True)
    git(folder.parent, "init", "-q", str(folder))
    return folder


def commit(folder: Path, file: str) -> None:
    (folder / file).write_text("x")
    git(folder, "add", file)
    git(folder, "commit", "-q", "-m", file)


def test_release_before_is_of_the_newest_tag_behind_this_commit(repository: Path) -> None:
    commit(repository, "before-rehearsals")
    git(repository, "tag", "v0.8.0")
    assert find_last_tag(repository) is None
    for name in ("v0.9.0", "v0.10.0", "v0.11.0"):
        commit(repository, f"infra/rehearsal/{name}")
        git(repository, "tag", name)
    assert find_last_tag(repository) == "v0.10.0"
    commit(repository, "later")
    assert find_last_tag(repository) == "v0.11.0"


def test_there_is_no_tag_outside_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert find_last_tag(tmp_path) is None


def test_release_before_is_unpacked_from_its_tag(repository: Path, tmp_path: Path) -> None:
    commit(repository, "infra/rehearsal/old")
    git(repository, "tag", "v0.1.0")
    commit(repository, "infra/rehearsal/new")
    before = release_before(repository, tmp_path)
    assert [each.name for each in (before.folder / "infra" / "rehearsal").iterdir()] == ["old"]
    assert "v0.1.0" in before.what


def test_older_release_lacks_an_index_and_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.rehearsal.releases.find_last_tag", lambda _root: None)
    before, now = release_before(ROOT, tmp_path), this_release(ROOT, tmp_path)
    template = yaml.safe_load((before.folder / "infra" / "template.yaml").read_text())
    table = template["Resources"]["AuditTable"]["Properties"]
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by-actor"]
    parameters = [read_stage("prod", r.settings, load(r.settings)).parameters for r in (before, now)]
    assert [p.get("HelpText") for p in parameters] == [None, HELP_TEXT]


def test_broken_releases_are_broken_copies(tmp_path: Path) -> None:
    settings = tmp_path / "prod.toml"
    step = release_with_a_failing_step(ROOT, tmp_path, settings)
    alarms = yaml.safe_load((step.folder / "infra" / "alarms.yaml").read_text())["Resources"]
    # By then the aliases point to the new version.
    assert "APIHandlerLive" in alarms["CannotBeMade"]["DependsOn"]
    start = release_that_does_not_start(ROOT, tmp_path, settings)
    code = compile((start.folder / "app.py").read_text().split("import os")[-1], "app", "exec")
    for function in ("staff", "mail"):
        exec(code, {"os": _Environment(function)})  # noqa: S102
    with pytest.raises(RuntimeError, match="broken on purpose"):
        exec(code, {"os": _Environment("public")})  # noqa: S102
    assert "CannotBeMade" not in (ROOT / "infra" / "alarms.yaml").read_text()
    assert "broken on purpose" not in (ROOT / "app.py").read_text()


class _Environment:
    def __init__(self, function: str) -> None:
        self.environ = {"FUNCTION": function}
