"""A published folder in the layout of c2sp.org/tlog-tiles: checkpoint, tiles, bundles, all read with bounds."""

import os
import re
import stat
from pathlib import Path

from hattama_verify.faults import Fault, Refusal
from hattama_verify.note import NOTE_SIZE_MAX
from hattama_verify.rfc6962 import HASH_SIZE

WIDTH = 256
RECORD_SIZE_MAX = 65_535
BUNDLE_SIZE_MAX = WIDTH * (2 + RECORD_SIZE_MAX)
TILE_SIZE_MAX = WIDTH * HASH_SIZE
INDEX = re.compile(r"(?:x[0-9]{3}/)*[0-9]{3}\Z")
PARTIAL = re.compile(r"(.*)\.p/([1-9][0-9]{0,2})\Z")


def index_path(index):
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.append(f"x{index % 1000:03d}")
    return "/".join(reversed(groups))


def tile_path(level, index, width=WIDTH):
    """`level` is a number, or "entries" for a bundle."""
    return f"tile/{level}/{index_path(index)}" + ("" if width == WIDTH else f".p/{width}")


def parse_tile_path(path):
    """(level, index, width) of a path below the folder; None where it is no path of the layout."""
    parts = path.split("/", 2)
    if len(parts) != 3 or parts[0] != "tile":
        return None
    level, rest, width = parts[1], parts[2], WIDTH
    partial = PARTIAL.match(rest)
    if partial:
        rest, width = partial.group(1), int(partial.group(2))
    if not INDEX.match(rest) or len(rest) > 40 or not 1 <= width <= WIDTH or partial and width == WIDTH:
        return None
    index = int(rest.replace("x", "").replace("/", ""))
    if index_path(index) != rest:
        return None
    if level != "entries" and (not re.match(r"(?:0|[1-9][0-9]?)\Z", level) or int(level) > 63):
        return None
    return (level if level == "entries" else int(level)), index, width


def split_bundle(data, count, path):
    """The `count` records of a bundle. Fault where it has fewer or more, or ends within one."""
    records, position = [], 0
    while position < len(data) and len(records) < count:
        size = int.from_bytes(data[position:position + 2], "big")
        if position + 2 + size > len(data):
            raise Fault(f"{path} ends within its record {len(records)}")
        records.append(data[position + 2:position + 2 + size])
        position += 2 + size
    if len(records) < count:
        raise Fault(f"{path} has {len(records)} records, not {count}")
    if position != len(data):
        raise Fault(f"{path} has {len(data) - position} bytes after its {count} records")
    return records


class Folder:
    """Read access to a published folder."""

    def __init__(self, path):
        self.path = Path(path)
        if not self.path.is_dir():
            raise Refusal(f"{path}: no folder")

    def read(self, path, size_max):
        """The bytes of a file, or None where there is none. Fault where it is larger than any such file may be."""
        try:
            if not stat.S_ISREG(os.stat(self.path / path).st_mode):
                # A pipe would keep its reader waiting for ever.
                raise Fault(f"{path} is no regular file")
            with open(self.path / path, "rb") as file:
                data = file.read(size_max + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Fault(f"{path}: {error.strerror}") from None
        if len(data) > size_max:
            raise Fault(f"{path} has more than {size_max} bytes")
        return data

    def checkpoint(self):
        data = self.read("checkpoint", NOTE_SIZE_MAX)
        if data is None:
            raise Fault("the folder has no checkpoint")
        return data

    def tile_files(self):
        """The paths of all files below tile/, sorted. Links to folders are not followed."""
        found = []
        for folder, folders, files in os.walk(self.path / "tile"):
            folders.sort()
            found.extend((Path(folder) / name).relative_to(self.path).as_posix() for name in files)
        return sorted(found)
