"""The stored messages of proto/hattama/v1 as a table: message, field number, (name, kind, label).

`kind` is int64, int32, bool, enum, string, bytes or the name of a message; `label` is "" (a value of its default is
absent), optional, repeated, or the name of the oneof to which the field belongs.
"""

MESSAGES = {
    "google.protobuf.Timestamp": {1: ("seconds", "int64", ""), 2: ("nanos", "int32", "")},

    # record.proto
    "LedgerFounded": {
        1: ("origin", "string", ""), 2: ("format_version", "int64", ""), 3: ("authority_public_key", "bytes", "")},
    "Submission": {
        1: ("submission_id", "bytes", ""), 2: ("submitter", "string", ""),
        10: ("ledger_founded", "LedgerFounded", "event"), 11: ("election_defined", "ElectionDefined", "event"),
        12: ("contests_listed", "ContestsListed", "event"), 13: ("units_listed", "UnitsListed", "event"),
        14: ("roll_amended", "RollAmended", "event"), 15: ("election_opened", "ElectionOpened", "event"),
        16: ("protocol_submitted", "ProtocolSubmitted", "event"), 17: ("appeal_filed", "AppealFiled", "event"),
        18: ("decision_recorded", "DecisionRecorded", "event"), 19: ("key_granted", "KeyGranted", "event"),
        20: ("key_revoked", "KeyRevoked", "event"), 21: ("key_rotated", "KeyRotated", "event"),
        22: ("tally_published", "TallyPublished", "event"), 23: ("auditor_attested", "AuditorAttested", "event")},
    "BatchPath": {1: ("index", "int64", ""), 2: ("size", "int64", ""), 3: ("hashes", "bytes", "repeated")},
    "SubmissionSignature": {
        1: ("public_key", "bytes", ""), 2: ("signature", "bytes", ""), 3: ("batch", "BatchPath", "")},

    # election.proto
    "Name": {1: ("language", "string", ""), 2: ("text", "string", "")},
    "Ratio": {1: ("numerator", "int64", ""), 2: ("denominator", "int64", "")},
    "Level": {1: ("level_id", "string", ""), 2: ("names", "Name", "repeated")},
    "Unit": {
        1: ("unit_id", "string", ""), 2: ("parent_id", "string", ""), 3: ("level_id", "string", ""),
        4: ("names", "Name", "repeated")},
    "RollEntry": {1: ("unit_id", "string", ""), 2: ("registered_voters", "int64", "")},
    "Source": {
        1: ("source_id", "string", ""), 2: ("kind", "enum", ""), 3: ("level_id", "string", ""),
        4: ("names", "Name", "repeated")},
    "Party": {1: ("party_id", "string", ""), 2: ("names", "Name", "repeated")},
    "Line": {
        1: ("line_id", "string", ""), 2: ("names", "Name", "repeated"), 3: ("meaning", "enum", ""),
        4: ("required", "bool", ""), 5: ("derived", "bool", "")},
    "Term": {
        1: ("coefficient", "int64", "optional"), 2: ("line_id", "string", "operand"),
        3: ("option_id", "string", "operand"),
        4: ("aggregate", "enum", "operand")},
    "Base": {1: ("base_id", "string", ""), 2: ("names", "Name", "repeated"), 3: ("terms", "Term", "repeated")},
    "Turnout": {
        1: ("turnout_id", "string", ""), 2: ("names", "Name", "repeated"), 3: ("numerator", "Term", "repeated"),
        4: ("denominator", "Term", "repeated"), 5: ("citation", "string", "")},
    "Rule": {
        1: ("rule_id", "string", ""), 2: ("texts", "Name", "repeated"), 3: ("left", "Term", "repeated"),
        4: ("relation", "enum", ""), 5: ("right", "Term", "repeated"), 6: ("tolerance_count", "int64", ""),
        7: ("tolerance_ratio", "Ratio", ""), 8: ("severity", "enum", ""), 9: ("stages", "enum", "repeated"),
        10: ("contest_ids", "string", "repeated"), 11: ("citation", "string", ""), 12: ("hides", "string", "repeated")},
    "Option": {
        1: ("option_id", "string", ""), 2: ("kind", "enum", ""), 3: ("names", "Name", "repeated"),
        4: ("party_id", "string", "")},
    "Threshold": {1: ("ratio", "Ratio", ""), 2: ("base_id", "string", ""), 3: ("inclusive", "bool", "")},
    "PartyList": {
        1: ("seat_count", "int64", ""), 2: ("threshold", "Threshold", ""), 3: ("method", "enum", ""),
        4: ("second_list_index", "Ratio", "")},
    "Plurality": {},
    "WinningCondition": {1: ("share", "Threshold", ""), 2: ("lead", "Ratio", ""), 3: ("lead_inclusive", "bool", "")},
    "AbsoluteMajority": {1: ("conditions", "WinningCondition", "repeated")},
    "RegionalCondition": {1: ("level_id", "string", ""), 2: ("ratio", "Ratio", ""), 3: ("inclusive", "bool", "")},
    "Referendum": {1: ("condition", "Threshold", ""), 2: ("regions", "RegionalCondition", "")},
    "Contest": {
        1: ("contest_id", "string", ""), 2: ("names", "Name", "repeated"), 3: ("unit_id", "string", ""),
        4: ("options", "Option", "repeated"), 5: ("share_base_id", "string", ""),
        6: ("party_list", "PartyList", "rule"),
        7: ("plurality", "Plurality", "rule"), 8: ("absolute_majority", "AbsoluteMajority", "rule"),
        9: ("referendum", "Referendum", "rule")},
    "ElectionDefined": {
        1: ("election_id", "string", ""), 2: ("names", "Name", "repeated"), 3: ("poll_date", "string", ""),
        4: ("law_edition", "string", ""), 5: ("levels", "Level", "repeated"), 6: ("sources", "Source", "repeated"),
        7: ("parties", "Party", "repeated"), 8: ("lines", "Line", "repeated"), 9: ("bases", "Base", "repeated"),
        10: ("turnouts", "Turnout", "repeated"), 11: ("rules", "Rule", "repeated"), 12: ("notice", "string", "")},
    "ContestsListed": {1: ("election_id", "string", ""), 2: ("contests", "Contest", "repeated")},
    "UnitsListed": {1: ("election_id", "string", ""), 2: ("units", "Unit", "repeated")},
    "RollAmended": {
        1: ("election_id", "string", ""), 2: ("entries", "RollEntry", "repeated"), 3: ("reason", "string", "")},
    "ElectionOpened": {
        1: ("election_id", "string", ""), 2: ("contest_count", "int64", ""), 3: ("unit_count", "int64", ""),
        4: ("roll_count", "int64", "")},

    # protocol.proto
    "LineFigure": {1: ("line_id", "string", ""), 2: ("count", "int64", "optional")},
    "OptionFigure": {1: ("option_id", "string", ""), 2: ("count", "int64", "optional")},
    "Signatory": {1: ("name", "string", ""), 2: ("role", "string", "")},
    "EvidenceDigest": {1: ("sha256", "bytes", ""), 2: ("media_type", "string", ""), 3: ("label", "string", "")},
    "ProtocolSubmitted": {
        1: ("election_id", "string", ""), 2: ("contest_id", "string", ""), 3: ("unit_id", "string", ""),
        4: ("source_id", "string", ""), 5: ("stage", "enum", ""), 6: ("lines", "LineFigure", "repeated"),
        7: ("options", "OptionFigure", "repeated"), 8: ("signed_time", "google.protobuf.Timestamp", ""),
        9: ("signatories", "Signatory", "repeated"), 10: ("evidence", "EvidenceDigest", "repeated"),
        11: ("note", "string", ""), 12: ("supersedes_sequence", "int64", "optional"),
        13: ("decision_sequence", "int64", "optional"), 14: ("reported_time", "google.protobuf.Timestamp", "")},

    # decision.proto
    "AppealFiled": {
        1: ("election_id", "string", ""), 2: ("appeal_id", "string", ""), 3: ("contest_id", "string", ""),
        4: ("unit_ids", "string", "repeated"), 5: ("filed_by", "string", ""), 6: ("grounds", "string", ""),
        7: ("evidence", "EvidenceDigest", "repeated"), 8: ("filed_time", "google.protobuf.Timestamp", "")},
    "DecisionRecorded": {
        1: ("election_id", "string", ""), 2: ("contest_id", "string", ""), 3: ("kind", "enum", ""),
        4: ("appeal_id", "string", ""), 5: ("unit_ids", "string", "repeated"), 6: ("body", "string", ""),
        7: ("act_number", "string", ""), 8: ("reason", "string", ""), 9: ("evidence", "EvidenceDigest", "repeated"),
        10: ("decided_time", "google.protobuf.Timestamp", ""), 11: ("released_sequences", "int64", "repeated")},

    # authority.proto
    "KeyGranted": {
        1: ("public_key", "bytes", ""), 2: ("holder", "string", ""), 3: ("role", "enum", ""),
        4: ("election_id", "string", ""),
        5: ("source_ids", "string", "repeated"), 6: ("unit_id", "string", ""), 7: ("contest_ids", "string", "repeated"),
        8: ("stages", "enum", "repeated")},
    "KeyRevoked": {1: ("public_key", "bytes", ""), 2: ("election_id", "string", ""), 3: ("reason", "string", "")},
    "KeyRotated": {1: ("old_public_key", "bytes", ""), 2: ("new_public_key", "bytes", ""), 3: ("reason", "string", "")},

    # publication.proto and view.proto
    "View": {
        1: ("source_id", "string", ""), 2: ("policy", "enum", ""), 3: ("basis", "enum", ""),
        4: ("excluding_contested", "bool", "")},
    "TallyPublished": {
        1: ("election_id", "string", ""), 2: ("contest_id", "string", ""), 3: ("view", "View", ""),
        4: ("tree_size", "int64", ""), 5: ("digest", "bytes", ""), 6: ("statement", "string", ""),
        7: ("title", "string", "")},
    "AuditorAttested": {
        1: ("tree_size", "int64", ""), 2: ("root_hash", "bytes", ""), 3: ("verdict", "enum", ""),
        4: ("report_digest", "bytes", ""), 5: ("note", "string", "")},
}

