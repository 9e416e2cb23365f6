"""Records, submissions and their signatures (docs/format.md, sections 2 and 3)."""

from collections import namedtuple

from hattama_verify import ed25519, messages as m, wire
from hattama_verify.faults import Fault
from hattama_verify.rfc6962 import HASH_SIZE, leaf_hash, root_from_path, sha256
from hattama_verify.text import to_base64
from hattama_verify.tiles import RECORD_SIZE_MAX

SUBMISSION_SIZE_MAX = 65_000
SUBMISSION_ID_SIZE = 16
BATCH_SIZE_MAX = 1_024
# Of the first and the last moment that a Timestamp can name: 0001-01-01 and 9999-12-31, UTC.
SECONDS_MIN, SECONDS_MAX = -62_135_596_800, 253_402_300_799

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
            sequence = wire.to_int64(value)
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
    fault = _time_fault(message)
    if fault:
        raise Fault(f"the time of the record: {fault}")
    return message["seconds"], message["nanos"]


def _time_fault(message):
    """Why a Timestamp is none of the years 1 to 9999, or None."""
    seconds, nanos = message["seconds"], message["nanos"]
    if SECONDS_MIN <= seconds <= SECONDS_MAX and 0 <= nanos < 1_000_000_000:
        return None
    return f"seconds {seconds}, nanos {nanos} is no valid time"


def _form_faults(name, message, path):
    """Enums, sizes, times and missing members of a oneof that no message may have, whatever it says."""
    required = m.ONEOFS.get(name)
    faults = [f"{path} has no {required}"] if required and message[required] is None else []
    for field, kind, label in m.MESSAGES[name].values():
        value, where = message[field], f"{path}.{field}"
        if value is None or kind in ("string", "bool", "int64", "int32"):
            continue
        for index, one in enumerate(value if label == "repeated" else [value]):
            at = f"{where}[{index}]" if label == "repeated" else where
            if kind == "enum":
                largest, is_required = m.ENUMS[name, field]
                if not is_required <= one <= largest:
                    faults.append(f"{at} is {one}, no declared value")
            elif kind == "bytes":
                sizes = m.SIZES.get((name, field))
                if sizes is not None and len(one) not in sizes:
                    faults.append(f"{at} has {len(one)} bytes, not {sizes[-1]}")
            elif kind == "google.protobuf.Timestamp":
                fault = _time_fault(one)
                faults += [f"{at}: {fault}"] if fault else []
            else:
                faults += _form_faults(kind, one, at)
    return faults


def _signature(data):
    message = wire.decode("SubmissionSignature", data)
    key, signature, batch = message["public_key"], message["signature"], message["batch"]
    if not key and not signature and batch is None:
        return None
    if batch is None:
        return Signature(key, signature, None, None, ())
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
    body = message[event]
    faults = _form_faults(next(kind for field, kind, _ in m.MESSAGES["Submission"].values() if field == event), body,
                          event)
    if event == "tally_published" and body["digest"] != sha256(body["statement"].encode()):
        faults.append("tally_published.digest is not that of the statement")
    if event == "tally_published" and body["view"] is None:
        faults.append("tally_published.view is missing")
    if faults:
        raise Fault("; ".join(faults[:10]))
    return message["submission_id"], event, body


def signed_message(record, origin):
    """The bytes that the record's signature is over. Fault where its batch path does not fit the batch."""
    election_id = record.body.get("election_id", "")
    if record.signature.size is None:
        return f"hattama/submission/v1\n{origin}\n{election_id}\n".encode() + record.submission
    signature = record.signature
    if not 1 <= signature.size <= BATCH_SIZE_MAX or not 0 <= signature.index < signature.size:
        raise Fault(f"index {signature.index} of a batch of {signature.size}; a batch has 1..{BATCH_SIZE_MAX} "
                    f"submissions")
    for digest in signature.hashes:
        if len(digest) != HASH_SIZE:
            raise Fault(f"a hash of the batch path has {len(digest)} bytes, not {HASH_SIZE}")
    root = root_from_path(signature.index, signature.size, leaf_hash(record.submission), signature.hashes)
    return f"hattama/batch/v1\n{origin}\n{election_id}\n{signature.size}\n{to_base64(root)}\n".encode()


def is_whole(signature):
    """Whether key and signature have the sizes that they must have, so that there is a signer to speak of."""
    return len(signature.public_key) == ed25519.KEY_SIZE and len(signature.signature) == ed25519.SIGNATURE_SIZE


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
        if len(signature.signature) != ed25519.SIGNATURE_SIZE:
            return f"the signature has {len(signature.signature)} bytes, not {ed25519.SIGNATURE_SIZE}"
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
