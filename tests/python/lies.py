"""Small logs, honest and not, each by a name: what two auditors must say the same of. Each adds to an opened ledger."""

from small_ledger import Key, Offices as O, definition, encode, protocol, rfc6962, tagged, to_base64, varint

LIES = {}
NEW = Key("new")
VOTES = {"A": 9, "B": 1, "none": 0}


def lie(name):
    def remember(function):
        LIES[name] = function
        return function
    return remember


def lies(prefix, variants, function):
    """One entry for each variant: `function(log, variant)`."""
    for name, variant in variants.items():
        LIES[f"{prefix}: {name}"] = lambda log, variant=variant: function(log, variant)


def file(log, contest="lists", unit="R2-2", key=O.commission, **more):
    return log.append("protocol_submitted", {**protocol(contest, unit, VOTES), **more}, key)


def broken(log):
    """A protocol that is quarantined."""
    return log.append("protocol_submitted", protocol("lists", "R2-2", VOTES, valid=90), O.commission)


def grant(log, key=NEW, signer=None, **more):
    log.append("key_granted", {"public_key": key.public, "holder": "h", "role": 1, "election_id": "e1",
                               "source_ids": ["commission"], **more}, signer)
    return key


def revoke(log, key, signer=None, election="", reason="r"):
    log.append("key_revoked", {"public_key": key.public, "election_id": election, "reason": reason}, signer)


def rotate(log, old, new, signer=None, reason="r"):
    log.append("key_rotated", {"old_public_key": old.public, "new_public_key": new.public, "reason": reason}, signer)


def decide(log, key=O.court, **more):
    return log.append("decision_recorded", {"election_id": "e1", "contest_id": "lists", "kind": 3, "unit_ids": ["R1-1"],
                                            "body": "b", "act_number": "1", **more}, key)


def release(log, *sequences, **more):
    decide(log, **{"kind": 6, "unit_ids": [], "released_sequences": list(sequences), **more})


def appeal(log, key=O.watch, **more):
    log.append("appeal_filed", {"election_id": "e1", "appeal_id": "A", "contest_id": "lists", "unit_ids": ["R1-1"],
                                "filed_by": "f", "grounds": "g", **more}, key)


def roll(log, *stations, key=O.commission, **more):
    entries = [{"unit_id": station, "registered_voters": 5} for station in stations]
    log.append("roll_amended", {"election_id": "e1", "reason": "r", "entries": entries, **more}, key)


def publish(log, change, key=O.commission):
    """A tally of which single fields are changed; those of the view are named view_*."""
    file(log)
    size, view = len(log.records), {"source_id": "commission", "policy": 4, "basis": 1}
    text = change.get("statement", log.statement("e1", "lists", {**view, "excluding_contested": False}, size))
    body = {"election_id": "e1", "contest_id": "lists", "view": view, "tree_size": size,
            "digest": rfc6962.sha256(text.encode()), "statement": text}
    for field, value in change.items():
        if field.startswith("view_"):
            view[field[5:]] = value
        else:
            body[field] = value
    log.append("tally_published", body, key)


def attest(log, change, key=O.auditor):
    log.append("auditor_attested", {"tree_size": 3, "root_hash": log.tree.root(3), "verdict": 1, **change}, key)


