"""Merkle trees of RFC 6962, section 2.1: hashes, roots of any prefix, and proofs (RFC 9162, section 2.1)."""

import hashlib

from hattama_verify.faults import Fault

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(data):
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def path_length(index, size):
    """How many hashes PATH(index, D[size]) has, by the walk of RFC 9162 section 2.1.3.2."""
    count, node, last = 0, index, size - 1
    while last > 0:
        if node & 1 or node != last:
            count += 1
        node >>= 1
        last >>= 1
    return count


def root_from_path(index, size, leaf, path):
    """The root to which a leaf hash and its path lead. Fault where the path has not the length it must have."""
    if not 0 <= index < size:
        raise Fault(f"index {index} is not below the size {size}")
    wanted = path_length(index, size)
    if len(path) != wanted:
        raise Fault(f"the path of leaf {index} of {size} has {len(path)} hashes, not {wanted}")
    node, last, root, position = index, size - 1, leaf, 0
    while last > 0:
        if node & 1:
            root = node_hash(path[position], root)
            position += 1
        elif node != last:
            root = node_hash(root, path[position])
            position += 1
        node >>= 1
        last >>= 1
    return root


def verify_inclusion(index, size, leaf, path, root):
    computed = root_from_path(index, size, leaf, path)
    if computed != root:
        raise Fault(f"leaf {index} and its path lead to the root {computed.hex()}, not {root.hex()}")


class Tree:
    """Hashes of all complete subtrees of a growing list; answers the root of any prefix in O(log n)."""

    def __init__(self):
        # levels[l][i] is the hash of leaves i * 2^l .. (i + 1) * 2^l.
        self.levels = [[]]

    def __len__(self):
        return len(self.levels[0])

    def append(self, leaf):
        level, digest = 0, leaf
        while True:
            if level == len(self.levels):
                self.levels.append([])
            row = self.levels[level]
            row.append(digest)
            if len(row) & 1:
                return
            digest = node_hash(row[-2], row[-1])
            level += 1

    def root(self, size=None):
        """The root over the first `size` leaves, all of them where it is left out."""
        size = len(self) if size is None else size
        if not 0 <= size <= len(self):
            raise ValueError(f"no root at size {size}: there are {len(self)} leaves")
        if size == 0:
            return EMPTY_ROOT
        root, end = None, size
        while end:
            level = (end & -end).bit_length() - 1
            subtree = self.levels[level][(end >> level) - 1]
            root = subtree if root is None else node_hash(subtree, root)
            end -= 1 << level
        return root

    def path(self, index, size):
        """PATH(index, D[size]), the leaf's sibling first."""
        def subtree_root(start, end):
            width = end - start
            if width & (width - 1) == 0:
                level = width.bit_length() - 1
                return self.levels[level][start >> level]
            middle = start + (1 << ((width - 1).bit_length() - 1))
            return node_hash(subtree_root(start, middle), subtree_root(middle, end))

        path, start, end = [], 0, size
        while end - start > 1:
            middle = start + (1 << ((end - start - 1).bit_length() - 1))
            if index < middle:
                path.append(subtree_root(middle, end))
                end = middle
            else:
                path.append(subtree_root(start, middle))
                start = middle
        path.reverse()
        return path
