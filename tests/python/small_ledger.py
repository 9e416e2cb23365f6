"""Writes small logs for tests: serialises, signs, appends, publishes, honestly or not, with no help from the programs.

The encoder is driven by the table of hattama_verify.messages; what reads it back is the decoder under test.
"""

import hashlib
import struct
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "clients" / "python"))

# pylint: disable=wrong-import-position
from hattama_verify import note, rfc6962, statement, sum_tree, tally, tiles  # noqa: E402
from hattama_verify.ledger import Ledger  # noqa: E402
from hattama_verify.messages import MESSAGES  # noqa: E402
from hattama_verify.records import parse_record  # noqa: E402
from hattama_verify.text import to_base64  # noqa: E402

ORIGIN = "small.hattama.example/ledger"


def varint(value):
    value &= (1 << 64) - 1
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


def tagged(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def encode(name, message):
    """Serialises a dictionary. Missing keys and None are absent; optional fields and oneofs keep their defaults."""
    fields, data = MESSAGES[name], b""
    unknown = set(message) - {field for field, _, _ in fields.values()}
    if unknown:
        raise ValueError(f"{name} has no {', '.join(sorted(unknown))}")
    for number, (field, kind, label) in sorted(fields.items()):
        value = message.get(field)
        if value is None:
            continue
        if label == "repeated" and kind in ("int64", "enum"):
            data += tagged(number, b"".join(varint(one) for one in value)) if value else b""
            continue
        for one in value if label == "repeated" else [value]:
            if kind in ("int64", "int32", "enum", "bool"):
                if one or label not in ("", ):
                    data += varint(number << 3) + varint(int(one))
            elif kind in ("string", "bytes"):
                payload = one.encode() if isinstance(one, str) else one
                if payload or label not in ("", ):
                    data += tagged(number, payload)
            else:
                data += tagged(number, encode(kind, one))
    return data


class Key:
    """An Ed25519 key that is the same in every run, made from its name."""

    def __init__(self, name):
        self.name = name
        self.private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
        self.public = self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def sign(self, message):
        return self.private.sign(message)

    def verifier_key(self, key_type=note.TYPE_ED25519, name=None):
        return note.VerifierKey(name or self.name, key_type, self.public)


def signature_line(name, key_id, payload):
    return f"— {name} {to_base64(key_id + payload)}\n".encode()


def cosignature_line(key, text, timestamp=1_700_000_000):
    signed = key.sign(f"cosignature/v1\ntime {timestamp}\n{text}".encode())
    return signature_line(key.name, key.verifier_key(note.TYPE_COSIGNATURE).id, struct.pack(">Q", timestamp) + signed)


def checkpoint_text(origin, tree_size, root):
    return f"{origin}\n{tree_size}\n{to_base64(root)}\n"


def signed_checkpoint(log_key, origin, tree_size, root, witnesses=()):
    text = checkpoint_text(origin, tree_size, root)
    data = text.encode() + b"\n" + signature_line(origin, log_key.verifier_key(name=origin).id,
                                                  log_key.sign(text.encode()))
    return data + b"".join(cosignature_line(key, text) for key in witnesses)


def publish(folder, records, log_key, origin=ORIGIN, tree_size=None, witnesses=()):
    """Writes the whole layout for a list of records, as if a server had just signed it."""
    folder, tree = Path(folder), rfc6962.Tree()
    for record in records:
        tree.append(rfc6962.leaf_hash(record))
    size = len(records) if tree_size is None else tree_size

    def write(path, data):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)

    for first in range(0, size, tiles.WIDTH):
        part = records[first:min(first + tiles.WIDTH, size)]
        data = b"".join(struct.pack(">H", len(record)) + record for record in part)
        write(tiles.tile_path("entries", first // tiles.WIDTH, len(part)), data)
    level = 0
    while size >> (8 * level):
        count = size >> (8 * level)
        for first in range(0, count, tiles.WIDTH):
            part = tree.levels[8 * level][first:min(first + tiles.WIDTH, count)]
            write(tiles.tile_path(level, first // tiles.WIDTH, len(part)), b"".join(part))
        level += 1
    write("checkpoint", signed_checkpoint(log_key, origin, size, tree.root(size), witnesses))
    return tree


class SmallLedger:
    """A log in memory. What is appended is also folded, so that honest statements can be written."""

    def __init__(self, origin=ORIGIN, authority=None):
        self.origin = origin
        self.log_key, self.authority = Key("log"), authority or Key("authority")
        self.records, self.tree, self.ledger = [], rfc6962.Tree(), Ledger()
        self.append("ledger_founded", {"origin": origin, "format_version": 1,
                                       "authority_public_key": self.authority.public})

    def submission(self, event, body, seed=None):
        name = {field: kind for field, kind, _ in MESSAGES["Submission"].values()}[event]
        identity = hashlib.sha256(f"{len(self.records)} {seed}".encode()).digest()[:16]
        return (tagged(1, identity) + tagged(2, b"tests")
                + tagged(next(n for n, f in MESSAGES["Submission"].items() if f[0] == event), encode(name, body)))

    def signed(self, submission, key, election_id, origin=None):
        message = f"hattama/submission/v1\n{origin or self.origin}\n{election_id}\n".encode() + submission
        return {"public_key": key.public, "signature": key.sign(message)}

    def record(self, submission, signature, sequence=None, seconds=None):
        sequence = len(self.records) if sequence is None else sequence
        seconds = 1_700_000_000 + sequence if seconds is None else seconds
        data = varint(8) + varint(sequence) if sequence else b""
        data += tagged(2, encode("google.protobuf.Timestamp", {"seconds": seconds, "nanos": 5}))
        data += tagged(3, submission)
        if signature is not None:
            data += tagged(4, encode("SubmissionSignature", signature))
        return data

    def append_bytes(self, data):
        """Takes a record as it is; it is folded where it can be."""
        sequence = len(self.records)
        self.records.append(data)
        self.tree.append(rfc6962.leaf_hash(data))
        try:
            parsed = parse_record(data)
        except Exception:  # pylint: disable=broad-except
            return sequence
        if not self.ledger.admission_faults(sequence, parsed):
            self.ledger.apply(sequence, self.tree.levels[0][sequence], parsed)
        return sequence

    def append(self, event, body, key=None, seed=None):
        """Appends one event signed by `key` (the authority unless given); returns its sequence."""
        submission = self.submission(event, body, seed)
        signature = None
        if event != "ledger_founded":
            signature = self.signed(submission, key or self.authority, body.get("election_id", ""))
        return self.append_bytes(self.record(submission, signature))

    def append_batch(self, events, key, election_id):
        """Appends [(event, body)] under one signature."""
        submissions = [self.submission(event, body, f"batch {i}") for i, (event, body) in enumerate(events)]
        batch = rfc6962.Tree()
        for submission in submissions:
            batch.append(rfc6962.leaf_hash(submission))
        count, root = len(submissions), to_base64(batch.root())
        signed = key.sign(f"hattama/batch/v1\n{self.origin}\n{election_id}\n{count}\n{root}\n".encode())
        for index, submission in enumerate(submissions):
            self.append_bytes(self.record(submission, {
                "public_key": key.public, "signature": signed,
                "batch": {"index": index, "size": count, "hashes": batch.path(index, count)}}))

    def statement(self, election_id, contest_id, view, tree_size):
        return statement.recomputed_statement(self.ledger, self.tree, election_id, contest_id, tally.view_of(view),
                                              tree_size)[0]

    def publish_tally(self, election_id, contest_id, view, tree_size=None, key=None, text=None):
        """A published tally: the honest one, or the text given."""
        tree_size = len(self.records) if tree_size is None else tree_size
        view = {"source_id": "commission", "policy": 4, "basis": 1, "excluding_contested": False, **view}
        text = self.statement(election_id, contest_id, view, tree_size) if text is None else text
        return self.append("tally_published", {
            "election_id": election_id, "contest_id": contest_id, "view": view, "tree_size": tree_size,
            "digest": hashlib.sha256(text.encode()).digest(), "statement": text, "title": "tally"}, key)

    def attest(self, key, tree_size=None, root=None):
        tree_size = len(self.records) if tree_size is None else tree_size
        return self.append("auditor_attested", {
            "tree_size": tree_size, "root_hash": root or self.tree.root(tree_size), "verdict": 1}, key)

    def publish(self, folder, **options):
        return publish(folder, self.records, self.log_key, self.origin, **options)

    def receipt(self, index):
        """The tlog-proof of a record under a checkpoint of the whole log."""
        size = len(self.records)
        hashes = "".join(to_base64(one) + "\n" for one in self.tree.path(index, size))
        head = f"c2sp.org/tlog-proof@v1\nextra {to_base64(self.records[index])}\nindex {index}\n{hashes}\n"
        return head.encode() + signed_checkpoint(self.log_key, self.origin, size, self.tree.root())

    def station_proof(self, publication, station):
        """The station proof of a published tally, by the parts of docs/format.md, section 9."""
        body = parse_record(self.records[publication]).body
        made = statement.recomputed_statement(self.ledger, self.tree, body["election_id"], body["contest_id"],
                                              tally.view_of(body["view"]), body["tree_size"])[1]
        index = next(i for i, one in enumerate(made.stations) if one.unit.unit_id == station)
        rows, counted = statement.station_rows(made), made.stations[index].protocol
        label, sums = rows[index]
        lines = ["hattama-station-proof/v1", f"published {to_base64(self.receipt(publication))}",
                 f"protocol {to_base64(self.receipt(counted.sequence)) if counted else '-'}",
                 f"station {index} {len(rows)}",
                 f"label {to_base64(label)}", "sums " + " ".join(map(str, sums))]
        lines += [f"node {to_base64(digest)} " + " ".join(map(str, figures)) for digest,
                  figures in sum_tree.path(index, rows)]
        return "".join(line + "\n" for line in lines).encode()


def terms(*items):
    """Terms from ("line", id), ("option", id) or numbers of aggregates."""
    return [{"aggregate": item} if isinstance(item, int) else {f"{item[0]}_id": item[1]} for item in items]


def definition(election_id="e1"):
    """A small election: two regions of two stations each, and a contest of every kind."""
    share = {"ratio": {"numerator": 1, "denominator": 2}, "base_id": "valid"}
    header = {
        "election_id": election_id, "names": [{"language": "en", "text": "Small election"}],
        "levels": [{"level_id": level} for level in ("country", "region", "station")],
        "sources": [{"source_id": "commission", "kind": 1}, {"source_id": "watch", "kind": 2}],
        "lines": [{"line_id": "registered"}, {"line_id": "valid", "required": True}],
        "bases": [{"base_id": "valid", "terms": terms(("line", "valid"))}, {"base_id": "votes", "terms": terms(1)}],
        "turnouts": [{"turnout_id": "turnout", "numerator": terms(("line", "valid")), "denominator": terms(3)}],
        "rules": [
            {"rule_id": "R1", "left": terms(1), "relation": 1, "right": terms(("line", "valid")), "severity": 2},
            {"rule_id": "R2", "left": terms(("line", "valid")), "relation": 2, "right": terms(3), "severity": 1}],
    }
    def option(option_id, kind):
        return {"option_id": option_id, "kind": kind}

    contests = [
        {"contest_id": "lists", "unit_id": "C", "share_base_id": "valid",
         "options": [option("A", 1), option("B", 1), option("none", 5)],
         "party_list": {"seat_count": 7, "threshold": {"ratio": {"numerator": 5, "denominator": 100},
                                                       "base_id": "valid"},
                        "method": 1}},
        {"contest_id": "mayor", "unit_id": "R1", "share_base_id": "votes", "options": [option("X", 2), option("Y", 2)],
         "plurality": {}},
        {"contest_id": "president", "unit_id": "C", "share_base_id": "votes",
         "options": [option("P", 2), option("Q", 2), option("S", 2)],
         "absolute_majority": {"conditions": [{"share": share}]}},
        {"contest_id": "question", "unit_id": "C", "share_base_id": "votes",
         "options": [option("yes", 3), option("no", 4)],
         "referendum": {"condition": share, "regions": {"level_id": "region",
                                                        "ratio": {"numerator": 1, "denominator": 2}}}},
    ]
    units = [{"unit_id": "C", "level_id": "country"}]
    for region in ("R1", "R2"):
        units.append({"unit_id": region, "parent_id": "C", "level_id": "region"})
        units += [{"unit_id": f"{region}-{i}", "parent_id": region, "level_id": "station"} for i in (1, 2)]
    roll = [{"unit_id": unit["unit_id"], "registered_voters": 100} for unit in units if unit["level_id"] == "station"]
    return header, contests, units, roll


def protocol(contest, unit, votes, valid=None, source="commission", stage=2, **more):
    """A protocol of the small election. `votes` maps options to figures."""
    stated = [{"line_id": "registered", "count": 100}]
    stated.append({"line_id": "valid", "count": sum(votes.values()) if valid is None else valid})
    return {"election_id": "e1", "contest_id": contest, "unit_id": unit, "source_id": source, "stage": stage,
            "lines": stated,
            "options": [{"option_id": option, "count": count} for option, count in votes.items()], **more}


class Offices:
    commission, watch, court, auditor = Key("commission"), Key("watch"), Key("court"), Key("auditor")


def opened_ledger(origin=ORIGIN):
    """A ledger with the small election open and its offices granted."""
    log = SmallLedger(origin)
    header, contests, units, roll = definition()
    log.append("election_defined", header)
    log.append("contests_listed", {"election_id": "e1", "contests": contests})
    log.append("units_listed", {"election_id": "e1", "units": units})
    log.append("roll_amended", {"election_id": "e1", "entries": roll})
    log.append("election_opened", {"election_id": "e1", "contest_count": len(contests), "unit_count": len(units),
                                   "roll_count": len(roll)})

    def grant(key, role, **more):
        log.append("key_granted", {"public_key": key.public, "holder": key.name, "role": role, **more})

    grant(Offices.commission, 1, election_id="e1", source_ids=["commission"])
    grant(Offices.watch, 2, election_id="e1", source_ids=["watch"])
    grant(Offices.court, 3, election_id="e1")
    grant(Offices.auditor, 4)
    return log


def whole_story():
    """A log with an event of every kind: quarantine, appeal, annulment, correction, roll, tallies, attestation."""
    log, o = opened_ledger(), Offices
    log.append_batch([("protocol_submitted", protocol("lists", unit, {"A": 40 + i, "B": 30, "none": i}))
                      for i, unit in enumerate(("R1-1", "R1-2", "R2-1"))], o.commission, "e1")
    log.append("protocol_submitted", protocol("lists", "R1-1", {"A": 44, "B": 26, "none": 0}, source="watch"), o.watch)
    broken = log.append("protocol_submitted", protocol("lists", "R2-2", {"A": 60, "B": 20, "none": 5}, valid=90),
                        o.commission)
    log.publish_tally("e1", "lists", {}, key=o.commission)
    log.append("decision_recorded", {"election_id": "e1", "contest_id": "lists", "kind": 6, "body": "Court",
                                     "act_number": "1",
                                     "released_sequences": [broken]}, o.court)
    log.append("appeal_filed", {"election_id": "e1", "appeal_id": "A-1", "contest_id": "lists", "unit_ids": ["R1-1"],
                                "filed_by": "B", "grounds": "the copies differ"}, o.watch)
    log.publish_tally("e1", "lists", {"excluding_contested": True}, key=o.commission)
    ordered = log.append("decision_recorded", {"election_id": "e1", "contest_id": "lists", "kind": 2,
                                               "appeal_id": "A-1",
                                               "body": "Court", "act_number": "2"}, o.court)
    log.append("protocol_submitted", protocol("lists", "R1-1", {"A": 44, "B": 26, "none": 0}, stage=3,
                                              decision_sequence=ordered), o.commission)
    log.append("roll_amended", {"election_id": "e1", "entries": [{"unit_id": "R2-2", "registered_voters": 80}],
                                "reason": "recount of the roll"}, o.commission)
    for contest, units, votes in (("mayor", ("R1-1", "R1-2"), {"X": 30, "Y": 20}),
                                  ("president", ("R1-1", "R1-2", "R2-1"), {"P": 25, "Q": 20, "S": 10}),
                                  ("question", ("R1-1", "R1-2", "R2-1", "R2-2"), {"yes": 30, "no": 20})):
        for unit in units:
            log.append("protocol_submitted", protocol(contest, unit, votes), o.commission)
    log.append("decision_recorded", {"election_id": "e1", "contest_id": "lists", "kind": 3, "unit_ids": ["R2-1"],
                                     "body": "Court", "act_number": "3"}, o.court)
    for contest in ("lists", "mayor", "president", "question"):
        log.publish_tally("e1", contest, {}, key=o.commission)
    log.attest(o.auditor)
    return log
