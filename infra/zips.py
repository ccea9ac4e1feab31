"""The same files make the same zip, to the byte: whenever, wherever and by whomever it is made."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

# The oldest time that a zip can hold.
_TIME = (1980, 1, 1, 0, 0, 0)
_READABLE_BY_ALL = 0o100644 << 16
_UNIX = 3


def write_zip(folder: Path, target: Path) -> None:
    """Put the files of `folder` into the zip `target`: sorted, without times, owners or modes."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    with ZipFile(target, "w") as made:
        for name in sorted(files):
            entry = ZipInfo(name, _TIME)
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = _READABLE_BY_ALL
            entry.create_system = _UNIX
            made.writestr(entry, files[name].read_bytes(), compresslevel=9)
