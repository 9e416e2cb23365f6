"""What an event must be to be admitted at its place in the log (docs/format.md, sections 2, 4 and 5; .proto files).

Signatures and rights are asked elsewhere.
"""

from hattama_verify import definition, ed25519, messages as m
from hattama_verify.faults import Fault
from hattama_verify.note import check_key_name
from hattama_verify.text import shown

FIGURE_MAX = definition.COUNT_MAX


def admission_faults(ledger, sequence, name, event):
    """All that speaks against the event at this place, an empty list where nothing does."""
    if name == "ledger_founded":
        return _founding(event)
    if name in ("key_granted", "key_revoked", "key_rotated"):
        return KEY_CHECKS[name](ledger, event)
    if name == "auditor_attested":
        return _attested(sequence, event)
    election = ledger.elections.get(event["election_id"])
    if name == "election_defined":
        taken = [f"election {shown(event['election_id'])} is defined already"] if election else []
        return taken + definition.header_faults(event)
    if election is None:
        return [f"election_id {shown(event['election_id'])} is no election of this ledger"]
    if name in ("contests_listed", "units_listed", "election_opened"):
        if election.is_open():
            return ["the election is open already"]
        # The parts are judged together, when all of them are there.
        return definition.opening_faults(election, event) if name == "election_opened" else []
    if name == "roll_amended":
        return definition.amendment_faults(election,
                                           event) if election.is_open() else definition.count_faults(event["entries"])
    if not election.is_open():
        return ["the election is not open yet"]
    contest = election.contests.get(event["contest_id"])
    if contest is None:
        return [f"contest_id {shown(event['contest_id'])} is no contest of the election"]
    return OPEN_CHECKS[name](election, contest, sequence, event)


def _required(event, fields):
    return [f"{field} is empty" for field in fields if not event[field]]


def _key_faults(key, path):
    fault = ed25519.key_fault(key)
    return [f"{path}: {fault}"] if fault else []


def _founding(event):
    faults = _key_faults(event["authority_public_key"], "authority_public_key")
    try:
        check_key_name(event["origin"])
    except Fault as fault:
        faults.append(f"origin: {fault}")
    if event["format_version"] != 1:
        faults.append(f"format_version is {event['format_version']}, not 1")
    return faults


def _granted(ledger, event):
    keys, key, role = ledger.keys, event["public_key"], event["role"]
    faults = _key_faults(key, "public_key") + _required(event, ["holder"])
    if key == keys.authority:
        faults.append("public_key is the authority's")
    if key in keys.retired:
        faults.append("public_key is retired")
    if role not in m.ROLES:
        return faults + [f"role is {role}"]
    faults += [f"stages has {stage}" for stage in event["stages"] if stage not in m.STAGES]
    if not event["election_id"]:
        if role != m.ROLE_AUDITOR:
            faults.append("election_id is empty, and only an auditor may leave it out")
        if event["unit_id"] or event["contest_ids"] or event["stages"] or event["source_ids"]:
            faults.append("a grant without election has sources, a unit, contests or stages")
        return faults
    election = ledger.elections.get(event["election_id"])
    if election is None or not election.is_open():
        return faults + [f"election_id {shown(event['election_id'])} is no open election"]
    kind = {m.ROLE_COMMISSION: m.SOURCE_COMMISSION, m.ROLE_MONITOR: m.SOURCE_MONITOR}.get(role)
    if kind is None and event["source_ids"]:
        faults.append(f"a {m.ROLES[role]} has sources")
    if kind is not None and not event["source_ids"]:
        faults.append(f"a {m.ROLES[role]} has no source")
    for source_id in event["source_ids"] if kind else ():
        source = election.sources.get(source_id)
        if source is None or source["kind"] != kind:
            faults.append(f"source {shown(source_id)} is not known, or no source of a {m.ROLES[role]}")
    if event["unit_id"] and event["unit_id"] not in election.units:
        faults.append(f"unit_id {shown(event['unit_id'])} is no unit")
    faults += [f"contest {shown(one)} is not known" for one in event["contest_ids"] if one not in election.contests]
    return faults


