"""Dictionaries of hattama_verify.messages as protobuf JSON, the way `hattama define` and `hattama submit` read them."""

import base64

from small_ledger import MESSAGES

ENUMS = {
    ("Source", "kind"): ("SOURCE_KIND", "COMMISSION MONITOR"),
    ("Line", "meaning"): ("LINE_MEANING", "REGISTERED_VOTERS BALLOTS_RECEIVED BALLOTS_ISSUED"),
    ("Term", "aggregate"): ("AGGREGATE", "ALL_OPTIONS ALL_OPTIONS_EXCEPT_AGAINST_ALL ROLL ONE"),
    ("Rule", "relation"): ("RELATION", "EQUAL AT_MOST AT_LEAST LESS_THAN GREATER_THAN"),
    ("Rule", "severity"): ("SEVERITY", "SOFT HARD"),
    ("Rule", "stages"): ("STAGE", "PRELIMINARY FINAL CORRECTED"),
    ("Option", "kind"): ("OPTION_KIND", "PARTY CANDIDATE YES NO AGAINST_ALL"),
    ("PartyList", "method"): (
        "ALLOCATION_METHOD", "LARGEST_REMAINDER_HARE LARGEST_REMAINDER_HARE_ROUNDED LARGEST_REMAINDER_DROOP"
        " LARGEST_REMAINDER_HAGENBACH_BISCHOFF LARGEST_REMAINDER_HAGENBACH_BISCHOFF_CEILING"
        " LARGEST_REMAINDER_HAGENBACH_BISCHOFF_ROUNDED LARGEST_REMAINDER_IMPERIALI DHONDT SAINTE_LAGUE"
        " MODIFIED_SAINTE_LAGUE HUNTINGTON_HILL ADAMS DEAN BALINSKI_YOUNG_QUOTA"),
    ("ProtocolSubmitted", "stage"): ("STAGE", "PRELIMINARY FINAL CORRECTED"),
}


def to_json(name, message):
    """The JSON value of a message; keys that are not there stay away."""
    kinds = {field: (kind, label) for field, kind, label in MESSAGES[name].values()}
    answer = {}
    for field, value in message.items():
        kind, label = kinds[field]

        def one(item, kind=kind, field=field):
            if kind == "enum":
                prefix, names = ENUMS[name, field]
                return f"{prefix}_{(['UNSPECIFIED'] + names.split())[item]}"
            if kind == "bytes":
                return base64.b64encode(item).decode()
            return to_json(kind, item) if kind in MESSAGES else item

        if value is not None:
            answer[field] = [one(item) for item in value] if label == "repeated" else one(value)
    return answer


def definition_json(header, contests, units, roll):
    return {"election": to_json("ElectionDefined", header), "contests": [to_json("Contest", one) for one in contests],
            "units": [to_json("Unit", one) for one in units], "roll": [to_json("RollEntry", one) for one in roll]}
