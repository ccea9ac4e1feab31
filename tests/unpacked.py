"""The zip unpacked, and tests run on it.

    python -m tests.unpacked

runs all unit tests on a zip that nothing was left out of, and writes down in infra/never_imported.txt what
they did not import.
"""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

from infra.package import ROOT, package
from infra.slimming import NEVER_IMPORTED, OURS

ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "")
_MODULE = (".pyc", ".so")
# The last gate before a page: no part of it is left out, however seldom it is reached.
_NEVER_LEFT_OUT = ("bleach", "webencodings")
_HEAD = """\
# Of the dependencies: what no unit test imports, run on the packaged zip. It stays out of the zip.
# Written by `python -m tests.unpacked`; tests/infra/test_zip.py holds that nothing of it is missed.
"""


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on the unpacked zip `folder`."""
    environment = {
        **os.environ,
        "FRONTDESK_PACKAGE": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        **environment,
    }
    command = [sys.executable, "-m", "pytest", "-p", "tests.packaged", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(  # noqa: S603
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def unpack(folder: Path, *, whole: bool = False) -> Path:
    """Package for this machine, and return the folder with the zip's content."""
    package("prod", folder, with_zip=True, architecture=ARCHITECTURE, whole=whole)
    with ZipFile(folder / "deployment.zip") as made:
        made.extractall(folder / "content")
    return folder / "content"


def never_imported(folder: Path, imported: set[str]) -> Iterator[str]:
    """Folders of which nothing was imported, and single modules of the others."""
    for path in sorted(folder.iterdir()):
        name = path.relative_to(folder).as_posix()
        if (
            path.name in (*OURS, "sdk_data", "__pycache__")
            or path.name.startswith(_NEVER_LEFT_OUT)
            or path.name.endswith(".dist-info")
        ):
            continue
        yield from _not_among(path, folder, imported, name)


def _not_among(path: Path, folder: Path, imported: set[str], name: str) -> Iterator[str]:
    if path.is_file():
        if path.name.endswith(_MODULE) and name not in imported:
            # As it is called before it is compiled.
            yield name.removesuffix("c") if name.endswith(".pyc") else name
    elif not any(other.startswith(f"{name}/") for other in imported):
        yield name
    else:
        for below in sorted(path.iterdir()):
            yield from _not_among(below, folder, imported, below.relative_to(folder).as_posix())


def main() -> int:
    with tempfile.TemporaryDirectory() as temporary:
        records = Path(temporary) / "imported"
        records.mkdir()
        folder = unpack(Path(temporary) / "dist", whole=True)
        done = run(
            folder,
            "-n2",
            "-m",
            "not journey and not packaging and not faults",
            # They pack, or read the sources.
            "--ignore=tests/infra",
            "--ignore=tests/test_architecture.py",
            FRONTDESK_IMPORTED=str(records),
        )
        sys.stdout.write(done.stdout[-2000:])
        if done.returncode:
            return 1
        imported = {line for record in records.iterdir() for line in record.read_text().splitlines()}
        NEVER_IMPORTED.write_text(_HEAD + "".join(f"{name}\n" for name in never_imported(folder, imported)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