# What must hold of a field whatever stands beside it. Enums: how many values are declared, and whether one is required;
# where none is, zero is fine. Bytes: the sizes that are allowed.
ENUMS = {
    ("Source", "kind"): (2, True), ("Line", "meaning"): (11, False), ("Term", "aggregate"): (4, True),
    ("Rule", "relation"): (5, True), ("Rule", "severity"): (2, True), ("Rule", "stages"): (3, True),
    ("Option", "kind"): (5, True), ("PartyList", "method"): (14, True), ("ProtocolSubmitted", "stage"): (3, True),
    ("DecisionRecorded", "kind"): (6, True), ("KeyGranted", "role"): (4, True), ("KeyGranted", "stages"): (3, True),
    ("View", "policy"): (4, True), ("View", "basis"): (2, True), ("AuditorAttested", "verdict"): (2, True),
}
SIZES = {
    ("LedgerFounded", "authority_public_key"): (32,), ("EvidenceDigest", "sha256"): (32,),
    ("KeyGranted", "public_key"): (32,), ("KeyRevoked", "public_key"): (32,), ("KeyRotated", "old_public_key"): (32,),
    ("KeyRotated", "new_public_key"): (32,), ("TallyPublished", "digest"): (32,),
         ("AuditorAttested", "root_hash"): (32,),
    ("AuditorAttested", "report_digest"): (0, 32),
}