# Protocols and who signs them.
lies("protocol", {
    "honest": {}, "stage 0": {"stage": 0}, "stage 7": {"stage": 7}, "evidence": {"evidence": [{"sha256": bytes(31)}]},
    "supersedes another": {"supersedes_sequence": 5}, "supersedes 0": {"supersedes_sequence": 0},
    "decision on a final one": {"decision_sequence": 5}, "corrected without decision": {"stage": 3},
    "unknown contest": {"contest_id": "zz"}, "unknown election": {"election_id": "zz"}, "claim": {"unit_id": "R1"},
    "unknown unit": {"unit_id": "zz"}, "unknown source": {"source_id": "zz"}, "no lines": {"lines": []},
    "no options": {"options": []}, "blank": {"options": [{"option_id": one} for one in VOTES]},
    "option twice": {"options": [{"option_id": one} for one in (*VOTES, "A")]},
    "too large": {"lines": [{"line_id": "valid", "count": 10 ** 9}]},
                  "negative": {"lines": [{"line_id": "valid", "count": -1}]},
    "line twice": {"lines": [{"line_id": "valid", "count": 1}] * 2}, "unknown line": {"lines": [{"line_id": "zz"}]},
    "nanos": {"signed_time": {"seconds": 1, "nanos": 2 * 10 ** 9}},
                  "no nanos": {"signed_time": {"seconds": 1, "nanos": -1}},
    "late": {"signed_time": {"seconds": 10 ** 15}}, "early": {"reported_time": {"seconds": -10 ** 13}},
}, lambda log, change: file(log, **change))
lies("protocol signed by", {"operator": Key("operator"), "watch": O.watch, "court": O.court, "auditor": O.auditor},
     lambda log, key: file(log, key=key))
lies("protocol under a grant of", {
    "another stage": {"stages": [1]}, "another contest": {"contest_ids": ["mayor"]}, "another unit": {"unit_id": "R1"},
    "its unit": {"unit_id": "R2"}, "itself": {"stages": [2], "contest_ids": ["lists"], "unit_id": "R2-2"},
}, lambda log, scope: file(log, key=grant(log, **scope)))
LIES["protocol by the authority"] = lambda log: file(log, key=log.authority)
LIES["protocol of a watch, corrected"] = lambda log: file(
    log, key=O.watch, source_id="watch", unit_id="R1-1", stage=3, decision_sequence=decide(log, kind=2))
LIES["claim outside its contest"] = lambda log: file(log, contest_id="mayor", unit_id="C", options=[
    {"option_id": "X", "count": 1}, {"option_id": "Y", "count": 1}])

# Offices.
lies("grant", {
    "honest": {}, "signed by a commission": {"signer": O.commission}, "no holder": {"holder": ""},
               "role 0": {"role": 0},
    "role 9": {"role": 9}, "monitor with a commission's source": {"role": 2}, "no source": {"source_ids": []},
    "court with a source": {"role": 3}, "court": {"role": 3, "source_ids": []}, "stage 7": {"stages": [7]},
    "court with stages": {"role": 3, "source_ids": [], "stages": [1]}, "stage twice": {"stages": [1, 1]},
    "source twice": {"source_ids": ["commission"] * 2}, "unknown unit": {"unit_id": "zz"},
    "unknown contest": {"contest_ids": ["zz"]}, "unknown election": {"election_id": "zz"},
    "commission without election": {"election_id": ""}, "31 bytes": {"public_key": bytes(31)},
    "auditor of a unit without election": {"role": 4, "election_id": "", "source_ids": [], "unit_id": "C"},
    "auditor of stages without election": {"role": 4, "election_id": "", "source_ids": [], "stages": [1]},
}, lambda log, change: grant(log, **change))
LIES["grant to the authority"] = lambda log: grant(log, log.authority)
LIES["grant twice"] = lambda log: (grant(log), grant(log))
LIES["revoked by itself"] = lambda log: revoke(log, O.watch, O.watch)
LIES["revoked by itself in one election"] = lambda log: revoke(log, O.watch, O.watch, "e1")
LIES["revoked by another"] = lambda log: revoke(log, O.watch, O.commission)
LIES["revoked without reason"] = lambda log: revoke(log, O.watch, reason="")
LIES["revoked, unknown"] = lambda log: revoke(log, NEW)
LIES["revoked, the authority"] = lambda log: revoke(log, log.authority)
LIES["revoked twice"] = lambda log: (revoke(log, O.watch), revoke(log, O.watch))
LIES["revoked in one election, then everywhere"] = lambda log: (revoke(log, O.watch, None, "e1"), revoke(log, O.watch))
LIES["revoked in an unknown election"] = lambda log: revoke(log, O.watch, None, "zz")
LIES["revoked in an election, the auditor of all"] = lambda log: revoke(log, O.auditor, None, "e1")
LIES["revoked, then revokes itself"] = lambda log: (revoke(log, O.watch, None, "e1"), revoke(log, O.watch, O.watch))
WATCH = {"role": 2, "source_ids": ["watch"]}
LIES["revoked in one election, granted again"] = lambda log: (revoke(log, O.watch, None, "e1"),
                                                              grant(log, O.watch, **WATCH))
