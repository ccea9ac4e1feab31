"""Our own sources that are packaged: what git tracks, as it is in the folder now.

A change that is not committed is packaged, for that is how a mistake is mended in haste; a file that git does
not know is not, for nobody meant it to go anywhere. Both are told. Where there is no checkout, as in an
unpacked archive, everything that lies there is the source.
"""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SOURCES = ("app.py", "chalicelib")
# More would be a line that nobody reads.
_NAMES_SHOWN = 8
# What git sets for a hook, and obeys before the folder it is called in.
_OF_ANOTHER_FOLDER = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"})


class CannotListError(Exception):
    """Why it is not known what git tracks, with what to do, for the person at the terminal."""


@dataclass(frozen=True)
class Sources:
    """Paths relative to the folder, sorted; `told` is what a person should know of them, a line each."""

    files: tuple[Path, ...]
    told: tuple[str, ...] = ()


def list_sources(root: Path) -> Sources:
    """Raises CannotListError where git cannot be asked in a checkout, and of a link that leads elsewhere."""
    sources = _list_sources(root)
    for file in sources.files:
        if not (root / file).resolve().is_relative_to((root / file.parts[0]).resolve()):
            raise CannotListError(f"{file} is a link that leads elsewhere: put the file itself there")
    return sources


def _list_sources(root: Path) -> Sources:
    tracked = _ask_git(root, "ls-files", "--cached")
    # An archive that was unpacked inside somebody's own checkout is not tracked there.
    if "app.py" not in tracked:
        return Sources(tuple(sorted(_everything(root))))
    files = sorted({Path(name) for name in tracked if (root / name).is_file()})
    changed = sorted({*_ask_git(root, "diff", "--name-only", "--relative", "HEAD"), *_list_altered(root)})
    unknown = _ask_git(root, "ls-files", "--others", "--exclude-standard")
    # A sparse checkout, a submodule: git calls neither a change.
    missing = {*tracked} - {str(file) for file in files} - {*changed}
    told = []
    if missing:
        told.append(f"Left out, as git tracks them and no file of that name is here: {_shown([*missing])}")
    if changed:
        told.append(f"Packaged as they are here, not as committed: {_shown(changed)}")
    if unknown:
        told.append(f"Left out, as git does not know them (git add what belongs): {_shown(unknown)}")
    return Sources(tuple(files), tuple(told))


def _list_altered(root: Path) -> Iterator[str]:
    """Files whose bytes are not the committed ones, by git's own hashes.

    Git itself does not look where it was told not to: update-index --assume-unchanged, --skip-worktree.
    """
    for entry in _ask_git(root, "ls-tree", "-r", "HEAD"):
        about, _, name = entry.partition("\t")
        committed = about.split()[2]
        if (root / name).is_file() and _hash(root / name, len(committed)) != committed:
            yield name


def _hash(file: Path, digits: int) -> str:
    """As git names a blob (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects). 64 digits: SHA-256."""
    content = os.fsencode(os.readlink(file)) if file.is_symlink() else file.read_bytes()
    blob = b"blob %d\0%b" % (len(content), content)
    return (hashlib.sha256(blob) if digits == 64 else hashlib.sha1(blob, usedforsecurity=False)).hexdigest()


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    shown = ", ".join(sorted(names)[:_NAMES_SHOWN]) + more
    # A name may be in no encoding that a terminal takes.
    return os.fsencode(shown).decode(errors="backslashreplace")


def _everything(root: Path) -> list[Path]:
    """But what is made by running it, and hidden files."""
    found = [root / "app.py", *(root / "chalicelib").rglob("*")]
    paths = [path.relative_to(root) for path in found if path.is_file() and path.suffix != ".pyc"]
    return [path for path in paths if not any(part.startswith(".") for part in path.parts)]


def _ask_git(root: Path, *words: str) -> list[str]:
    """The paths that it names; none outside a checkout."""
    environment = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_FOLDER}
    # Whoever owns this folder: its code is run here anyway, and in a container it is often another's. That is
    # not so of a folder above it: the settings of anybody's checkout there could have git run a command.
    owned = ["-c", f"safe.directory={root.resolve()}"]
    command = ["git", *owned, "-C", str(root), *words, "-z", "--", *_SOURCES]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        said = os.fsdecode(done.stderr).strip().splitlines() if done.returncode else []
        failed = [line for line in said if line.startswith("fatal: ")][:1] or said[-1:]
    except FileNotFoundError:
        failed = ["git is not installed"]
    if not failed:
        return [name for name in os.fsdecode(done.stdout).split("\0") if name]
    if any((folder / ".git").exists() for folder in (root, *root.resolve().parents)):
        raise CannotListError(
            f"git cannot say what belongs to this checkout ({failed[0]}): mend that, or package from an "
            "unpacked archive that lies in no checkout"
        )
    return []
