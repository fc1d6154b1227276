"""The folder of pictures: file names, listing, writing.

A picture is named by its number, counted up in the order of capture, so that sorting by name is sorting by age even when
the clock of the vehicle jumps. A name that this module accepts holds no path separator.
"""

import os
import re
from typing import NamedTuple

_NAME = re.compile(r"picture-([0-9]{8})\.png")


class Picture(NamedTuple):
    number: int
    name: str
    size: int
    """In bytes."""
    taken: float
    """Seconds since 1970, as the file system has them."""


def picture_name(number: int) -> str:
    return f"picture-{number:08d}.png"


def is_picture_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def list_pictures(folder: str) -> list[Picture]:
    """All pictures, newest first; none if there is no folder yet."""
    found = []
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return found
    with entries:
        for entry in entries:
            match = _NAME.fullmatch(entry.name)
            if match is None or not entry.is_file(follow_symlinks=False):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # the janitor was faster
            found.append(Picture(int(match[1]), entry.name, status.st_size, status.st_mtime))
    found.sort(reverse=True)
    return found


def store_picture(folder: str, number: int, data: bytes) -> str:
    """Writes a picture and returns its name. A reader sees the whole file or none, also after a loss of power."""
    if not os.path.isdir(folder):
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o755)  # whatever the umask: the gallery runs as another user
    name = picture_name(number)
    part = os.path.join(folder, f".{name}.part")
    with open(part, "wb") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, os.path.join(folder, name))
    return name