LIES["revoked everywhere, granted again"] = lambda log: (revoke(log, O.watch), grant(log, O.watch, **WATCH))
LIES["revoked, then signs"] = lambda log: (revoke(log, O.commission), file(log))
LIES["rotated, new signs"] = lambda log: (rotate(log, O.watch, NEW, O.watch), file(log, key=NEW, source_id="watch"))
LIES["rotated, old signs"] = lambda log: (rotate(log, O.watch, NEW, O.watch), file(log, key=O.watch, source_id="watch"))
LIES["rotated by the new key"] = lambda log: rotate(log, O.watch, NEW, NEW)
LIES["rotated to a known key"] = lambda log: rotate(log, O.watch, O.court)
LIES["rotated to itself"] = lambda log: rotate(log, O.watch, O.watch)
LIES["rotated to the authority's"] = lambda log: rotate(log, O.watch, log.authority)
LIES["rotated without reason"] = lambda log: rotate(log, O.watch, NEW, reason="")
LIES["rotated, unknown"] = lambda log: rotate(log, Key("nobody"), NEW)
LIES["rotated after revocation in its election"] = lambda log: (revoke(log, O.watch, None, "e1"),
                                                                rotate(log, O.watch, NEW))
LIES["rotated and back"] = lambda log: (rotate(log, O.watch, NEW), rotate(log, NEW, O.watch))
LIES["rotated, old granted"] = lambda log: (rotate(log, O.watch, NEW), grant(log, O.watch, **WATCH))
LIES["authority rotated, new grants"] = lambda log: (rotate(log, log.authority, NEW), grant(log, Key("k"), NEW))
LIES["authority rotated, old grants"] = lambda log: (rotate(log, log.authority, NEW), grant(log, Key("k")))
LIES["authority rotated, old granted"] = lambda log: (rotate(log, log.authority, NEW), grant(log, log.authority, NEW))

# Rolls, appeals, decisions.
lies("roll", {"honest": ("R1-1",), "twice": ("R1-1", "R1-1"), "none": (), "region": ("R1",), "unknown": ("zz",)},
     lambda log, stations: roll(log, *stations))
LIES["roll without reason"] = lambda log: roll(log, "R1-1", reason="")
LIES["roll too large"] = lambda log: roll(log, entries=[{"unit_id": "R1-1", "registered_voters": 10 ** 9}])
LIES["roll by a court"] = lambda log: roll(log, "R1-1", key=O.court)
LIES["roll by the authority"] = lambda log: roll(log, "R1-1", key=log.authority)
LIES["roll under two grants that cover it together"] = lambda log: roll(
    log, "R1-1", "R2-1", key=(grant(log, unit_id="R1"), grant(log, unit_id="R2"))[0])
