"""Real pictures, small ones: a PNG that is made here, and a JPEG as Chromium writes it."""

from __future__ import annotations

import base64
import struct
import zlib
from functools import cache

SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG = base64.b64decode("""
/9j/4AAQSkZJRgABAQAAAQABAAD/4gHYSUNDX1BST0ZJTEUAAQEAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABhY3NwAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
AAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAA
ABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1
AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAP
KnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADb/
2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFS
ZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCABaAEADASIAAhEBAxEB/8QAGgABAAMB
AQEAAAAAAAAAAAAAAAQFBwYBA//EACkQAAIBAwEGBwEBAAAAAAAAAAACAQMEEQUGMTZRcsEVISNVYZPREoH/xAAZAQEAAwEBAAAAAAAAAAAAAA
AAAgMEBQH/xAAZEQADAQEBAAAAAAAAAAAAAAAAAQIRMQP/2gAMAwEAAhEDEQA/AO3ABcUgAAAAAAAAAAAHjutNJd2hVjfMlbV1mirYpU2f5mcE
LVbtq9xNNZ9OnOIjnPMgmX093uSaY8Vm0XdLWaLNirTZPmJyWSOtRIdGhlndMHJE7SrtqFxFNp9OpOJjlPMefu9yhfis2ToAAajMAAAck2f6nO
/PmeE7VbVqFxNSI9OpOYnlPIgnNqXLxnQlprUD1c/1GN+fI8J2lWrV7iKjR6dOczPOeQmXTxCmktZ0AAOkc8AEarqNhRqNTq3tsjr5SrVViY/z
IBIdFqJKOsMs74kraujUWbNKoyfExmD7+LaZ7jafcv6PFtM9xtPuX9PKhV1EptzxnwpaNRVs1ajP8RGILJEWmkIiwqxuiCJ4tpnuNp9y/o8W0z
3G0+5f0TCniFW66yYCNS1GwrVFp0r22d28oVaqzM/5kknpEGZ7ScQXnX2g0wzPaTiC86+0E46RrhVgAsIAAAFps3xBZ9faTTDM9m+ILPr7SaYV
30nPAZntJxBedfaDTDM9pOILzr7QI6K4VYALCAAABabN8QWfX2k0wzPZviCz6+0mmFd9Jzw//9k=
""")


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@cache
def png(width: int = 100, height: int = 140, *extra: bytes) -> bytes:
    """A picture of stripes; ``extra`` are chunks that stand before them."""
    rows = [bytes([0]) + bytes((x * 2 + y) % 256 for x in range(width) for _ in range(3)) for y in range(height)]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"".join([SIGNATURE, header, *extra, chunk(b"IDAT", zlib.compress(b"".join(rows))), chunk(b"IEND", b"")])


def with_place(jpeg: bytes) -> bytes:
    """The JPEG as a phone writes it: with a segment that tells where it was taken, a comment and a tail."""
    told = b"Exif\x00\x00GPS 26.63N 118.17E Old Phone 7"
    comment = b"\xff\xfe" + struct.pack(">H", 2 + 9) + b"my secret"
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(told)) + told + comment + jpeg[2:] + b"PK hidden archive"