def _revoked(ledger, event):
    faults = _required(event, ["reason"])
    if len(event["public_key"]) != ed25519.KEY_SIZE:
        faults.append(f"public_key has {len(event['public_key'])} bytes")
    elif not ledger.keys.holds(event["public_key"], event["election_id"]):
        faults.append("the key holds no grant that this would end")
    return faults


def _rotated(ledger, event):
    keys, old, new = ledger.keys, event["old_public_key"], event["new_public_key"]
    faults = _required(event, ["reason"]) + _key_faults(new, "new_public_key")
    if old != keys.authority and not keys.holds(old):
        faults.append("old_public_key is not the authority's and holds no grant")
    if new in keys.seen:
        faults.append("new_public_key is known already")
    return faults


def _attested(sequence, event):
    faults = []
    if not 1 <= event["tree_size"] <= sequence:
        faults.append(f"tree_size is {event['tree_size']}, not within 1..{sequence}")
    return faults


def _figures(figures, key, columns, what):
    faults, seen = [], set()
    for index, figure in enumerate(figures):
        if figure[key] not in columns:
            faults.append(f"{what}[{index}].{key} {shown(figure[key])} is not known")
        if figure[key] in seen:
            faults.append(f"{what}[{index}].{key} {shown(figure[key])} is there already")
        seen.add(figure[key])
        if figure["count"] is not None and not 0 <= figure["count"] <= FIGURE_MAX:
            faults.append(f"{what}[{index}].count is {figure['count']}")
    return faults, seen


def _protocol(election, contest, sequence, event):
    faults = []
    unit, source = election.units.get(event["unit_id"]), election.sources.get(event["source_id"])
    if unit is None or not unit.is_within(contest.unit):
        faults.append(f"unit_id {shown(event['unit_id'])} is no unit of the contest")
        unit = None
    if source is None:
        faults.append(f"source_id {shown(event['source_id'])} is no source")
    elif unit and source["level_id"] and election.levels[source["level_id"]] != unit.level:
        faults.append(f"source {source['source_id']} states protocols of level {source['level_id']} alone")
    if event["stage"] not in m.STAGES:
        faults.append(f"stage is {event['stage']}")
    faults += _figures(event["lines"], "line_id", contest.line_columns, "lines")[0]
    option_faults, options = _figures(event["options"], "option_id", contest.option_columns, "options")
    faults += option_faults
    faults += [f"option {shown(one)} is left out" for one in contest.option_columns if one not in options]
    stream = contest.stream(event["unit_id"], event["source_id"], event["stage"])
    current = stream.now().sequence if stream else None
    if event["supersedes_sequence"] != current:
        faults.append(f"supersedes_sequence is {event['supersedes_sequence']}, but the protocol in force is {current}")
    return faults + _correction_faults(election, contest, source, unit, event)


def _correction_faults(election, contest, source, unit, event):
    """A corrected protocol of a station names the decision that ordered it; no other protocol but a claim does."""
    faults, decision_sequence = [], event["decision_sequence"]
    if event["stage"] == m.CORRECTED and source and source["kind"] == m.SOURCE_MONITOR:
        faults.append("a monitor corrects its own copy by superseding it")
    elif event["stage"] == m.CORRECTED:
        decision = election.decisions.get(decision_sequence)
        if unit is not None and election.is_station(unit) and (
                decision is None or decision.contest_id != contest.contest_id or event["unit_id"] not in decision.units
                or decision.kind not in (m.FIGURES_CORRECTED, m.RECOUNT_ORDERED)):
            faults.append(f"decision_sequence {decision_sequence} is no decision that orders this correction")
    elif decision_sequence is not None:
        faults.append(f"decision_sequence {decision_sequence} on a protocol that is not corrected")
    return faults


def _station_faults(election, contest, unit_ids):
    faults, seen = [], set()
    for index, unit_id in enumerate(unit_ids):
        unit = election.units.get(unit_id)
        if unit is None or not election.is_station(unit) or not unit.is_within(contest.unit):
            faults.append(f"unit_ids[{index}] {shown(unit_id)} is no station of the contest")
        if unit_id in seen:
            faults.append(f"unit_ids[{index}] {shown(unit_id)} is there already")
        seen.add(unit_id)
    return faults


