"""The same files make the same zip, to the byte: whenever, wherever and by whomever it is made."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

# The oldest time that a zip can hold.
_TIME = (1980, 1, 1, 0, 0, 0)
_READABLE_BY_ALL = 0o100644 << 16
_UNIX = 3


def rewrite(source: Path, target: Path) -> None:
    """Copy the zip `source` to `target`: sorted, without times, owners or modes, no file twice."""
    with ZipFile(source) as old, ZipFile(target, "w") as new:
        for name in sorted(set(old.namelist())):
            entry = ZipInfo(name, _TIME)
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = _READABLE_BY_ALL
            entry.create_system = _UNIX
            new.writestr(entry, old.read(name))
