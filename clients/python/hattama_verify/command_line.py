"""python3 -m hattama_verify: exit 0 confirmed, 1 something does not hold, 2 usage or a file that cannot be used."""

import argparse
import json
import sys
import time
from pathlib import Path

from hattama_verify import records as r, tally as t
from hattama_verify.audit import Audit, draw_progress
from hattama_verify.faults import Fault, Refusal
from hattama_verify.kept_state import KeptState
from hattama_verify.messages import CORRECTED_FIRST, POLICIES, SOURCE_COMMISSION
from hattama_verify.policy import policy_from, read_public_key
from hattama_verify.statement import recomputed_statement
from hattama_verify.station_proof import FIRST_LINE, PROOF_SIZE_MAX, verify_station_proof
from hattama_verify.tiles import Folder
from hattama_verify.tlog_proof import verify_receipt

CONFIRMED, REJECTED, UNUSABLE = 0, 1, 2


def _arguments():
    parser = argparse.ArgumentParser(prog="hattama_verify",
                                     description="Audits a published ledger and verifies proofs from it.",
                                     epilog="Exit codes: 0 confirmed, 1 something does not hold, 2 usage.")
    verbs = parser.add_subparsers(dest="verb", required=True)

    def verb(name, what):
        one = verbs.add_parser(name, help=what, description=what)
        one.add_argument("--log-key", help="the log's key: a verifier key, or a file with one")
        one.add_argument("--policy", help="file of a C2SP tlog-policy: logs, witnesses and quorum")
        return one

    audit = verb("audit", "recomputes everything in a published folder")
    audit.add_argument("folder")
    audit.add_argument("--authority",
                       help="the authority's key: a verifier key, 64 hex digits, or a file with a verifier key")
    audit.add_argument("--state", help="file that remembers the checkpoint from one audit to the next")
    audit.add_argument("--report", help="file for the report, as JSON")
    verify = verb("verify", "verifies a receipt (.tlog-proof) or a station proof")
    verify.add_argument("file")
    statement = verb("statement", "prints the canonical text of a tally at any version")
    statement.add_argument("folder")
    statement.add_argument("--election", required=True)
    statement.add_argument("--contest", help="may be left out where there is one")
    statement.add_argument("--source",
                           help="whose protocols; else the first commission that may state protocols of stations")
    statement.add_argument("--policy-of-view", "--view", dest="view", default=POLICIES[CORRECTED_FIRST],
                           choices=sorted(POLICIES.values()),
                           help="which protocols of a station count")
    statement.add_argument("--excluding-contested", action="store_true")
    statement.add_argument("--tree-size", type=int, help="the version; else that of the checkpoint")
    return parser


def main(arguments):
    try:
        options = _arguments().parse_args(arguments)
    except SystemExit as ended:
        return ended.code
    try:
        return {"audit": _audit, "verify": _verify, "statement": _statement}[options.verb](options)
    except Refusal as refusal:
        print(f"hattama_verify: {refusal}", file=sys.stderr)
        return UNUSABLE
    except Fault as fault:
        print(f"rejected: {fault}", file=sys.stderr)
        return REJECTED
    except OSError as error:
        print(f"hattama_verify: {error}", file=sys.stderr)
        return UNUSABLE


def _audit(options):
    started = time.monotonic()
    authority = read_public_key(options.authority) if options.authority else None
    state = KeptState(options.state) if options.state else None
    audit = Audit(Folder(options.folder), policy_from(options.log_key, options.policy), authority, state, draw_progress)
    confirmed = audit.run()
    report = audit.report()
    if options.report:
        text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
        Path(options.report).write_text(text, encoding="utf-8", errors="surrogateescape")
    for fault in report["faults"][:20]:
        print(f"{fault['step']}: {fault['place']}: {fault['message']}")
    if report["fault_count"] > 20:
        print(f"and {report['fault_count'] - 20} more")
    good = sum(one["ok"] for one in report["tallies"])
    what = "no checkpoint"
    if audit.claimed:
        what = (f"{report['tree_size']} records, root {report['root']}, {good} of {len(report['tallies'])} published "
                f"tallies agree, {len(audit.attestations)} attestations")
    print(f"{report['verdict']}: {what}, {time.monotonic() - started:.1f} s")
    return CONFIRMED if confirmed else REJECTED


def _verify(options):
    policy = policy_from(options.log_key, options.policy)
    with open(options.file, "rb") as file:
        data = file.read(PROOF_SIZE_MAX + 1)
    if data.startswith(FIRST_LINE.encode()):
        proved = verify_station_proof(data, policy)
        print(proved.statement, end="")
        print(proved.label)
        print(f"confirmed: inside the total that record {proved.publication.sequence} publishes, signed by "
              f"{proved.publication.signature.public_key.hex()}")
        return CONFIRMED
    receipt = verify_receipt(data, policy)
    record = r.parse_record(receipt.record)
    if record.sequence != receipt.index:
        raise Fault(f"the record states the sequence {record.sequence} at index {receipt.index}")
    if record.signature is None and record.sequence:
        raise Fault("the record has no signature")
    if record.signature is not None:
        fault = r.SignatureCheck(receipt.checkpoint.origin).fault(record)
        if fault:
            raise Fault(fault)
        print(f"signed by {record.signature.public_key.hex()}")
    print(r.describe(record))
    is_protocol = record.event == "protocol_submitted"
    for figure in record.body["lines"] + record.body["options"] if is_protocol else ():
        name = figure.get("line_id") or figure.get("option_id")
        print(f"  {name}: {'blank' if figure['count'] is None else figure['count']}")
    print(f"confirmed: record {receipt.index} of {receipt.checkpoint.origin} at tree_size "
          f"{receipt.checkpoint.tree_size}")
    return CONFIRMED


def _statement(options):
    audit = Audit(Folder(options.folder), policy_from(options.log_key, options.policy), progress=draw_progress)
    if not audit.run():
        first = audit.faults[0]
        print(f"hattama_verify: the log does not hold ({first['step']}: {first['place']}: {first['message']})",
              file=sys.stderr)
        if not audit.ledger.elections:
            return REJECTED
    election = audit.ledger.elections.get(options.election)
    tree_size = audit.checkpoint.tree_size if options.tree_size is None else options.tree_size
    if election is None or not election.is_open() or not election.opened < tree_size <= len(audit.tree):
        raise Refusal(f"{options.election} is not open at tree_size {tree_size}")
    contest_id = options.contest or (next(iter(election.contests)) if len(election.contests) == 1 else "")
    if contest_id not in election.contests:
        raise Refusal(f"{contest_id!r} is no contest of {options.election}: {', '.join(election.contests)}")
    source_id = options.source or _default_source(election)
    if source_id not in election.sources:
        raise Refusal(f"{source_id!r} is no source of {options.election}: {', '.join(election.sources)}")
    policy = next(number for number, name in POLICIES.items() if name == options.view)
    view = t.View(source_id, policy, options.excluding_contested)
    print(recomputed_statement(audit.ledger, audit.tree, options.election, contest_id, view, tree_size)[0], end="")
    return REJECTED if audit.fault_count else CONFIRMED


def _default_source(election):
    for source in election.definition["sources"]:
        level = election.levels.get(source["level_id"], election.station_level)
        if source["kind"] == SOURCE_COMMISSION and level == election.station_level:
            return source["source_id"]
    return None
