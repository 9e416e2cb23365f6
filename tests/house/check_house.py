#!/usr/bin/env python3
"""Checks that the tree keeps the rules of the house (house.json), and prints every fault as PATH:LINE: what is wrong.

    check_house.py [--root DIR] [--table FILE]

Exit 0: nothing found. Exit 1: faults. The checks read text alone: no build is needed.
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path

SKIPPED = {".git", "build", "__pycache__", ".cache", "node_modules"}
CPP_SUFFIXES = {".h", ".cc"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
COMMENT = re.compile(r"//.*")
TEST_MACRO = re.compile(r"^\s*(TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P)\s*\(\s*(\w+)\s*,\s*(\w+)", re.MULTILINE)


class House:
    """The table, and questions about it."""

    def __init__(self, table):
        self.rooms = table["rooms"]
        self.table = table

    def room_of(self, path):
        """The room a path (with slashes, from the root of the tree) lies in, or None for tests and the rest."""
        parts = path.split("/")[:-1]
        for length in range(len(parts), 0, -1):
            folder = "/".join(parts[:length])
            if folder in self.rooms:
                return folder
        return None

    def library_of(self, header):
        for library in self.table["libraries"]:
            if any(header.startswith(prefix) for prefix in library.get("prefixes", [])):
                return library
            if any(header.endswith(suffix) for suffix in library.get("suffixes", [])):
                return library
        return None


def files_of(root):
    """Every file of the tree as a path with slashes, sorted; built and foreign folders are left out."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        for name in set(names) - SKIPPED:
            found.append(Path(folder, name).relative_to(root).as_posix())
    return sorted(found)


