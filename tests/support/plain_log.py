"""What a published log must be, in plain Python: notes, hashes and proofs by their definitions, and a small HTTP witness.
It shares nothing with the programs under test. Needs python3-cryptography."""

import base64
import hashlib
import http.server
import struct
import threading
import time
import unittest
from pathlib import Path

try:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
except ImportError:
    Ed25519PrivateKey = None

EM_DASH = "\u2014"
LOG_TYPE, COSIGNATURE_TYPE = 1, 4
TILE_WIDTH = 256


def require_cryptography():
    if Ed25519PrivateKey is None:
        raise unittest.SkipTest("python3-cryptography is not installed")


# Hashes and proofs: RFC 6962 section 2.1 and RFC 9162 section 2.1.3.2.

def leaf_hash(record):
    return hashlib.sha256(b"\x00" + record).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves):
    """MTH over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    # Pairing from the left, and carrying a last one that has no partner, is the split at the largest power of two.
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
    return level[0]


def root_from_path(leaf, index, size, path):
    fn, sn, root = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            raise AssertionError("the path is too long")
        if fn % 2 == 1 or fn == sn:
            root = node_hash(sibling, root)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = node_hash(root, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise AssertionError("the path is too short")
    return root


def consistent(first, second, first_root, second_root, proof):
    """RFC 9162 section 2.1.4.2."""
    if first == 0 or first == second:
        return not proof and (first == 0 or first_root == second_root)
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    fn, sn = first - 1, second - 1
    while fn % 2 == 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn % 2 == 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == first_root and sr == second_root and sn == 0


# Notes and checkpoints.

def parse_vkey(vkey):
    """(name, key id, type, public key), with the key id checked."""
    name, key_id, key = vkey.strip().split("+", 2)
    raw = base64.b64decode(key, validate=True)
    if hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() != key_id:
        raise AssertionError(f"the key id of {vkey} is wrong")
    return name, bytes.fromhex(key_id), raw[0], raw[1:]


def open_note(note, vkey):
    """The text of a note that the key of type 0x01 signed. Raises where it did not."""
    text, lines = note.split("\n\n", 1)
    text += "\n"
    name, key_id, kind, public = parse_vkey(vkey)
    assert kind == LOG_TYPE, vkey
    for line in lines.splitlines():
        dash, signer, signature = line.split(" ")
        raw = base64.b64decode(signature, validate=True)
        if (dash, signer, raw[:4]) == (EM_DASH, name, key_id):
            Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], text.encode())
            return text
    raise AssertionError(f"{name} did not sign the note")


def open_checkpoint(note, vkey):
    """(origin, size, root) of a signed checkpoint."""
    origin, size, root = open_note(note, vkey).splitlines()
    assert origin == parse_vkey(vkey)[0], note
    return origin, int(size), base64.b64decode(root, validate=True)


def verify_tlog_proof(proof, vkey):
    """(index, record, size) of a receipt whose extra data is its record. Raises where it does not hold."""
    head, note = proof.split("\n\n", 1)
    magic, extra, index, *hashes = head.splitlines()
    assert magic == "c2sp.org/tlog-proof@v1", magic
    record = base64.b64decode(extra.removeprefix("extra "), validate=True)
    index = int(index.removeprefix("index "))
    _, size, root = open_checkpoint(note, vkey)
    path = [base64.b64decode(one, validate=True) for one in hashes]
    assert root_from_path(leaf_hash(record), index, size, path) == root, "the path leads to another root"
    return index, record, size


# A published folder.

def tile_path(level, index, width=TILE_WIDTH):
    digits = f"{index % 1000:03}"
    index //= 1000
    while index:
        digits = f"x{index % 1000:03}/{digits}"
        index //= 1000
    return f"tile/{level}/{digits}" + (f".p/{width}" if width < TILE_WIDTH else "")


def tiles_of(count):
    """(index, width) of the tiles that `count` hashes fill."""
    full, rest = divmod(count, TILE_WIDTH)
    return [(index, TILE_WIDTH) for index in range(full)] + ([(full, rest)] if rest else [])


def check_folder(folder, vkey):
    """Checks every bundle and tile at the folder's checkpoint. Returns (size, root, records)."""
    folder = Path(folder)
    _, size, root = open_checkpoint((folder / "checkpoint").read_text(encoding="utf-8"), vkey)
    records = []
    for index, width in tiles_of(size):
        bundle = (folder / tile_path("entries", index, width)).read_bytes()
        at = 0
        for _ in range(width):
            (length,) = struct.unpack_from(">H", bundle, at)
            records.append(bundle[at + 2:at + 2 + length])
            at += 2 + length
        assert at == len(bundle), f"bundle {index} has bytes behind its records"
    hashes = [leaf_hash(record) for record in records]
    assert root_of(hashes) == root, "the records have another root than the checkpoint"
    level = 0
    while hashes:
        for index, width in tiles_of(len(hashes)):
            begin = index * TILE_WIDTH
            expected = b"".join(hashes[begin:begin + width])
            assert (folder / tile_path(level, index, width)).read_bytes() == expected, tile_path(level, index, width)
        hashes = [root_of(hashes[i:i + TILE_WIDTH]) for i in range(0, len(hashes) - TILE_WIDTH + 1, TILE_WIDTH)]
        level += 1
    return size, root, records


class PlainWitness:
    """A witness over HTTP (c2sp.org/tlog-witness) that a test can slow down, silence, or set to another state."""

    def __init__(self, name, log_vkey):
        self.name = name
        self.log_vkey = log_vkey
        self.key = Ed25519PrivateKey.generate()
        raw = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        body = bytes([COSIGNATURE_TYPE]) + raw
        self.key_id = hashlib.sha256(name.encode() + b"\n" + body).digest()[:4]
        self.vkey = f"{name}+{self.key_id.hex()}+{base64.b64encode(body).decode()}"
        self.size = 0
        self.root = hashlib.sha256(b"").digest()
        self.delay_seconds = 0.0
        self.silent = False
        self.requests = []  # (old size, size, status)
        self._lock = threading.Lock()
        witness = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                time.sleep(witness.delay_seconds)
                status, kind, text = (503, "text/plain", "down\n") if witness.silent else witness.answer(self.path, body)
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(text.encode())))
                    self.end_headers()
                    self.wfile.write(text.encode())
                except OSError:
                    pass  # The log waited no longer.

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path, body):
        if path != "/add-checkpoint":
            return 404, "text/plain", "no such path\n"
        head, note = body.split("\n\n", 1)
        old, *proof = head.splitlines()
        old = int(old.removeprefix("old "))
        origin, size, root = open_checkpoint(note, self.log_vkey)
        text = note.split("\n\n", 1)[0] + "\n"
        with self._lock:
            if old != self.size:
                self.requests.append((old, size, 409))
                return 409, "text/x.tlog.size", f"{self.size}\n"
            if not consistent(old, size, self.root, root, [base64.b64decode(one) for one in proof]):
                self.requests.append((old, size, 422))
                return 422, "text/plain", "not consistent\n"
            self.size, self.root = size, root
            self.requests.append((old, size, 200))
        now = int(time.time())
        signature = self.key.sign(f"cosignature/v1\ntime {now}\n{text}".encode())
        payload = base64.b64encode(self.key_id + struct.pack(">Q", now) + signature).decode()
        return 200, "text/plain; charset=utf-8", f"{EM_DASH} {self.name} {payload}\n"
