"""Records, submissions and their signatures (docs/format.md, sections 2 and 3)."""

from collections import namedtuple

from hattama_verify import ed25519, messages as m, wire
from hattama_verify.faults import Fault
from hattama_verify.rfc6962 import HASH_SIZE, leaf_hash, root_from_path
from hattama_verify.text import to_base64
from hattama_verify.tiles import RECORD_SIZE_MAX

SUBMISSION_SIZE_MAX = 65_000
SUBMISSION_ID_SIZE = 16
BATCH_SIZE_MAX = 1_024

# `time` is (seconds, nanos), `event` the name of the event's field, `body` its message; the genesis has no signature.
Record = namedtuple("Record", "sequence time submission submission_id event body signature")
Signature = namedtuple("Signature", "public_key signature index size hashes")


def parse_record(data):
    """A record with its submission decoded. Fault where it is not of the one form that a record has."""
    if len(data) > RECORD_SIZE_MAX:
        raise Fault(f"the record has {len(data)} bytes, more than {RECORD_SIZE_MAX}")
    sequence, time, submission, signature = 0, None, None, None
    layout = [(1, wire.VARINT), (2, wire.LENGTH), (3, wire.LENGTH), (4, wire.LENGTH)]
    for number, start, end, value in wire.strict_fields(data, layout):
        if number == 1:
            sequence = wire._int64(value)
            if sequence <= 0:
                raise Fault(f"the record states the sequence {sequence}")
        elif number == 2:
            time = _time(data[start:end])
        elif number == 3:
            submission = data[start:end]
        else:
            signature = _signature(data[start:end])
    if time is None:
        raise Fault("the record has no time")
    if not submission:
        raise Fault("the record has no submission")
    submission_id, event, body = parse_submission(submission)
    return Record(sequence, time, submission, submission_id, event, body, signature)


def _time(data):
    message = wire.decode("google.protobuf.Timestamp", data)
    if not 0 <= message["nanos"] < 1_000_000_000:
        raise Fault(f"the time of the record has {message['nanos']} nanoseconds")
    return message["seconds"], message["nanos"]


def _signature(data):
    message = wire.decode("SubmissionSignature", data)
    key, signature, batch = message["public_key"], message["signature"], message["batch"]
    if len(key) != ed25519.KEY_SIZE or len(signature) != ed25519.SIGNATURE_SIZE:
        raise Fault(f"a signature of {len(signature)} bytes by a key of {len(key)}, not {ed25519.SIGNATURE_SIZE} and "
                    "32")
    if batch is None:
        return Signature(key, signature, 0, 0, ())
    for digest in batch["hashes"]:
        if len(digest) != HASH_SIZE:
            raise Fault(f"a hash of the batch path has {len(digest)} bytes, not {HASH_SIZE}")
    if not 1 <= batch["size"] <= BATCH_SIZE_MAX or not 0 <= batch["index"] < batch["size"]:
        raise Fault(f"index {batch['index']} of a batch of {batch['size']}; a batch has 1..{BATCH_SIZE_MAX} "
                    "submissions")
    return Signature(key, signature, batch["index"], batch["size"], batch["hashes"])


def parse_submission(data):
    """(submission id, name of the event, its message)."""
    if len(data) > SUBMISSION_SIZE_MAX:
        raise Fault(f"the submission has {len(data)} bytes, more than {SUBMISSION_SIZE_MAX}")
    message = wire.decode("Submission", data)
    if len(message["submission_id"]) != SUBMISSION_ID_SIZE:
        raise Fault(f"the submission id has {len(message['submission_id'])} bytes, not {SUBMISSION_ID_SIZE}")
    event = message["event"]
    if event is None:
        raise Fault("the submission has no event that this version knows")
    return message["submission_id"], event, message[event]


def signed_message(record, origin):
    """The bytes that the record's signature is over. Fault where its batch path does not fit the batch."""
    election_id = record.body.get("election_id", "")
    if record.signature.size == 0:
        return f"hattama/submission/v1\n{origin}\n{election_id}\n".encode() + record.submission
    signature = record.signature
    root = root_from_path(signature.index, signature.size, leaf_hash(record.submission), signature.hashes)
    return f"hattama/batch/v1\n{origin}\n{election_id}\n{signature.size}\n{to_base64(root)}\n".encode()


class SignatureCheck:
    """Verifies signatures under one origin; that over a batch is verified once for all its submissions."""

    def __init__(self, origin):
        self.origin = origin
        self.last = None

    def fault(self, record):
        """Why the record's signature does not hold, or None."""
        try:
            message = signed_message(record, self.origin)
        except Fault as fault:
            return str(fault)
        signature = record.signature
        question = signature.public_key, signature.signature, message
        if self.last == question:
            return None
        if ed25519.key_fault(signature.public_key):
            return ed25519.key_fault(signature.public_key)
        if not ed25519.is_signed(*question):
            what = f"the root of a batch of {signature.size}" if signature.size else "the submission"
            return f"the signature of {signature.public_key.hex()} over {what} is not good"
        if signature.size:
            self.last = question
        return None


def describe(record):
    """One line for people on what a record is about."""
    body = record.body
    where = [f"{name[:-3]} {body[name]}" for name in ("election_id", "contest_id", "unit_id", "source_id", "appeal_id")
             if body.get(name)]
    if record.event == "protocol_submitted":
        where.append(f"stage {m.STAGES.get(body['stage'], body['stage'])}")
    return f"{record.event}: {', '.join(where)}" if where else record.event