def read_text(root, path):
    """The text of a file, or None where it is not UTF-8."""
    try:
        return Path(root, path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def check_table(house):
    """Every edge of the table leads to a known room of a lower rank, and following edges never returns."""
    for room, entry in house.rooms.items():
        for other in entry["may_include"]:
            if other not in house.rooms:
                yield f"house.json: {room} may include {other}, which is no room"
            elif house.rooms[other]["rank"] >= entry["rank"]:
                yield (f"house.json: {room} (rank {entry['rank']}) may include {other} "
                       f"(rank {house.rooms[other]['rank']}): an include goes down, never up or sideways")
    done = set()

    def visit(room, trail):
        if room in trail:
            yield "house.json: a cycle: " + " > ".join(trail[trail.index(room):] + [room])
            return
        if room in done:
            return
        for other in house.rooms.get(room, {"may_include": []})["may_include"]:
            yield from visit(other, trail + [room])
        done.add(room)

    for room in house.rooms:
        yield from visit(room, [])


def check_includes(house, path, text, all_paths):
    """An include goes to a room in the table, and a library is named only in its rooms. Tests may include any room."""
    room = house.room_of(path)
    for number, line in enumerate(text.splitlines(), start=1):
        match = INCLUDE.match(line)
        if not match:
            continue
        header = match.group(2)
        where = f"{path}:{number}"
        target = house.room_of(header)
        if room is None:
            continue
        if header.startswith("tests/"):
            yield f"{where}: {room} includes {header}: what is shipped does not depend on tests"
            continue
        library = house.library_of(header)
        if library is not None:
            if room not in library["rooms"]:
                yield f"{where}: {room} includes {header}: {library['name']} appears only in {', '.join(library['rooms'])}"
            continue
        if target is not None:
            if target != room and target not in house.rooms[room]["may_include"]:
                yield (f"{where}: {room} includes {header}: "
                       f"it may include {', '.join(house.rooms[room]['may_include']) or 'no other room'}")
            elif header not in all_paths:
                yield f"{where}: {header} does not exist"
            continue
        if match.group(1) == '"' and not header.startswith(("absl/", "gtest/", "gmock/", "benchmark/", "hattama/", "google/")):
            yield f"{where}: {header}: an include of ours names its path from the root of the tree"
        if room in house.table["std_and_absl_only"] and "/" in header and not header.startswith("absl/"):
            yield f"{where}: {room} includes {header}: it knows the standard library and absl alone"


def check_guard(path, text):
    """A header is guarded by its path."""
    guard = "HATTAMA_" + re.sub(r"[^A-Za-z0-9]", "_", path).upper() + "_"
    if f"#ifndef {guard}\n#define {guard}\n" not in text:
        yield f"{path}:1: wants the guard {guard}"


def check_test_names(path, text):
    """GoogleTest asks for names without underscores."""
    for match in TEST_MACRO.finditer(text):
        number = text.count("\n", 0, match.start(2)) + 1
        for name in match.group(2), match.group(3):
            if "_" in name:
                yield f"{path}:{number}: test name {name} has an underscore"


def check_size(house, path, text):
    """A file stays under its limit, or under the size the ratchet remembers; the ratchet only goes down."""
    limit = house.table["line_limit"].get(Path(path).suffix)
    if limit is None:
        return
    count = text.count("\n")
    remembered = house.table["ratchet"].get(path)
    if remembered is None:
        if count > limit:
            yield f"{path}:1: {count} lines, limit {limit}: split it, or say in house.json why not"
    elif count > remembered:
        yield f"{path}:1: {count} lines, and the ratchet stands at {remembered}"
    elif count <= limit:
        yield f"house.json: {path} has {count} lines, under the limit {limit}: take it off the ratchet"


def check_words(house, path, text):
    """Words that no file may hold. The table of words itself and its tests are left out."""
    if path.startswith("tests/house/"):
        return
    for entry in house.table["forbidden_words"]:
        for match in re.finditer(entry["pattern"], text):
            number = text.count("\n", 0, match.start()) + 1
            yield f"{path}:{number}: {match.group(0).strip()!r}: {entry['why']}"


def check_enumerators(house, texts):
    """Every enumerator of the enums in the table occurs in a test of the folders named there; a comment is no test."""
    for entry in house.table["enumerators_in_tests"]:
        header, enum = entry["header"], entry["enum"]
        text = COMMENT.sub("", texts.get(header, ""))
        match = re.search(rf"\benum class {enum}\b[^{{;]*{{([^}}]*)}}", text)
        if match is None:
            yield f"house.json: {header} has no enum class {enum}"
            continue
        folders = tuple(folder + "/" for folder in entry["folders"])
        tests = "\n".join(COMMENT.sub("", other) for path, other in texts.items()
                          if path.startswith(folders) and Path(path).suffix in CPP_SUFFIXES)
        for name in re.findall(r"\bk\w+", match.group(1)):
            if not re.search(rf"\b{enum}::{name}\b", tests):
                yield f"{header}: {enum}::{name} occurs in no test of {' or '.join(entry['folders'])}"


def check_tree(root, table):
    """All faults of the tree below `root`, in order of path."""
    house = House(table)
    faults = list(check_table(house))
    paths = files_of(root)
    known = set(paths)
    texts = {}
    for path in paths:
        text = read_text(root, path)
        if text is None:
            continue
        texts[path] = text
        faults += check_words(house, path, text)
        faults += check_size(house, path, text)
        if Path(path).suffix in CPP_SUFFIXES:
            faults += check_includes(house, path, text, known)
            faults += check_test_names(path, text)
        if path.endswith(".h"):
            faults += check_guard(path, text)
    faults += check_enumerators(house, texts)
    for path in table["ratchet"]:
        if path not in known:
            faults.append(f"house.json: {path} is on the ratchet and does not exist")
    for room in table["rooms_with_readme"]:
        if f"{room}/README.md" not in known:
            faults.append(f"{room}/README.md: every room has one: what is promised, what may be included, where to start")
    return faults


def main():
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=here.parent.parent)
    parser.add_argument("--table", type=Path, default=here / "house.json")
    arguments = parser.parse_args()
    faults = check_tree(arguments.root, json.loads(arguments.table.read_text(encoding="utf-8")))
    for fault in faults:
        print(fault)
    print(f"house: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
