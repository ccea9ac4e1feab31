"""Make a release: the changelog's section, the version, a tag; and the files that belong to a tag.

    python -m infra.release tag 0.2.0       writes the changelog, commits, tags; pushes nothing
    python -m infra.release files v0.2.0    builds zip and template from the tag, in dist/release

The files are built from the tag alone, in a folder of their own: what lies about in the working tree gets
into no release, and the same tag makes the same zip to the byte, here and in CI.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.commands.ending import end_quietly

ROOT = Path(__file__).resolve().parents[1]
_SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_VERSION_LINE = re.compile(r'^version = "([^"]*)"$', re.MULTILINE)
_UNRELEASED = "## [Unreleased]"


class CannotReleaseError(Exception):
    """What stands in the way, in words for the person at the terminal. Nothing was changed."""


def cut(changelog: str, version: str, day: str) -> str:
    """Return the changelog with what was unreleased as `version`'s section. Raises CannotReleaseError."""
    if not notes_of(changelog, "Unreleased"):
        raise CannotReleaseError("CHANGELOG.md says nothing under [Unreleased]: there is nothing to release")
    if f"## [{version}]" in changelog:
        raise CannotReleaseError(f"CHANGELOG.md has a section {version} already: take the next number")
    return changelog.replace(_UNRELEASED, f"{_UNRELEASED}\n\n## [{version}] - {day}", 1)


def notes_of(changelog: str, name: str) -> str:
    """What the changelog says under `name`, a version or Unreleased; empty where it says nothing."""
    _, _, after = changelog.partition(f"## [{name}]")
    _, _, text = after.partition("\n")
    return re.split(r"^## \[", text, maxsplit=1, flags=re.MULTILINE)[0].strip()


def tag(version: str, root: Path, day: str) -> None:
    """Commit the release of `version` in the checkout `root`, and tag it. Raises CannotReleaseError."""
    project = (root / "pyproject.toml").read_text()
    _check_version(version, _VERSION_LINE.findall(project)[0], root)
    if _git(root, "branch", "--show-current") != "main":
        raise CannotReleaseError("This is not the branch main: releases are made there")
    if _git(root, "status", "--porcelain"):
        raise CannotReleaseError("There are changes that are not committed: commit them or put them away")
    changelog = cut((root / "CHANGELOG.md").read_text(), version, day)
    (root / "CHANGELOG.md").write_text(changelog)
    (root / "pyproject.toml").write_text(_VERSION_LINE.sub(f'version = "{version}"', project))
    files = ("CHANGELOG.md", "pyproject.toml")
    try:
        _git(root, "commit", "--quiet", "--message", f"Release {version}", *files)
    except CannotReleaseError:
        # A hook, or nobody to sign as: then nothing is to be changed, as is said.
        _git(root, "checkout", "HEAD", "--", *files)
        raise
    _git(root, "tag", "--annotate", "--message", f"Release {version}", f"v{version}")


def make_files(tag_name: str, root: Path, out: Path, package: Callable[[Path, Path], None]) -> None:
    """Fill `out` with the tag's zip, template, notes and checksums. Raises CannotReleaseError.

    `package` builds deployment.zip and sam.json of a source folder into an output folder.
    """
    version = tag_name.removeprefix("v")
    with tempfile.TemporaryDirectory(prefix="frontdesk-release-") as folder:
        source, built = Path(folder, "source"), Path(folder, "built")
        source.mkdir()
        _export(root, tag_name, source)
        package(source, built)
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        files = [out / f"frontdesk-{version}.zip", out / f"frontdesk-{version}.template.json"]
        for made, file in zip(("deployment.zip", "sam.json"), files, strict=True):
            shutil.copy(built / made, file)
        (out / "notes.md").write_text(notes_of((source / "CHANGELOG.md").read_text(), version) + "\n")
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (out / "SHA256SUMS").write_text("".join(sums))


def _check_version(version: str, current: str, root: Path) -> None:
    if not _SEMVER.fullmatch(version):
        raise CannotReleaseError(f"{version} is no version such as 0.2.0 (Semantic Versioning)")
    if _git(root, "tag", "--list", f"v{version}"):
        raise CannotReleaseError(f"The tag v{version} is there already: take the next number")
    if _number(version) < _number(current):
        raise CannotReleaseError(f"{version} is older than {current}, which pyproject.toml has")


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _export(root: Path, tag_name: str, folder: Path) -> None:
    archive = folder.parent / "source.zip"
    _git(root, "archive", "--output", str(archive), tag_name)
    shutil.unpack_archive(archive, folder)


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotReleaseError(f"git {words[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def _package(source: Path, out: Path) -> None:
    command = [sys.executable, "-m", "infra.package", "--stage", "prod", "--out", str(out)]
    if subprocess.run(command, cwd=source, check=False).returncode:
        raise CannotReleaseError("The package could not be built, see above")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.release", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("tag", help="write the changelog, commit, tag").add_argument("version")
    commands.add_parser("files", help="build what belongs to a tag").add_argument("tag")
    options = parser.parse_args(arguments)
    out = ROOT / "dist" / "release"
    try:
        if options.command == "tag":
            tag(options.version, ROOT, f"{datetime.now(UTC):%Y-%m-%d}")
            print(f"Tagged v{options.version}. To publish it: git push --follow-tags")
        else:
            make_files(options.tag, ROOT, out, _package)
            print((out / "SHA256SUMS").read_text(), end="")
    except CannotReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(end_quietly(lambda: main(sys.argv[1:])))
