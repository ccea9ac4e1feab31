"""A release: what the changelog becomes, what is tagged, what a tag's files are, and what stops it."""

import hashlib
import subprocess
from pathlib import Path

import pytest
import yaml

from infra.release import CannotReleaseError, cut, make_files, notes_of, tag
from tests.stack import ROOT

CHANGELOG = """# Changelog

## [Unreleased]

### Added

- A thing.

## [0.1.0] - 2026-01-01

### Added

- The first.
"""


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    command = ["git", "-C", str(folder), *identity, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "test@example.org")
    root = tmp_path / "checkout"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch", "main")
    (root / "CHANGELOG.md").write_text(CHANGELOG)
    (root / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "0.1.0"\n')
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "Start")
    return root


def package(source: Path, out: Path) -> None:
    """Stands for infra.package, which has tests of its own."""
    out.mkdir()
    (out / "deployment.zip").write_bytes(b"zip of " + (source / "pyproject.toml").read_bytes())
    (out / "sam.json").write_text("{}")


def test_what_was_unreleased_becomes_the_versions_section() -> None:
    changed = cut(CHANGELOG, "0.2.0", "2026-11-25")
    assert "## [Unreleased]\n\n## [0.2.0] - 2026-11-25\n\n### Added\n\n- A thing.\n\n## [0.1.0]" in changed
    assert notes_of(changed, "0.2.0") == "### Added\n\n- A thing."
    assert notes_of(changed, "Unreleased") == ""
    assert notes_of(changed, "0.1.0") == "### Added\n\n- The first."


def test_a_release_is_one_commit_and_an_annotated_tag(checkout: Path) -> None:
    tag("0.2.0", checkout, "2026-11-25")
    assert git(checkout, "status", "--porcelain") == ""
    assert git(checkout, "log", "--format=%s") == "Release 0.2.0\nStart"
    assert git(checkout, "cat-file", "-t", "v0.2.0") == "tag"
    assert 'version = "0.2.0"' in (checkout / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("version", "complaint"),
    [
        ("0.2", "no version such as"),
        ("v0.2.0", "no version such as"),
        ("0.0.9", "older than 0.1.0"),
        ("0.1.0", "has a section 0.1.0 already"),
    ],
)
def test_a_wrong_version_changes_nothing(checkout: Path, version: str, complaint: str) -> None:
    with pytest.raises(CannotReleaseError, match=complaint):
        tag(version, checkout, "2026-11-25")
    assert git(checkout, "status", "--porcelain") == ""
    assert git(checkout, "tag") == ""


def test_uncommitted_changes_stop_a_release(checkout: Path) -> None:
    (checkout / "stray.py").write_text("")
    with pytest.raises(CannotReleaseError, match="not committed"):
        tag("0.2.0", checkout, "2026-11-25")
    assert git(checkout, "tag") == ""


def test_a_commit_that_fails_changes_nothing(checkout: Path) -> None:
    hook = checkout / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o700)
    with pytest.raises(CannotReleaseError, match="git commit failed"):
        tag("0.2.0", checkout, "2026-11-25")
    assert git(checkout, "status", "--porcelain") == ""
    assert git(checkout, "tag") == ""


def test_another_branch_than_main_stops_a_release(checkout: Path) -> None:
    git(checkout, "switch", "--quiet", "--create", "other")
    with pytest.raises(CannotReleaseError, match="not the branch main"):
        tag("0.2.0", checkout, "2026-11-25")


def test_nothing_unreleased_stops_a_release(checkout: Path) -> None:
    tag("0.2.0", checkout, "2026-11-25")
    with pytest.raises(CannotReleaseError, match="nothing to release"):
        tag("0.3.0", checkout, "2026-11-26")


def test_the_same_number_twice_stops_a_release(checkout: Path) -> None:
    git(checkout, "tag", "v0.2.0")
    with pytest.raises(CannotReleaseError, match="is there already"):
        tag("0.2.0", checkout, "2026-11-25")


def test_files_are_the_tags_and_not_the_working_trees(checkout: Path, tmp_path: Path) -> None:
    tag("0.2.0", checkout, "2026-11-25")
    (checkout / "pyproject.toml").write_text("changed since")
    out = tmp_path / "release"
    make_files("v0.2.0", checkout, out, package)
    assert {file.name for file in out.iterdir()} == {
        "frontdesk-0.2.0.zip",
        "frontdesk-0.2.0.template.json",
        "notes.md",
        "SHA256SUMS",
    }
    assert b'version = "0.2.0"' in (out / "frontdesk-0.2.0.zip").read_bytes()
    assert (out / "notes.md").read_text() == "### Added\n\n- A thing.\n"
    for line in (out / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest


def test_an_unknown_tag_leaves_no_files(checkout: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotReleaseError, match="git archive failed"):
        make_files("v9.9.9", checkout, tmp_path / "release", package)
    assert not (tmp_path / "release").exists()


def test_the_workflows_run_what_ci_runs_on_each_python_and_pin_every_action() -> None:
    folder = ROOT / ".github" / "workflows"
    workflows = {file.stem: yaml.safe_load(file.read_text()) for file in folder.iterdir()}
    assert set(workflows) == {"ci", "release"}
    assert workflows["ci"]["jobs"]["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    for workflow in workflows.values():
        assert workflow["permissions"] == {"contents": "read"}
        for job in workflow["jobs"].values():
            assert {"run": "bash .ci/run"} in job["steps"]
            for step in job["steps"]:
                # A tag can be moved; a commit cannot.
                assert "uses" not in step or len(step["uses"].partition("@")[2]) == 40
