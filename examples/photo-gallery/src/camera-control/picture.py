"""The camera: here a synthetic one, which sees a swaying horizon. Put the driver of a real one in place of `take_picture`."""

import math
import struct
import time
import zlib

# Glyphs of 3 x 5 dots, a row in three bits.
_GLYPHS = {
    "0": (7, 5, 5, 5, 7),
    "1": (2, 6, 2, 2, 7),
    "2": (7, 1, 7, 4, 7),
    "3": (7, 1, 7, 1, 7),
    "4": (5, 5, 7, 1, 1),
    "5": (7, 4, 7, 1, 7),
    "6": (7, 4, 7, 5, 7),
    "7": (7, 1, 1, 2, 2),
    "8": (7, 5, 7, 5, 7),
    "9": (7, 5, 7, 1, 7),
    ":": (0, 2, 0, 2, 0),
    " ": (0, 0, 0, 0, 0),
}
_INK = bytes((255, 240, 120))


def take_picture(number: int, seconds: float, width: int, height: int) -> bytes:
    """A PNG file; `seconds` since 1970 is the moment of capture, shown in UTC beside the number."""
    rows = _horizon(seconds, width, height)
    _write(rows, time.strftime("%H:%M:%S", time.gmtime(seconds)) + f" {number}", width)
    return _png(rows, width, height)


def _horizon(seconds: float, width: int, height: int) -> list[bytearray]:
    """Rows of RGB pixels. Two runs of one colour each make a row: fast enough for an emulated processor."""
    middle = height * (0.5 + 0.15 * math.sin(seconds / 11))
    slope = 0.4 * math.sin(seconds / 7)
    rows = []
    for y in range(height):
        sky = bytes((70 + 90 * y // height, 130 + 80 * y // height, 235))
        ground = bytes((120 - 60 * y // height, 100 - 30 * y // height, 50))
        if abs(slope) * width < 1:
            rows.append(bytearray((sky if y < middle else ground) * width))
            continue
        cut = min(max(round(width / 2 + (y - middle) / slope), 0), width)
        left, right = (ground, sky) if slope > 0 else (sky, ground)
        rows.append(bytearray(left * cut + right * (width - cut)))
    return rows


def _write(rows: list[bytearray], text: str, width: int) -> None:
    """Writes the text into the upper left corner, cut off at the right edge."""
    dot = max(1, width // 160)
    for row in range(5):
        for line in rows[(row + 1) * dot : (row + 2) * dot]:
            for index, letter in enumerate(text):
                for column in range(3):
                    left = (1 + index * 4 + column) * dot
                    if _GLYPHS[letter][row] & (4 >> column) and left + dot <= width:
                        line[left * 3 : (left + dot) * 3] = _INK * dot


def _png(rows: list[bytearray], width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits a channel, RGB
    pixels = b"".join(b"\0" + row for row in rows)  # each row unfiltered
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(pixels)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