# Oneofs of which one member must be there.
ONEOFS = {"Term": "operand", "Contest": "rule"}

# Enums: the values that are declared, without zero.
SOURCE_COMMISSION, SOURCE_MONITOR = 1, 2
AGGREGATE_ALL, AGGREGATE_EXCEPT_AGAINST_ALL, AGGREGATE_ROLL, AGGREGATE_ONE = 1, 2, 3, 4
EQUAL, AT_MOST, AT_LEAST, LESS_THAN, GREATER_THAN = 1, 2, 3, 4, 5
SOFT, HARD = 1, 2
PRELIMINARY, FINAL, CORRECTED = 1, 2, 3
STAGES = {PRELIMINARY: "preliminary", FINAL: "final", CORRECTED: "corrected"}
OPTION_YES, OPTION_NO, OPTION_AGAINST_ALL = 3, 4, 5
OPTION_KINDS = range(1, 6)
LINE_MEANINGS = range(0, 12)
DISMISSED, FIGURES_CORRECTED, RESULTS_ANNULLED, RECOUNT_ORDERED, RESULTS_REINSTATED, QUARANTINE_RELEASED = range(1, 7)
ROLE_COMMISSION, ROLE_MONITOR, ROLE_COURT_REGISTRY, ROLE_AUDITOR = 1, 2, 3, 4
ROLES = {ROLE_COMMISSION: "commission", ROLE_MONITOR: "monitor", ROLE_COURT_REGISTRY: "court registry",
         ROLE_AUDITOR: "auditor"}
PRELIMINARY_ONLY, FINAL_ONLY, FINAL_ELSE_PRELIMINARY, CORRECTED_FIRST = 1, 2, 3, 4
POLICIES = {PRELIMINARY_ONLY: "preliminary-only", FINAL_ONLY: "final-only",
            FINAL_ELSE_PRELIMINARY: "final-else-preliminary",
            CORRECTED_FIRST: "corrected-first"}
BASIS_STATIONS = 1
VERDICTS = {1: "confirmed", 2: "rejected"}
