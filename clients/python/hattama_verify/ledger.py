"""The fold: what the records of a log make of elections and keys, one after the other."""

from hattama_verify.admission import admission_faults
from hattama_verify.election import Election
from hattama_verify.key_book import KeyBook, right_fault


class Ledger:
    def __init__(self):
        self.origin = None
        self.keys = KeyBook()
        self.elections = {}

    def election_of(self, body):
        return self.elections.get(body.get("election_id", ""))

    def right_fault(self, record):
        """Why the signer of a record may not record it here, or None. Asked of every record but the genesis."""
        name = record.event
        if name == "ledger_founded":
            return None
        return right_fault(self.keys, self.election_of(record.body), name, record.body, record.signature.public_key)

    def admission_faults(self, sequence, record):
        if (sequence == 0) != (record.event == "ledger_founded"):
            return ["the first record, and no other, founds the ledger"]
        return admission_faults(self, sequence, record.event, record.body)

    def apply(self, sequence, leaf, record):
        """Takes in a record that admission has nothing against."""
        name, body = record.event, record.body
        if name == "ledger_founded":
            self.origin = body["origin"]
            self.keys.found(body["authority_public_key"])
        elif name == "key_granted":
            self.keys.grant(body)
        elif name == "key_revoked":
            self.keys.revoke(body)
        elif name == "key_rotated":
            self.keys.rotate(body)
        elif name == "election_defined":
            self.elections[body["election_id"]] = Election(body)
        elif name not in ("tally_published", "auditor_attested"):
            self._apply_to(self.elections[body["election_id"]], sequence, leaf, name, body)

    @staticmethod
    def _apply_to(election, sequence, leaf, name, body):
        if name == "contests_listed":
            election.listed_contests.extend(body["contests"])
        elif name == "units_listed":
            election.listed_units.extend(body["units"])
        elif name == "roll_amended":
            election.set_roll(sequence, body["entries"])
        elif name == "election_opened":
            election.open(sequence)
        elif name == "protocol_submitted":
            election.add_protocol(sequence, leaf, body)
        elif name == "appeal_filed":
            election.add_appeal(sequence, body)
        else:
            election.add_decision(sequence, body)
