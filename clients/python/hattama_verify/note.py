"""Signed notes, checkpoints, cosignatures: c2sp.org/signed-note, tlog-checkpoint and tlog-cosignature, Ed25519."""

import struct
from collections import namedtuple

from hattama_verify import ed25519
from hattama_verify.faults import Fault
from hattama_verify.rfc6962 import HASH_SIZE, sha256
from hattama_verify.text import INT64_MAX, decimal, from_base64, shown, split_lines, to_base64

TYPE_ED25519, TYPE_COSIGNATURE = 0x01, 0x04
NOTE_SIZE_MAX = 1_000_000
SIGNATURES_MAX = 100
DASH = "— "

Signature = namedtuple("Signature", "name key_id payload")
Checkpoint = namedtuple("Checkpoint", "origin tree_size root extensions text")


def check_key_name(name):
    if not name or "+" in name or any(c.isspace() or ord(c) < 0x20 for c in name):
        raise Fault(f"{shown(name)} is no key name: it is empty, or has a space, a plus sign or a control character")


def key_id(name, key_type, key):
    return sha256(name.encode() + b"\n" + bytes([key_type]) + key)[:4]


class VerifierKey:
    """The key by which a named party signs notes. Written as name+id+base64(type and key)."""

    def __init__(self, name, key_type, key):
        check_key_name(name)
        if key_type not in (TYPE_ED25519, TYPE_COSIGNATURE):
            raise Fault(f"the key of {name} is of type 0x{key_type:02x}; known are 0x01 and 0x04")
        ed25519.check_key(key)
        self.name, self.type, self.key = name, key_type, key
        self.id = key_id(name, key_type, key)

    @classmethod
    def parse(cls, text):
        if text.startswith("PRIVATE+KEY+"):
            # Secret, so no message quotes it.
            raise Fault("this is a private key, where its public half is wanted: a verifier key")
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise Fault(f"{shown(text)} is no verifier key: not name+id+key")
        name, id_text, key_text = parts
        data = from_base64(key_text, f"the key of {shown(name)}")
        if len(data) != 1 + ed25519.KEY_SIZE:
            raise Fault(f"the key of {shown(name)} has {len(data)} bytes, not {1 + ed25519.KEY_SIZE}")
        key = cls(name, data[0], data[1:])
        if key.id.hex() != id_text:
            raise Fault(f"the key of {name} has the id {key.id.hex()}, not {shown(id_text)}")
        return key

    def __str__(self):
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.type]) + self.key)}"


def split_note(data):
    """(text, signatures) of a signed note, of which nothing is verified yet."""
    if len(data) > NOTE_SIZE_MAX:
        raise Fault(f"the note has more than {NOTE_SIZE_MAX} bytes")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Fault(f"the note is not UTF-8 at byte {error.start}") from None
    for position, character in enumerate(whole):
        if character < " " and character != "\n":
            raise Fault(f"the note has the control character 0x{ord(character):02x} at character {position}")
    split = whole.rfind("\n\n")
    if split < 0:
        raise Fault("the note has no empty line before its signatures")
    text, rest = whole[:split + 1], whole[split + 2:]
    if not rest:
        raise Fault("the note has no signatures")
    signatures = []
    for line in split_lines(rest, "the last signature line"):
        if not line.startswith(DASH) or line.count(" ") != 2:
            raise Fault(f"{shown(line)} is no signature line")
        name, payload_text = line[len(DASH):].split(" ")
        check_key_name(name)
        payload = from_base64(payload_text, f"the signature of {name}")
        if len(payload) < 5:
            raise Fault(f"the signature of {name} has {len(payload)} bytes, too few for an id and a signature")
        signatures.append(Signature(name, payload[:4], payload[4:]))
    if len(signatures) > SIGNATURES_MAX:
        raise Fault(f"the note has {len(signatures)} signatures, more than {SIGNATURES_MAX}")
    return text, signatures


def _signed_message(key, payload, text):
    """(signature, message) of one payload; Fault where it cannot be one."""
    if key.type == TYPE_ED25519:
        return payload, text.encode()
    if len(payload) != 8 + ed25519.SIGNATURE_SIZE:
        raise Fault(f"the cosignature of {key.name} has {len(payload)} bytes, not {8 + ed25519.SIGNATURE_SIZE}")
    timestamp = struct.unpack(">Q", payload[:8])[0]
    if not 0 < timestamp <= INT64_MAX:
        raise Fault(f"the cosignature of {key.name} has the time {timestamp}")
    return payload[8:], f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def open_note(data, keys):
    """(text, the keys of `keys` that signed it). One bad signature of a known key spoils the note."""
    text, signatures = split_note(data)
    known = {(key.name, key.id): key for key in keys}
    signers = []
    for signature in signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        sealed, message = _signed_message(key, signature.payload, text)
        if not ed25519.is_signed(key.key, sealed, message):
            raise Fault(f"the signature of {key.name} ({key.id.hex()}) is not good")
        if key not in signers:
            signers.append(key)
    return text, signers


def parse_checkpoint(text):
    lines = split_lines(text, "the checkpoint")
    if len(lines) < 3:
        raise Fault(f"the checkpoint has {len(lines)} lines, not origin, size and root")
    if not all(lines):
        raise Fault("the checkpoint has an empty line")
    tree_size = decimal(lines[1], "the tree size of the checkpoint")
    root = from_base64(lines[2], "the root of the checkpoint", HASH_SIZE)
    return Checkpoint(lines[0], tree_size, root, lines[3:], text)