def _appeal(election, contest, sequence, event):
    faults = _required(event, ["appeal_id", "unit_ids", "filed_by", "grounds"])
    if event["appeal_id"] in election.appeals:
        faults.append(f"appeal_id {shown(event['appeal_id'])} is there already")
    return faults + _station_faults(election, contest, event["unit_ids"])


def _decision(election, contest, sequence, event):
    kind, appeal_id = event["kind"], event["appeal_id"]
    faults = _required(event, ["body", "act_number"])
    if not m.DISMISSED <= kind <= m.QUARANTINE_RELEASED:
        faults.append(f"kind is {kind}")
    appeal = election.appeals.get(appeal_id) if appeal_id else None
    if appeal_id and (appeal is None or appeal.contest_id != contest.contest_id):
        faults.append(f"appeal_id {shown(appeal_id)} is no appeal in the contest")
    elif appeal and appeal.decided.now(False):
        faults.append(f"appeal {shown(appeal_id)} is decided already")
    if kind == m.DISMISSED and not appeal_id:
        faults.append("appeal_id is empty in a dismissal")
    faults += _station_faults(election, contest, event["unit_ids"])
    if appeal:
        faults += [f"appeal {shown(appeal_id)} does not name {shown(one)}" for one in event["unit_ids"]
                   if one not in appeal.units]
    if kind in (m.RESULTS_ANNULLED, m.RESULTS_REINSTATED):
        for unit_id in event["unit_ids"] or (appeal.units if appeal else []):
            status = contest.statuses.get(unit_id)
            if (status is not None and status.annulled.now(False)) != (kind == m.RESULTS_REINSTATED):
                now = "annulled already" if kind == m.RESULTS_ANNULLED else "not annulled"
                faults.append(f"the results of {shown(unit_id)} are {now}")
    if kind == m.QUARANTINE_RELEASED:
        if not event["released_sequences"]:
            faults.append("released_sequences is empty")
        faults += _release_faults(election, contest, sequence, event["released_sequences"])
    else:
        if event["released_sequences"]:
            faults.append("released_sequences in a decision that releases nothing")
        if not event["unit_ids"] and appeal is None and kind != m.DISMISSED:
            faults.append("the decision touches no station")
    return faults


def _release_faults(election, contest, sequence, released):
    faults = []
    for number in released:
        contest_id, protocol = election.protocols.get(number, (None, None))
        if protocol is None or contest_id != contest.contest_id:
            faults.append(f"released_sequences: {number} is no protocol of the contest")
        elif not protocol.is_quarantined(sequence):
            faults.append(f"released_sequences: protocol {number} is not in quarantine")
        elif contest.stream(protocol.unit.unit_id, protocol.source_id, protocol.stage).now() is not protocol:
            faults.append(f"released_sequences: protocol {number} is superseded")
    return faults


def _published(election, contest, sequence, event):
    faults, view = [], event["view"]
    if not 1 <= event["tree_size"] <= sequence:
        faults.append(f"tree_size is {event['tree_size']}, not within 1..{sequence}")
    elif event["tree_size"] <= election.opened:
        faults.append(f"the election was not open at tree_size {event['tree_size']}")
    if not event["statement"]:
        faults.append("statement is empty")
    if view["source_id"] not in election.sources:
        faults.append(f"view.source_id {shown(view['source_id'])} is no source")
    if view["policy"] not in m.POLICIES:
        faults.append(f"view.policy is {view['policy']}")
    if view["basis"] != m.BASIS_STATIONS:
        faults.append(f"view.basis is {view['basis']}, not that of stations")
    return faults


KEY_CHECKS = {"key_granted": _granted, "key_revoked": _revoked, "key_rotated": _rotated}
OPEN_CHECKS = {"protocol_submitted": _protocol, "appeal_filed": _appeal, "decision_recorded": _decision,
               "tally_published": _published}
