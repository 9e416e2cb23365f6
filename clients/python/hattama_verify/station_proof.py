"""Station proofs: that a station's figures are inside a published total (docs/format.md, section 9)."""

from collections import namedtuple

from hattama_verify import messages as m, records as r, sum_tree
from hattama_verify.faults import Fault
from hattama_verify.rfc6962 import HASH_SIZE, leaf_hash, sha256
from hattama_verify.statement import escaped
from hattama_verify.tally import COUNTED, STATES
from hattama_verify.text import decimal, from_base64, shown, split_lines
from hattama_verify.tlog_proof import verify_receipt

FIRST_LINE = "hattama-station-proof/v1"
PROOF_SIZE_MAX = 16_000_000

StationProof = namedtuple("StationProof", "published protocol index count label sums nodes")
Verified = namedtuple("Verified", "publication protocol statement label sums")


def parse_station_proof(data):
    if len(data) > PROOF_SIZE_MAX:
        raise Fault(f"the proof has more than {PROOF_SIZE_MAX} bytes")
    try:
        lines = split_lines(data.decode("ascii"), "the proof")
    except UnicodeDecodeError:
        raise Fault("the proof is not ASCII") from None
    if len(lines) < 6 or lines[0] != FIRST_LINE:
        raise Fault("the proof has not its first six lines")

    def words(index, name, count=None):
        parts = lines[index].split(" ")
        if parts[0] != name or count is not None and len(parts) != count + 1:
            raise Fault(f"line {index + 1} is {shown(lines[index])}, not that of {name}")
        return parts[1:]

    published = from_base64(words(1, "published", 1)[0], "published")
    protocol = words(2, "protocol", 1)[0]
    protocol = None if protocol == "-" else from_base64(protocol, "protocol")
    index, count = (decimal(word, "station") for word in words(3, "station", 2))
    label = from_base64(words(4, "label", 1)[0], "label")
    sums = [decimal(word, "a figure") for word in words(5, "sums")]
    nodes = []
    for number in range(6, len(lines)):
        parts = words(number, "node")
        if len(parts) != len(sums) + 1:
            raise Fault(f"line {number + 1} has {len(parts)} words, not a hash and {len(sums)} sums")
        nodes.append((from_base64(parts[0], "a node's hash", HASH_SIZE),
                      [decimal(word, "a sum") for word in parts[1:]]))
    return StationProof(published, protocol, index, count, label, sums, nodes)


class StatementText:
    """A statement read back, line by line, in the one order that it has."""

    def __init__(self, text):
        self.lines = split_lines(text, "the statement")
        if self.lines[0] != "hattama-statement/v1":
            raise Fault(f"the statement begins with {shown(self.lines[0])}")
        self.position = 1
        self.origin, = self._next("origin", 1)
        self.tree_size = decimal(self._next("tree_size", 1)[0], "the statement's tree_size")
        self.root, = self._next("root", 1)
        self.election, = self._next("election", 1)
        self.contest, = self._next("contest", 1)
        self.unit, = self._next("unit", 1)
        self.view = self._next("view", 3)
        self.states = [decimal(word, "stations") for word in self._next("stations", 5)]
        self.columns = []
        for line in self.lines[self.position:]:
            words = line.split(" ")
            if words[0] in ("line", "option") and len(words) == 4:
                amount = None if words[2] == "-" else decimal(words[2], "a sum")
                self.columns.append((words[0], words[1], amount, decimal(words[3], "a count")))
        last = self.lines[-1].split(" ")
        if len(last) != 2 or last[0] != "sums":
            raise Fault("the statement does not end with its sums")
        self.commitment = from_base64(last[1], "the commitment", HASH_SIZE)

    def _next(self, name, count):
        if self.position >= len(self.lines):
            raise Fault(f"the statement has no line {name}")
        words = self.lines[self.position].split(" ")
        if words[0] != name or len(words) != count + 1:
            raise Fault(f"line {self.position + 1} of the statement is {shown(self.lines[self.position])}, not that of "
                        f"{name}")
        self.position += 1
        return words[1:]


def _opened(data, policy, wanted, what):
    """(receipt, record) of a tlog-proof whose record is an event of the wanted kind, signed as it should be."""
    try:
        receipt = verify_receipt(data, policy)
        record = r.parse_record(receipt.record)
        if record.sequence != receipt.index:
            raise Fault(f"the record states the sequence {record.sequence} at index {receipt.index}")
        if record.event != wanted:
            raise Fault(f"the record is a {record.event}, not a {wanted}")
        if record.signature is None:
            raise Fault("the record has no signature")
        fault = r.SignatureCheck(receipt.checkpoint.origin).fault(record)
        if fault:
            raise Fault(fault)
    except Fault as fault:
        raise Fault(f"{what}: {fault}") from None
    return receipt, record


