"""Shared libraries without what only debuggers read. `strip` does it too, but is not on every machine."""

from struct import pack_into, unpack_from

# Offsets and sizes: the ELF-64 object file format, figures 3 and 6; the same for x86_64 and aarch64.
_IDENT = b"\x7fELF\x02\x01"
_PROGRAM_HEADERS_AT = 0x20
_SECTION_HEADERS_AT = 0x28
_PROGRAM_HEADER_SIZE_AND_COUNT = 0x36
_SECTION_HEADER_SIZE_COUNT_AND_NAMES = 0x3A
_SEGMENT_OFFSET = 0x08
_SEGMENT_SIZE_IN_FILE = 0x20


def cut_symbols(library: bytes) -> bytes:
    """Return `library` up to the end of its last segment: the loader looks at segments, not at sections.

    What goes is the table of sections, and whatever of them no segment holds: symbols that are not
    linked to, and debugging information. Raises ValueError for what is no little-endian ELF-64 file.
    """
    if not library.startswith(_IDENT):
        raise ValueError("not a little-endian ELF-64 file")
    (first,) = unpack_from("<Q", library, _PROGRAM_HEADERS_AT)
    size, count = unpack_from("<HH", library, _PROGRAM_HEADER_SIZE_AND_COUNT)
    ends = [first + size * count]
    for header in range(first, first + size * count, size):
        (offset,) = unpack_from("<Q", library, header + _SEGMENT_OFFSET)
        (length,) = unpack_from("<Q", library, header + _SEGMENT_SIZE_IN_FILE)
        ends.append(offset + length)
    kept = bytearray(library[: max(ends)])
    pack_into("<Q", kept, _SECTION_HEADERS_AT, 0)
    # The size of a section's header stays: binutils find a size of 0 wrong.
    (size_of_section_header,) = unpack_from("<H", library, _SECTION_HEADER_SIZE_COUNT_AND_NAMES)
    pack_into("<HHH", kept, _SECTION_HEADER_SIZE_COUNT_AND_NAMES, size_of_section_header, 0, 0)
    return bytes(kept)