lies("appeal", {
    "honest": {}, "no id": {"appeal_id": ""}, "no units": {"unit_ids": []}, "unit twice": {"unit_ids": ["R1-1"] * 2},
    "nobody": {"filed_by": ""}, "no grounds": {"grounds": ""}, "region": {"unit_ids": ["R1"]},
    "outside the contest": {"contest_id": "mayor", "unit_ids": ["R2-1"]}, "evidence": {"evidence": [{"sha256": b"1"}]},
    "by an auditor": {"key": O.auditor}, "by a court": {"key": O.court}, "id with a space": {"appeal_id": " A"},
}, lambda log, change: appeal(log, **change))
LIES["appeal by the authority"] = lambda log: appeal(log, log.authority)
LIES["appeal twice"] = lambda log: (appeal(log), appeal(log))
lies("decision", {
    "honest": {}, "no body": {"body": ""}, "no act": {"act_number": ""}, "kind 0": {"kind": 0}, "kind 7": {"kind": 7},
    "dismisses nothing": {"kind": 1}, "no unit": {"unit_ids": []}, "evidence": {"evidence": [{"sha256": b""}]},
    "region": {"unit_ids": ["R1"]}, "unknown appeal": {"appeal_id": "zz"}, "reinstates what stands": {"kind": 5},
    "releases nothing": {"kind": 6}, "releases record -1": {"kind": 6, "released_sequences": [-1]},
    "by the commission of the area": {"key": O.commission}, "recount": {"kind": 4},
}, lambda log, change: decide(log, **change))
lies("decision on an appeal", {
    "honest": {}, "dismissed": {"kind": 1, "unit_ids": []}, "of other stations": {"unit_ids": ["R1-2"]},
    "of another contest": {"contest_id": "president"}, "releases": {"kind": 6, "unit_ids": []},
}, lambda log, change: (appeal(log), decide(log, appeal_id="A", **change)))
lies("decision by a commission of", {
    "the region": {"unit_id": "R1"}, "the station": {"unit_id": "R1-1"}, "another region": {"unit_id": "R2"},
    "another contest": {"contest_ids": ["mayor"]}, "a stage": {"stages": [1]},
}, lambda log, scope: decide(log, key=grant(log, **scope)))
DISMISSED = {"kind": 1, "appeal_id": "A", "unit_ids": []}
LIES["decision on what is decided"] = lambda log: (appeal(log), decide(log, **DISMISSED), decide(log, **DISMISSED))
LIES["decision annuls twice"] = lambda log: (decide(log), decide(log))
LIES["decision annuls and reinstates"] = lambda log: (decide(log), decide(log, kind=5))
LIES["release"] = lambda log: release(log, broken(log))
LIES["release with another station"] = lambda log: release(log, broken(log), unit_ids=["R1-1"])
LIES["release of one twice"] = lambda log: release(log, *[broken(log)] * 2)
LIES["release twice"] = lambda log: (lambda one: (release(log, one), release(log, one)))(broken(log))
LIES["release in another contest"] = lambda log: release(log, broken(log), contest_id="mayor")
LIES["release of a sound protocol"] = lambda log: release(log, file(log))
LIES["release while annulling"] = lambda log: release(log, broken(log), kind=3)

# Tallies and attestations.
lies("tally", {
    "honest": {}, "digest": {"digest": bytes(32)}, "short digest": {"digest": b"1"}, "policy 0": {"view_policy": 0},
    "policy 9": {"view_policy": 9}, "claims": {"view_basis": 2}, "basis 0": {"view_basis": 0},
               "no view": {"view": None},
    "no source": {"view_source_id": ""}, "unknown source": {"view_source_id": "zz"},
               "source watch": {"view_source_id": "watch"},
    "future": {"tree_size": 99}, "before the election": {"tree_size": 5}, "at the opening": {"tree_size": 6},
    "size 0": {"tree_size": 0}, "empty": {"statement": ""}, "unknown contest": {"contest_id": "zz"},
    "another contest": {"contest_id": "mayor"}, "garbage": {"statement": "hello"},
               "unknown election": {"election_id": "zz"},
}, publish)
LIES["tally by a court"] = lambda log: publish(log, {}, O.court)
LIES["tally of the area by a region"] = lambda log: publish(log, {}, grant(log, unit_id="R1"))
LIES["tally of a region by it"] = lambda log: (file(log),
                                               log.publish_tally("e1", "mayor", {}, key=grant(log, unit_id="R1")))
lies("attestation", {
    "honest": {}, "of nothing": {"tree_size": 0}, "of the future": {"tree_size": 99}, "verdict 0": {"verdict": 0},
    "rejection": {"verdict": 2}, "short digest": {"report_digest": b"12345"}, "false root": {"root_hash": bytes(32)},
}, attest)
LIES["attestation by a commission"] = lambda log: attest(log, {}, O.commission)
AUDITOR = {"role": 4, "source_ids": []}
LIES["attestation by the auditor of an election"] = lambda log: attest(log, {}, grant(log, **AUDITOR))
LIES["attestation by the auditor of a contest"] = lambda log: attest(log, {},
                                                                     grant(log, contest_ids=["lists"], **AUDITOR))


