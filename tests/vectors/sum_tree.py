#!/usr/bin/env python3
"""Merkle sum trees as storage/merkle/README.md specifies them, written a second time and slowly, by the recursive definition.

    sum_tree.py             exit 1 where sum_tree.json is not what this program computes
    sum_tree.py --rewrite   write it

The C++ of storage/merkle is tested against sum_tree.json, and shares nothing with this program but the specification.
"""

import hashlib
import json
import struct
import sys
from pathlib import Path

FILE = Path(__file__).with_name("sum_tree.json")
LIMIT = 1 << 62


def sha256(data):
    return hashlib.sha256(data).digest()


def figures(sums):
    return b"".join(struct.pack(">Q", value) for value in sums)


def leaf_hash(label, sums):
    label = label.encode()
    return sha256(b"\x02" + struct.pack(">I", len(label)) + label + struct.pack(">I", len(sums)) + figures(sums))


def split(count):
    """The largest power of two below count, for count > 1."""
    k = 1
    while 2 * k < count:
        k *= 2
    return k


def tree(leaves, width):
    """(hash, sums) of the root."""
    if not leaves:
        return sha256(b""), [0] * width
    if len(leaves) == 1:
        label, sums = leaves[0]
        return leaf_hash(label, sums), sums
    k = split(len(leaves))
    (left, left_sums), (right, right_sums) = tree(leaves[:k], width), tree(leaves[k:], width)
    sums = [a + b for a, b in zip(left_sums, right_sums)]
    if max(sums, default=0) > LIMIT:
        raise ValueError(f"a sum of {max(sums)} exceeds 2^62")
    return sha256(b"\x03" + left + figures(left_sums) + right + figures(right_sums)), sums


def path(index, leaves, width):
    """The siblings of a leaf on the way to the root, its own first."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return path(index, leaves[:k], width) + [tree(leaves[k:], width)]
    return path(index - k, leaves[k:], width) + [tree(leaves[:k], width)]


def commitment(count, root, sums):
    return sha256(b"\x04" + struct.pack(">Q", count) + struct.pack(">I", len(sums)) + root + figures(sums))


def case(name, width, leaves, proofs):
    root, sums = tree(leaves, width)
    return {
        "name": name,
        "width": width,
        "leaves": [{"label": label, "sums": row, "hash": leaf_hash(label, row).hex()} for label, row in leaves],
        "root": {"hash": root.hex(), "sums": sums},
        "commitment": commitment(len(leaves), root, sums).hex(),
        "proofs": [{"index": index,
                    "nodes": [{"hash": node.hex(), "sums": row} for node, row in path(index, leaves, width)]}
                   for index in proofs],
    }


def numbered(count):
    return [(f"{i:04d}", [i, 3 * i + 1, 0]) for i in range(count)]


def cases():
    three = [("0001", [120, 80]), ("0002", [64, 100]), ("0003", [0, 7])]
    yield case("the worked example: three stations, two lists", 2, three, [0, 1, 2])
    yield case("no rows", 2, [], [])
    yield case("one row", 1, [("a", [5])], [0])
    yield case("no figures", 0, [("a", []), ("b", [])], [0, 1])
    yield case("the largest sum, and labels of any bytes", 1,
               [("", [LIMIT - 1]), ("учаске \n № 1", [1]), ("", [0])], [0, 1, 2])
    for count in (2, 4, 5, 6, 7, 8, 13):
        yield case(f"{count} numbered rows", 3, numbered(count), range(count))
    yield case("33 numbered rows", 3, numbered(33), [0, 1, 15, 16, 31, 32])


def main():
    comment = "Written by sum_tree.py --rewrite, a case a line. Hashes in hex, proofs with the leaf's sibling first."
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in cases())
    text = f'{{"comment": "{comment}",\n"cases": [\n{lines}\n]}}\n'
    if sys.argv[1:] == ["--rewrite"]:
        FILE.write_text(text, encoding="utf-8")
    elif FILE.read_text(encoding="utf-8") != text:
        sys.exit(f"{FILE.name} is not what {Path(__file__).name} computes; look at the change, then --rewrite")


if __name__ == "__main__":
    main()
