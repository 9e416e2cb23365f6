"""Keys and their offices at one place of the log, and what each event asks of its signer (docs/format.md, 4)."""

from collections import namedtuple

from hattama_verify import messages as m

Grant = namedtuple("Grant", "role election_id source_ids unit_id contest_ids stages")

DEFINING = ("election_defined", "contests_listed", "units_listed", "election_opened")


class KeyBook:
    def __init__(self):
        self.authority = None
        self.grants = {}
        self.retired = set()
        # Every key that this ledger ever knew.
        self.seen = set()

    def found(self, authority):
        self.authority = authority
        self.seen.add(authority)

    def grant(self, event):
        self.seen.add(event["public_key"])
        self.grants.setdefault(event["public_key"], []).append(Grant(
            event["role"], event["election_id"], frozenset(event["source_ids"]), event["unit_id"],
            frozenset(event["contest_ids"]), frozenset(event["stages"])))

    def revoke(self, event):
        key, election_id = event["public_key"], event["election_id"]
        left = [grant for grant in self.grants.get(key, ()) if election_id and grant.election_id != election_id]
        self.grants[key] = left
        if not election_id:
            self.retired.add(key)

    def rotate(self, event):
        old, new = event["old_public_key"], event["new_public_key"]
        if old == self.authority:
            self.authority = new
        if self.grants.get(old):
            self.grants[new] = self.grants.pop(old)
        self.retired.add(old)
        self.seen.add(new)

    def holds(self, key, election_id=""):
        return any(not election_id or grant.election_id == election_id for grant in self.grants.get(key, ()))


def _covers_contest(grant, contest_id):
    return not grant.contest_ids or contest_id in grant.contest_ids


def _covers_units(grant, election, units):
    if not grant.unit_id:
        return True
    own = election.units[grant.unit_id]
    return all(unit.is_within(own) for unit in units)


def _is_above(grant, election, units):
    own = election.units[grant.unit_id] if grant.unit_id else election.root
    return all(unit is not own and unit.is_within(own) for unit in units)


def decision_units(election, event):
    """The ids of the units that a decision is about."""
    units = set(event["unit_ids"])
    appeal = election.appeals.get(event["appeal_id"])
    if appeal:
        units.update(appeal.units)
    for sequence in event["released_sequences"]:
        if sequence in election.protocols:
            units.add(election.protocols[sequence][1].unit.unit_id)
    return units


def right_fault(keys, election, name, event, signer):
    """Why `signer` may not record this event here, or None.

    `election` is that of the event, or None where the event has none or it is unknown (which admission reports).
    """
    is_authority = signer == keys.authority
    if name in ("key_granted", *DEFINING) or name == "roll_amended" and (election is None or not election.is_open()):
        return None if is_authority else "only the authority may record it"
    if name in ("key_revoked", "key_rotated"):
        key = event["public_key"] if name == "key_revoked" else event["old_public_key"]
        if is_authority or signer == key and keys.holds(key):
            return None
        return "only the authority, or the key itself while it holds a grant, may record it"
    grants = keys.grants.get(signer, ())
    if name == "auditor_attested":
        return None if any(grant.role == m.ROLE_AUDITOR for grant in grants) else "the signer is no auditor"
    if name == "roll_amended" and is_authority:
        return None
    if election is None or not _names_what_exists(election, event):
        return None
    for grant in grants:
        if grant.election_id == election.election_id and _covers(grant, election, name, event):
            return None
    own = [grant for grant in grants if grant.election_id == election.election_id]
    if not own:
        return f"the signer holds no grant in election {election.election_id}"
    offices = ", ".join(sorted({m.ROLES[grant.role] for grant in own}))
    return f"no grant of the signer ({offices}) covers it"


def _names_what_exists(election, event):
    """Rights to what does not exist are no question: admission says that it does not."""
    known = (("contest_id", election.contests), ("source_id", election.sources), ("unit_id", election.units))
    return all(field not in event or event[field] in there for field, there in known)


def _covers(grant, election, name, event):
    def units_of(ids):
        return [election.units[unit_id] for unit_id in ids if unit_id in election.units]

    if name == "roll_amended":
        units = units_of(entry["unit_id"] for entry in event["entries"])
        return grant.role == m.ROLE_COMMISSION and _covers_units(grant, election, units)
    if not _covers_contest(grant, event["contest_id"]):
        return False
    if name == "protocol_submitted":
        return (grant.role in (m.ROLE_COMMISSION, m.ROLE_MONITOR) and event["source_id"] in grant.source_ids
                and (not grant.stages or event["stage"] in grant.stages)
                and _covers_units(grant, election, units_of([event["unit_id"]])))
    if name == "appeal_filed":
        return grant.role != m.ROLE_AUDITOR and _covers_units(grant, election, units_of(event["unit_ids"]))
    if name == "decision_recorded":
        units = units_of(decision_units(election, event))
        if grant.role == m.ROLE_COURT_REGISTRY:
            return _covers_units(grant, election, units)
        return grant.role == m.ROLE_COMMISSION and _is_above(grant, election, units)
    contest = election.contests.get(event["contest_id"])
    return grant.role == m.ROLE_COMMISSION and _covers_units(grant, election, [contest.unit] if contest else [])