# A second election, whose parts are changed.
def define(log, change):
    header, contests, units, entries = definition("e2")
    events = [["election_defined", header], ["contests_listed", {"election_id": "e2", "contests": contests}],
              ["units_listed", {"election_id": "e2", "units": units}],
              ["roll_amended", {"election_id": "e2", "entries": entries}],
              ["election_opened", {"election_id": "e2", "contest_count": 4, "unit_count": 7, "roll_count": 4}]]
    for event, body in change(events) or events:
        log.append(event, body)


def in_header(path, value):
    """Sets the value at a path of keys in the header."""
    return in_event(0, path, value)


def in_event(number, path, value):
    def change(events):
        place = events[number][1]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
    return change


def counts(events, **changed):
    return [events[-1][0], {**events[-1][1], **changed}]


lies("definition", {
    "honest": lambda e: e, "units first": lambda e: [e[0], e[2], e[1], *e[3:]],
                    "roll first": lambda e: [e[0], e[3], *e[1:3], e[4]],
    "never opened": lambda e: e[:4], "opened twice": lambda e: e + e[-1:], "no roll": lambda e: e[:3]
                    + [counts(e, roll_count=0)],
    "wrong count": lambda e: e[:4] + [counts(e, unit_count=9)], "units twice": lambda e: e[:3] + e[2:],
    "header twice": lambda e: e[:1] + e, "roll twice": lambda e: e[:4] + e[3:4] + [counts(e, roll_count=8)],
    "contests after the opening": lambda e: e + [e[1]], "no units": lambda e: e[:2]
                    + [counts(e, unit_count=0, roll_count=0)],
    "no contests": lambda e: [e[0], *e[2:4], counts(e, contest_count=0)],
    "an empty part": lambda e: e[:2] + [["contests_listed", {"election_id": "e2", "contests": []}]] + e[2:],
    "child before parent": lambda e: e[2][1]["units"].reverse(),
    "hides in a circle": in_header(("rules", 1, "hides"), ["R1"]),
                    "tolerance -1": in_header(("rules", 0, "tolerance_count"), -1),
    "no levels": in_header(("levels",), []), "no sources": in_header(("sources",), []),
                    "no bases": in_header(("bases",), []),
    "no lines": in_header(("lines",), []), "date": in_header(("poll_date",), "yesterday"),
                    "id": in_header(("election_id",), "e 2"),
    "level twice": in_header(("levels",), [{"level_id": "country"}] * 3),
                    "source kind 0": in_header(("sources", 0, "kind"), 0),
    "relation 0": in_header(("rules", 0, "relation"), 0), "relation 9": in_header(("rules", 0, "relation"), 9),
    "severity 0": in_header(("rules", 0, "severity"), 0), "stage 9": in_header(("rules", 0, "stages"), [9]),
    "meaning 99": in_header(("lines", 0, "meaning"), 99), "no operand": in_header(("rules", 0, "left"), [{}]),
    "no terms": in_header(("rules", 0, "left"), []), "aggregate 0": in_header(("rules", 0, "left"), [{"aggregate": 0}]),
    "aggregate 9": in_header(("rules", 0, "left"), [{"aggregate": 9}]),
                    "no text": in_header(("names",), [{"language": "en"}]),
    "coefficient": in_header(("rules", 0, "left"), [{"aggregate": 1, "coefficient": 1001}]),
    "constant": in_header(("rules", 0, "left"), [{"aggregate": 4, "coefficient": 1001}]),
    "ratio": in_header(("rules", 0, "tolerance_ratio"), {"numerator": 3, "denominator": 2}),
    "ratio 0/0": in_header(("rules", 0, "tolerance_ratio"), {}),
                    "soft hides hard": in_header(("rules", 1, "hides"), ["R1"]),
    "no rule": in_event(1, ("contests", 1, "plurality"), None),
                    "option kind 0": in_event(1, ("contests", 1, "options", 0, "kind"), 0),
    "seats 0": in_event(1, ("contests", 0, "party_list", "seat_count"), 0),
                    "method 0": in_event(1, ("contests", 0, "party_list", "method"), 0),
    "no ratio": in_event(1, ("contests", 0, "party_list", "threshold", "ratio"), None),
    "no condition": in_event(1, ("contests", 3, "referendum", "condition"), None),
    "no share": in_event(1, ("contests", 2, "absolute_majority", "conditions", 0, "share"), None),
    "no conditions": in_event(1, ("contests", 2, "absolute_majority", "conditions"), []),
    "no options": in_event(1, ("contests", 1, "options"), []),
                    "base": in_event(1, ("contests", 1, "share_base_id"), "zz"),
    "contest of no unit": in_event(1, ("contests", 0, "unit_id"), "zz"),
    "contest of a station": in_event(1, ("contests", 1, "unit_id"), "R1-1"),
    "unit of no level": in_event(2, ("units", 0, "level_id"), "zz"),
                    "two roots": in_event(2, ("units", 1, "parent_id"), ""),
    "a circle": in_event(2, ("units", 0, "parent_id"), "R1"),
                    "roll of a region": in_event(3, ("entries", 0, "unit_id"), "R1"),
    "roll -1": in_event(3, ("entries", 0, "registered_voters"), -1),
}, define)
LIES["definition: e1 again"] = lambda log: log.append("election_defined", definition("e1")[0])
LIES["definition: grant before the opening"] = lambda log: (define(log, lambda e: e[:4]), grant(log, election_id="e2"))
LIES["definition: signed by a commission"] = lambda log: log.append("election_defined", definition("e2")[0],
                                                                    O.commission)
