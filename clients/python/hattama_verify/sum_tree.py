"""Merkle sum trees (storage/merkle/README.md): one hash over labelled rows of figures and their sums."""

import struct

from hattama_verify.faults import Fault
from hattama_verify.rfc6962 import EMPTY_ROOT, path_length, sha256

SUM_MAX = 1 << 62


def _figures(sums):
    return struct.pack(f">{len(sums)}Q", *sums)


def leaf_hash(label, sums):
    return sha256(b"\x02" + struct.pack(">I", len(label)) + label + struct.pack(">I", len(sums)) + _figures(sums))


def _joined(left, right):
    """The node above two nodes, each (hash, sums)."""
    sums = [a + b for a, b in zip(left[1], right[1])]
    for value in sums:
        if value > SUM_MAX:
            raise Fault(f"a sum of {value} exceeds 2^62")
    return sha256(b"\x03" + left[0] + _figures(left[1]) + right[0] + _figures(right[1])), sums


def _check(sums, what):
    for value in sums:
        if not 0 <= value <= SUM_MAX:
            raise Fault(f"{what} has the figure {value}, not within 0..2^62")


def levels(rows):
    """All nodes of the tree over rows of (label bytes, sums), level by level; an odd last node goes up as it is.

    That gives the shape of RFC 6962: its left subtrees are the largest complete ones.
    """
    level = [(leaf_hash(label, sums), sums) for label, sums in rows]
    found = [level]
    while len(level) > 1:
        above = [_joined(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        if len(level) & 1:
            above.append(level[-1])
        level = above
        found.append(level)
    return found


def root(rows, width):
    return levels(rows)[-1][0] if rows else (EMPTY_ROOT, [0] * width)


def commitment(count, node):
    digest, sums = node
    return sha256(b"\x04" + struct.pack(">QI", count, len(sums)) + digest + _figures(sums))


def path(index, rows):
    """The siblings of a row on the way to the root, its own first."""
    nodes = []
    for level in levels(rows)[:-1]:
        sibling = index ^ 1
        if sibling < len(level):
            nodes.append(level[sibling])
        index >>= 1
    return nodes


def root_from_path(index, count, label, sums, nodes):
    """The root to which a row and its siblings lead. Fault where there are more or fewer, or their widths differ."""
    if not 0 <= index < count:
        raise Fault(f"station {index} is not below {count}")
    wanted = path_length(index, count)
    if len(nodes) != wanted:
        raise Fault(f"the path of station {index} of {count} has {len(nodes)} nodes, not {wanted}")
    _check(sums, "the station")
    node, last, current, position = index, count - 1, (leaf_hash(label, sums), list(sums)), 0
    while last > 0:
        if node & 1 or node != last:
            sibling = nodes[position]
            position += 1
            if len(sibling[1]) != len(sums):
                raise Fault(f"node {position - 1} of the path has {len(sibling[1])} sums, not {len(sums)}")
            _check(sibling[1], f"node {position - 1} of the path")
            current = _joined(sibling, current) if node & 1 else _joined(current, sibling)
        node >>= 1
        last >>= 1
    return current
