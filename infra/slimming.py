"""What goes into the zip of all that pip and Chalice have gathered: what runs, as bytecode."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.elf import cut_symbols

_INFRA = Path(__file__).parent
NEVER_IMPORTED = _INFRA / "never_imported.txt"
# Their sources are in the zip too.
OURS = ("app.py", "chalicelib")
# But these: people run them, from a checkout, and no function does.
COMMANDS = Path("chalicelib", "commands")
# For compilers, type checkers and those who list what they have installed.
_NOT_FOR_RUNNING = ("*.pyi", "py.typed", "*.c", "*.h", "*.dist-info/*")
# Whoever passes the zip on must pass these on.
_LICENCES = ("licenses", "LICENSE", "COPYING", "NOTICE")


def slim(folder: Path, never_imported: list[str]) -> None:
    """Take out of `folder` what Lambda does not need, and compile the rest."""
    for name in never_imported:
        _remove(folder / name)
    for pattern in _NOT_FOR_RUNNING:
        for path in folder.rglob(pattern):
            if not path.name.startswith(_LICENCES):
                _remove(path)
    for library in folder.rglob("*.so"):
        library.write_bytes(cut_symbols(library.read_bytes()))
    # Not by what the caller's own environment says, and each set in the same order.
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"}
    compiler = [sys.executable, "-S", "-X", "no_debug_ranges", str(_INFRA / "bytecode.py")]
    subprocess.run([*compiler, str(folder), *OURS], env=environment, check=True)


def read_never_imported() -> list[str]:
    """Modules and packages of dependencies, as paths in the zip: see the head of the file."""
    lines = NEVER_IMPORTED.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _remove(path: Path) -> None:
    # Missing: a dependency has it no more.
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