LIES["second genesis"] = lambda log: log.append("ledger_founded", {
    "origin": log.origin, "format_version": 1, "authority_public_key": log.authority.public})


# Records that are not of the one form, and submissions that protobuf reads in its own way.
def written(log, submission, signature, time=None, sequence=None, between=b"", after=b""):
    sequence = len(log.records) if sequence is None else sequence
    time = tagged(2, stamp(1_700_000_000 + sequence, 5)) if time is None else time
    return (varint(8) + varint(sequence) + time + between + tagged(3, submission)
            + (tagged(4, signature) if signature is not None else b"") + after)


def stamp(seconds, nanos):
    return encode("google.protobuf.Timestamp", {"seconds": seconds, "nanos": nanos})


def record(log, make):
    """Appends the bytes of make(log, submission, signature) for an honest protocol."""
    submission = log.submission("protocol_submitted", protocol("lists", "R2-2", VOTES))
    signature = encode("SubmissionSignature", log.signed(submission, O.commission, "e1"))
    log.append_bytes(make(log, submission, signature))


lies("record", {
    "honest": written, "unknown field": lambda *a: written(*a, after=tagged(9, b"x")),
                "no time": lambda *a: written(*a, time=b""),
    "empty time": lambda *a: written(*a, time=tagged(2, b"")),
                "nanos": lambda *a: written(*a, time=tagged(2, stamp(2 ** 31, 10 ** 9))),
    "late": lambda *a: written(*a, time=tagged(2, stamp(10 ** 14, 1))),
                "no nanos": lambda *a: written(*a, time=tagged(2, stamp(2 ** 31, -1))),
    "time of other order": lambda *a: written(*a, time=tagged(2, b"\x10\x05\x08" + varint(2 ** 31))),
    "unknown field in the time": lambda *a: written(*a, time=tagged(2, stamp(2 ** 31, 1) + tagged(9, b"x"))),
    "time twice": lambda *a: written(*a, between=tagged(2, stamp(2 ** 31, 1))),
    "submission twice": lambda log, a, b: written(log, a, b, between=tagged(3, a)),
    "long varint": lambda log, a, b: b"\x08" + bytes([len(log.records) | 0x80, 0]) + written(log, a, b)[2:],
    "long tag": lambda *a: b"\x88\x00" + written(*a)[1:], "sequence last": lambda *a: written(*a)[2:] + written(*a)[:2],
    "no signature": lambda log, a, b: written(log, a, None), "empty signature": lambda log, a, b: written(log, a, b""),
    "no submission": lambda log, a, b: written(log, a, b).replace(tagged(3, a), b""), "empty submission": lambda log, a,
                b: written(log, b"", b),
    "another sequence": lambda *a: written(*a, sequence=3), "garbage": lambda *a: b"\xff\xff\xff",
                "empty": lambda *a: b"",
    "cut": lambda *a: written(*a)[:-9], "unknown field in the signature": lambda log, a,
                b: written(log, a, b + tagged(9, b"x")),
    "key twice in the signature": lambda log, a, b: written(log, a, tagged(1, bytes(32)) + b),
    "short key": lambda log, a,
                b: written(log, a, encode("SubmissionSignature", {"public_key": b"1", "signature": bytes(64)})),
    "short signature": lambda log, a,
                b: written(log, a, encode("SubmissionSignature", {"public_key": O.commission.public})),
    "key of small order": lambda log, a, b: written(log, a, encode("SubmissionSignature", {
        "public_key": b"\x01" + bytes(31), "signature": b"\x01" + bytes(63)})),
}, record)


