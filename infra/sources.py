"""Our own sources that are packaged: what git tracks, as it is in the folder now.

A change that is not committed is packaged, for that is how a mistake is mended in haste; a file that git does
not know is not, for nobody meant it to go anywhere. Both are told. Where there is no checkout, as in an
unpacked archive, everything that lies there is the source.
"""

import os
import subprocess
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
    """Raises CannotListError where the folder is a checkout, and git cannot be asked."""
    tracked = _ask_git(root, "ls-files", "--cached")
    # An archive that was unpacked inside somebody's own checkout is not tracked there.
    if "app.py" not in tracked:
        return Sources(tuple(sorted(_everything(root))))
    files = sorted({Path(name) for name in tracked if (root / name).is_file()})
    changed = _ask_git(root, "diff", "--name-only", "--relative", "HEAD")
    unknown = _ask_git(root, "ls-files", "--others", "--exclude-standard")
    told = []
    if changed:
        told.append(f"Packaged as they are here, not as committed: {_shown(changed)}")
    if unknown:
        told.append(f"Left out, as git does not know them (git add what belongs): {_shown(unknown)}")
    return Sources(tuple(files), tuple(told))


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(sorted(names)[:_NAMES_SHOWN]) + more


def _everything(root: Path) -> list[Path]:
    """But what is made by running it, and hidden files."""
    found = [root / "app.py", *(root / "chalicelib").rglob("*")]
    paths = [path.relative_to(root) for path in found if path.is_file() and path.suffix != ".pyc"]
    return [path for path in paths if not any(part.startswith(".") for part in path.parts)]


def _ask_git(root: Path, *words: str) -> list[str]:
    """The paths that it names; none outside a checkout."""
    environment = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_FOLDER}
    # Whoever owns the checkout: its code is run here anyway, and in a container it is often another's.
    owned = ["-c", "safe.directory=*"]
    command = ["git", *owned, "-C", str(root), *words, "-z", "--", *_SOURCES]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        failed = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    except FileNotFoundError:
        failed = ["git is not installed"]
    if not failed:
        return [name for name in done.stdout.split("\0") if name]
    if (root / ".git").exists():
        raise CannotListError(
            f"git cannot say what belongs to this checkout ({failed[0]}): mend that, or package from an "
            "unpacked archive"
        )
    return []
