"""Receipts: c2sp.org/tlog-proof, with the record as extra data."""

from collections import namedtuple

from hattama_verify.faults import Fault
from hattama_verify.rfc6962 import HASH_SIZE, leaf_hash, verify_inclusion
from hattama_verify.text import decimal, from_base64, shown

HEADER = b"c2sp.org/tlog-proof@v1"
PATH_MAX = 63

TlogProof = namedtuple("TlogProof", "record index path note")
Receipt = namedtuple("Receipt", "record index checkpoint")


def parse_tlog_proof(data):
    head, gap, note = data.partition(b"\n\n")
    if not gap:
        raise Fault("the proof has no empty line before its checkpoint")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Fault("the proof is not ASCII before its checkpoint") from None
    if lines[0] != HEADER.decode():
        raise Fault(f"{shown(lines[0])} is not the first line of a proof")
    rest, record = lines[1:], None
    if rest and rest[0].startswith("extra "):
        record = from_base64(rest.pop(0)[len("extra "):], "the extra data of the proof")
    if not rest or not rest[0].startswith("index "):
        raise Fault("the proof has no index line where one is due")
    index = decimal(rest[0][len("index "):], "the index of the proof")
    if len(rest) - 1 > PATH_MAX:
        raise Fault(f"the proof has {len(rest) - 1} hashes, more than {PATH_MAX}")
    path = [from_base64(line, f"hash {number} of the proof", HASH_SIZE) for number, line in enumerate(rest[1:])]
    return TlogProof(record, index, path, note)


def verify_receipt(data, policy):
    """The record that the proof shows to be in a log that `policy` believes."""
    proof = parse_tlog_proof(data)
    if proof.record is None:
        raise Fault("the proof carries no record as its extra data")
    checkpoint = policy.open(proof.note)
    verify_inclusion(proof.index, checkpoint.tree_size, leaf_hash(proof.record), proof.path, checkpoint.root)
    return Receipt(proof.record, proof.index, checkpoint)