def submission(log, change):
    """`change` makes other bytes of an honest submission, signed as they are; or in a triple with key and election."""
    function, key, election = change if isinstance(change, tuple) else (change, O.commission, "e1")
    data = function(log.submission("protocol_submitted", protocol("lists", "R2-2", VOTES)))
    log.append_bytes(log.record(data, log.signed(data, key, election)))


APPEAL = encode("AppealFiled", {"election_id": "e1", "appeal_id": "A", "contest_id": "lists", "unit_ids": ["R1-1"],
                                "filed_by": "f", "grounds": "g"})
lies("submission", {
    "future field": lambda d: d + tagged(900, b"future"), "group": lambda d: d + varint(7203) + b"\x08\x01"
                    + varint(7204),
    "crossed groups": lambda d: d + varint(7203) + varint(7212), "end of no group": lambda d: d + varint(7204),
    "field 0": lambda d: d + b"\x02\x00", "wire type 7": lambda d: d + varint(7207), "cut": lambda d: d[:-1],
    "same event again": lambda d: d + tagged(16, encode("ProtocolSubmitted", {"note": "n"})),
    "another event after it": (lambda d: d + tagged(17, APPEAL), O.watch, "e1"),
    "event of another wire type": lambda d: d + varint(128) + b"\x05", "no event": (lambda d: d[:18], O.commission, ""),
    "unknown event": (lambda d: d[:18] + tagged(24, b"x"), O.commission, ""),
                    "id of 15 bytes": lambda d: tagged(1, bytes(15)) + d[18:],
    "id twice": lambda d: tagged(1, bytes(15)) + d, "not UTF-8": lambda d: d + tagged(2, b"\xff"),
    "long submitter": lambda d: d + tagged(2, b"x" * 5000), "65,000 bytes": lambda d: d
                    + tagged(900, b"x" * (65_000 - len(d) - 5)),
    "65,001 bytes": lambda d: d + tagged(900, b"x" * (65_001 - len(d) - 5)),
                    "another election": (lambda d: d, O.commission, "e2"),
}, submission)


def batch(log, change):
    data = log.submission("protocol_submitted", protocol("lists", "R2-2", VOTES))
    other = rfc6962.leaf_hash(b"other")
    root = rfc6962.node_hash(rfc6962.leaf_hash(data), other)
    signed = O.commission.sign(f"hattama/batch/v1\n{log.origin}\ne1\n2\n{to_base64(root)}\n".encode())
    log.append_bytes(log.record(data, {"public_key": O.commission.public, "signature": signed,
                                       "batch": {"size": 2, "hashes": [other], **change}}))


lies("batch", {
    "honest": {}, "index 1": {"index": 1}, "size 3": {"size": 3}, "size 0": {"size": 0}, "size 1,025": {"size": 1_025},
    "no path": {"hashes": []}, "longer path": {"hashes": [bytes(32)] * 2}, "short hash": {"hashes": [bytes(31)]},
    "index -1": {"index": -1}, "index 2": {"index": 2}, "size 2^40": {"size": 1 << 40},
}, batch)
