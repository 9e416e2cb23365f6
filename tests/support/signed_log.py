"""A log in plain Python that signs whatever it is told to: RFC 6962 hashes and proofs by their definitions, C2SP notes and
checkpoints. It shares nothing with the programs under test. Needs python3-cryptography."""

import base64
import hashlib
import struct
import unittest
import urllib.error
import urllib.request

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
except ImportError:
    Ed25519PrivateKey = None

EM_DASH = "\u2014"
LOG_TYPE, COSIGNATURE_TYPE = 1, 4


def require_cryptography():
    if Ed25519PrivateKey is None:
        raise unittest.SkipTest("python3-cryptography is not installed")


def _raw(public_key):
    return public_key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(count):
    """The largest power of two below `count`."""
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def root(records):
    """MTH(D[n]) of RFC 6962 section 2.1."""
    if not records:
        return hashlib.sha256(b"").digest()
    if len(records) == 1:
        return hashlib.sha256(b"\x00" + records[0]).digest()
    k = _split(len(records))
    return _node(root(records[:k]), root(records[k:]))


def consistency(first, records):
    """PROOF(m, D[n]) of section 2.1.2; empty where it is not needed."""
    def subproof(m, part, whole):
        if m == len(part):
            return [] if whole else [root(part)]
        k = _split(len(part))
        if m <= k:
            return subproof(m, part[:k], whole) + [root(part[k:])]
        return subproof(m - k, part[k:], False) + [root(part[:k])]
    return [] if first in (0, len(records)) else subproof(first, records, True)


class SigningName:
    """A private key under a name."""

    def __init__(self, name):
        self.name = name
        self.key = Ed25519PrivateKey.generate()
        self.public = _raw(self.key.public_key())

    def key_id(self, kind):
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([kind]) + self.public).digest()[:4]

    @property
    def vkey(self):
        return f"{self.name}+{self.key_id(LOG_TYPE).hex()}+{base64.b64encode(bytes([LOG_TYPE]) + self.public).decode()}"

    def note(self, text):
        signature = self.key_id(LOG_TYPE) + self.key.sign(text.encode())
        return f"{text}\n{EM_DASH} {self.name} {base64.b64encode(signature).decode()}\n"


class SignedLog(SigningName):
    """Records, and checkpoints over any number of them."""

    def __init__(self, origin, records):
        super().__init__(origin)
        self.records = [record.encode() for record in records]

    def text(self, size, records=None):
        return f"{self.name}\n{size}\n{base64.b64encode(root((records or self.records)[:size])).decode()}\n"

    def checkpoint(self, size, records=None):
        return self.note(self.text(size, records))

    def request(self, old, size, records=None, proof=None):
        """The body of add-checkpoint."""
        records = records or self.records
        hashes = consistency(old, records[:size]) if proof is None else proof
        lines = "".join(base64.b64encode(one).decode() + "\n" for one in hashes)
        return f"old {old}\n{lines}\n{self.checkpoint(size, records)}"


def cosignature_time(line, vkey, text):
    """The time of a good cosignature of `text` by the witness of `vkey`. Raises where it is not good."""
    name, key_id, key = vkey.split("+", 2)
    raw = base64.b64decode(key)
    dash, signer, payload = line.split(" ")
    payload = base64.b64decode(payload)
    if dash != EM_DASH or signer != name or raw[0] != COSIGNATURE_TYPE or payload[:4].hex() != key_id:
        raise AssertionError(f"not a signature of {vkey}: {line}")
    time = struct.unpack(">Q", payload[4:12])[0]
    try:
        Ed25519PublicKey.from_public_bytes(raw[1:]).verify(payload[12:],
                                                           f"cosignature/v1\ntime {time}\n{text}".encode())
    except InvalidSignature as error:
        raise AssertionError(f"the cosignature is not good: {line}") from error
    return time


def http(url, body=None, headers=None):
    """(status, content type, text) of one request."""
    request = urllib.request.Request(url, data=None if body is None else body.encode(), headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers.get("Content-Type"), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Content-Type"), error.read().decode()


def origin_path(origin):
    return f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint"