def verify_station_proof(data, policy):
    proof = parse_station_proof(data)
    receipt, publication = _opened(proof.published, policy, "tally_published", "published")
    body = publication.body
    if sha256(body["statement"].encode()) != body["digest"]:
        raise Fault("the digest of the publication is not that of its statement")
    statement = StatementText(body["statement"])
    view = body["view"] or {}
    for what, said, meant in (
            ("origin", statement.origin, escaped(receipt.checkpoint.origin)),
            ("tree_size", statement.tree_size, body["tree_size"]),
            ("election", statement.election, escaped(body["election_id"])),
            ("contest", statement.contest, escaped(body["contest_id"])),
            ("view", statement.view, [escaped(view.get("source_id", "")), m.POLICIES.get(view.get("policy")),
                                      "without-contested" if view.get("excluding_contested") else "all"])):
        if said != meant:
            raise Fault(f"the statement's {what} is {shown(said)}, that of its publication {shown(meant)}")
    width = 2 * len(statement.columns) + len(STATES)
    if len(proof.sums) != width:
        raise Fault(f"the station has {len(proof.sums)} figures, not {width}")
    root = sum_tree.root_from_path(proof.index, proof.count, proof.label, proof.sums, proof.nodes)
    if sum_tree.commitment(proof.count, root) != statement.commitment:
        raise Fault("the station and its path do not lead to the commitment of the statement")
    _check_totals(root[1], statement)
    label = _check_label(proof, statement, policy, receipt.checkpoint.origin)
    return Verified(publication, label[1], body["statement"], label[0], proof.sums)


def _check_totals(sums, statement):
    columns = len(statement.columns)
    for index, (kind, name, amount, stated) in enumerate(statement.columns):
        if sums[index] != (amount or 0) or sums[columns + index] != stated or (amount is None) != (stated == 0):
            raise Fault(f"{kind} {name}: the tree adds up to {sums[index]} from {sums[columns + index]} stations, "
                        f"the statement says {amount} from {stated}")
    if sums[2 * columns:] != statement.states:
        raise Fault(f"the tree has {sums[2 * columns:]} stations by state, the statement {statement.states}")


def _check_label(proof, statement, policy, origin):
    """(label text, record of the protocol or None): label, figures and the protocol's record say the same."""
    try:
        text = proof.label.decode("utf-8")
    except UnicodeDecodeError:
        raise Fault("the label is not UTF-8") from None
    words = text.split(" ")
    if len(words) != 5 or words[0] != "station" or words[2] not in STATES:
        raise Fault(f"{shown(text)} is no label of a station")
    _, unit, state_word, sequence, leaf = words
    state, columns = STATES.index(state_word), len(statement.columns)
    if proof.sums[2 * columns:] != [int(i == state) for i in range(len(STATES))]:
        raise Fault(f"the label says {state_word}, the figures {proof.sums[2 * columns:]}")
    if (sequence == "-") != (leaf == "-") or (sequence == "-") != (proof.protocol is None):
        raise Fault("label and proof do not agree on whether there is a protocol")
    if proof.protocol is None:
        if state in (COUNTED, STATES.index("quarantined"), STATES.index("excluded")):
            raise Fault(f"the label says {state_word} but names no protocol")
        row, record = [None] * columns, None
    else:
        if state_word == "missing":
            raise Fault("the label says missing, but names a protocol")
        record, row = _protocol_row(proof, statement, policy, origin, unit, sequence, leaf)
    counted = row if state == COUNTED else [None] * columns
    if proof.sums[:2 * columns] != [amount or 0 for amount in counted] + [int(amount is not None)
                                                                          for amount in counted]:
        raise Fault("the station's figures are not those of its protocol")
    return text, record


def _protocol_row(proof, statement, policy, origin, unit, sequence, leaf):
    receipt, record = _opened(proof.protocol, policy, "protocol_submitted", "protocol")
    body = record.body
    if receipt.checkpoint.origin != origin:
        raise Fault("publication and protocol are of two logs")
    if (decimal(sequence, "the label's sequence") != record.sequence
            or from_base64(leaf, "the label's leaf", HASH_SIZE) != leaf_hash(receipt.record)):
        raise Fault(f"the label names record {sequence}, and the protocol's is another")
    if record.sequence >= statement.tree_size:
        raise Fault(f"record {record.sequence} is not within tree_size {statement.tree_size}")
    for what, said, meant in (("election", body["election_id"], statement.election),
                              ("contest", body["contest_id"], statement.contest),
                              ("unit", body["unit_id"], unit), ("source", body["source_id"], statement.view[0])):
        if escaped(said) != meant:
            raise Fault(f"the protocol is of the {what} {shown(said)}, not {shown(meant)}")
    lines = {escaped(one["line_id"]): one["count"] for one in body["lines"]}
    options = {escaped(one["option_id"]): one["count"] for one in body["options"]}
    row = []
    for kind, name, _, _ in statement.columns:
        row.append((lines if kind == "line" else options).get(name))
    return record, row
