"""What the parts of an election's definition must be (comments of proto/hattama/v1/election.proto).

Each function returns the list of what is wrong; `path` in a message is the field's name in the .proto.
"""

import re

from hattama_verify import messages as m
from hattama_verify.apportionment import HARE, METHODS
from hattama_verify.text import shown

ELECTION_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
COUNT_MAX = 999_999_999
COEFFICIENT_MAX = 1_000
TERMS_MAX = 64
ID_SIZE_MAX = 256
POLL_DATE = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])\Z")
SEATS_MAX = 100_000
INDEX_DENOMINATOR_MAX = 1_000_000


def id_fault(text):
    """Why a text is no id, or None: 1..256 bytes, no control character, no space at either end."""
    if not text:
        return "is empty"
    if len(text.encode()) > ID_SIZE_MAX:
        return f"has more than {ID_SIZE_MAX} bytes"
    if any(c < " " or c == "\x7f" for c in text):
        return "has a control character"
    return "begins or ends with a space" if text[0] == " " or text[-1] == " " else None


def unique(items, key, path, faults, taken=()):
    """Checks that each item has an id of its own; returns the ids."""
    ids = set()
    for index, item in enumerate(items):
        item_id = item[key]
        fault = id_fault(item_id)
        if fault:
            faults.append(f"{path}[{index}].{key} {fault}")
        elif item_id in ids or item_id in taken:
            faults.append(f"{path}[{index}].{key} {shown(item_id)} is there already")
        ids.add(item_id)
    return ids


def check_names(names, path, faults):
    languages = set()
    for index, name in enumerate(names):
        if not name["language"] or not name["text"]:
            faults.append(f"{path}[{index}] has no language or no text")
        if name["language"] in languages:
            faults.append(f"{path}[{index}] is a second text in {shown(name['language'])}")
        languages.add(name["language"])


def _check_ratio(ratio, path, faults):
    if ratio is None:
        faults.append(f"{path} is missing")
    elif not 0 <= ratio["numerator"] <= ratio["denominator"] or ratio["denominator"] == 0:
        faults.append(f"{path} is {ratio['numerator']} / {ratio['denominator']}")


def _check_second_list_index(party_list, path, faults):
    index = party_list["second_list_index"]
    _check_ratio(index, path, faults)
    if index["numerator"] == 0 or index["denominator"] > INDEX_DENOMINATOR_MAX:
        faults.append(f"{path} is {index['numerator']} / {index['denominator']}")
    if party_list["method"] != HARE or party_list["threshold"] is None:
        faults.append(f"{path} goes with a threshold and the Hare quota alone")


def _check_terms(terms, path, lines, faults):
    if not terms:
        faults.append(f"{path} is empty")
    if len(terms) > TERMS_MAX:
        faults.append(f"{path} has {len(terms)} terms, more than {TERMS_MAX}")
    for index, term in enumerate(terms):
        where = f"{path}[{index}]"
        # A coefficient of one states a constant, which may be as large as a figure.
        largest = COUNT_MAX if term["aggregate"] == m.AGGREGATE_ONE else COEFFICIENT_MAX
        if term["coefficient"] is not None and abs(term["coefficient"]) > largest:
            faults.append(f"{where}.coefficient is {term['coefficient']}")
        if term["operand"] is None:
            faults.append(f"{where} has no operand")
        elif term["operand"] == "line_id" and term["line_id"] not in lines:
            faults.append(f"{where}.line_id {shown(term['line_id'])} is no line of the form")
        elif term["operand"] == "option_id" and not term["option_id"]:
            faults.append(f"{where}.option_id is empty")
        elif term["operand"] == "aggregate" and not 1 <= term["aggregate"] <= 4:
            faults.append(f"{where}.aggregate is {term['aggregate']}")


def header_faults(event):
    """Faults of election_defined by itself."""
    faults = []
    if not ELECTION_ID.match(event["election_id"]):
        faults.append(f"election_id {shown(event['election_id'])} is not 1..64 letters, digits, '.', '_' and '-'")
    check_names(event["names"], "names", faults)
    if event["poll_date"] and not POLL_DATE.match(event["poll_date"]):
        faults.append(f"poll_date {shown(event['poll_date'])} is no date of the form YYYY-MM-DD")
    if not event["levels"]:
        faults.append("levels is empty")
    levels = unique(event["levels"], "level_id", "levels", faults)
    if not event["sources"]:
        faults.append("sources is empty")
    unique(event["sources"], "source_id", "sources", faults)
    for index, source in enumerate(event["sources"]):
        if source["kind"] not in (m.SOURCE_COMMISSION, m.SOURCE_MONITOR):
            faults.append(f"sources[{index}].kind is {source['kind']}")
        if source["level_id"] and source["level_id"] not in levels:
            faults.append(f"sources[{index}].level_id {shown(source['level_id'])} is no level")
    unique(event["parties"], "party_id", "parties", faults)
    lines = unique(event["lines"], "line_id", "lines", faults)
    for index, line in enumerate(event["lines"]):
        if line["meaning"] not in m.LINE_MEANINGS:
            faults.append(f"lines[{index}].meaning is {line['meaning']}")
    if not event["bases"]:
        faults.append("bases is empty")
    unique(event["bases"], "base_id", "bases", faults)
    for index, base in enumerate(event["bases"]):
        _check_terms(base["terms"], f"bases[{index}].terms", lines, faults)
    unique(event["turnouts"], "turnout_id", "turnouts", faults)
    for index, turnout in enumerate(event["turnouts"]):
        _check_terms(turnout["numerator"], f"turnouts[{index}].numerator", lines, faults)
        _check_terms(turnout["denominator"], f"turnouts[{index}].denominator", lines, faults)
    for field in ("levels", "sources", "parties", "lines", "bases", "turnouts"):
        for index, item in enumerate(event[field]):
            check_names(item["names"], f"{field}[{index}].names", faults)
    _check_rules(event["rules"], lines, faults)
    return faults


def _check_rules(rules, lines, faults):
    rule_ids = unique(rules, "rule_id", "rules", faults)
    severities = {rule["rule_id"]: rule["severity"] for rule in rules}
    hiding = {rule["rule_id"]: rule["hides"] for rule in rules}
    for index, rule in enumerate(rules):
        where = f"rules[{index}]"
        check_names(rule["texts"], f"{where}.texts", faults)
        _check_terms(rule["left"], f"{where}.left", lines, faults)
        _check_terms(rule["right"], f"{where}.right", lines, faults)
        if not 1 <= rule["relation"] <= 5:
            faults.append(f"{where}.relation is {rule['relation']}")
        if rule["severity"] not in (m.SOFT, m.HARD):
            faults.append(f"{where}.severity is {rule['severity']}")
        if not 0 <= rule["tolerance_count"] <= COUNT_MAX:
            faults.append(f"{where}.tolerance_count is {rule['tolerance_count']}")
        if rule["tolerance_ratio"] is not None:
            _check_ratio(rule["tolerance_ratio"], f"{where}.tolerance_ratio", faults)
        for stage in rule["stages"]:
            if stage not in m.STAGES:
                faults.append(f"{where}.stages has {stage}")
        for hidden in rule["hides"]:
            if hidden not in rule_ids:
                faults.append(f"{where}.hides {shown(hidden)}, which is no rule")
            elif rule["severity"] == m.SOFT and severities[hidden] == m.HARD:
                faults.append(f"{where} is soft and hides the hard rule {shown(hidden)}")
        if _hides_itself(rule["rule_id"], hiding):
            faults.append(f"{where} hides, in the end, itself")


def _hides_itself(rule_id, hiding):
    seen, pending = set(), list(hiding[rule_id])
    while pending:
        hidden = pending.pop()
        if hidden == rule_id:
            return True
        if hidden not in seen:
            seen.add(hidden)
            pending.extend(hiding.get(hidden, ()))
    return False


def _contests_faults(election):
    faults = [] if election.listed_contests else ["no contests were listed"]
    unique(election.listed_contests, "contest_id", "contests", faults)
    for index, contest in enumerate(election.listed_contests):
        _check_contest(election, contest, f"contests[{index}]", faults)
    return faults


def _check_threshold(election, threshold, path, faults):
    if threshold is None:
        faults.append(f"{path} is missing")
        return
    _check_ratio(threshold["ratio"], f"{path}.ratio", faults)
    if threshold["base_id"] not in election.bases:
        faults.append(f"{path}.base_id {shown(threshold['base_id'])} is no base")


def _check_contest(election, contest, where, faults):
    check_names(contest["names"], f"{where}.names", faults)
    if not contest["unit_id"]:
        faults.append(f"{where}.unit_id is empty")
    unique(contest["options"], "option_id", f"{where}.options", faults)
    parties = {party["party_id"] for party in election.definition["parties"]}
    for index, option in enumerate(contest["options"]):
        check_names(option["names"], f"{where}.options[{index}].names", faults)
        if option["kind"] not in m.OPTION_KINDS:
            faults.append(f"{where}.options[{index}].kind is {option['kind']}")
        if option["option_id"] in election.line_ids:
            faults.append(f"{where}.options[{index}].option_id {shown(option['option_id'])} is also the id of a line")
        if option["party_id"] and option["party_id"] not in parties:
            faults.append(f"{where}.options[{index}].party_id {shown(option['party_id'])} is no party")
    if all(option["kind"] == m.OPTION_AGAINST_ALL for option in contest["options"]):
        faults.append(f"{where}.options has none that can win")
    if contest["share_base_id"] not in election.bases:
        faults.append(f"{where}.share_base_id {shown(contest['share_base_id'])} is no base")
    rule = contest["rule"]
    if rule is None:
        faults.append(f"{where} has no rule")
    elif rule == "party_list":
        body = contest["party_list"]
        if not 1 <= body["seat_count"] <= SEATS_MAX:
            faults.append(f"{where}.party_list.seat_count is {body['seat_count']}")
        if body["threshold"] is not None:
            _check_threshold(election, body["threshold"], f"{where}.party_list.threshold", faults)
        if body["method"] not in METHODS:
            faults.append(f"{where}.party_list.method is {body['method']}")
        if body["second_list_index"] is not None:
            _check_second_list_index(body, f"{where}.party_list.second_list_index", faults)
    elif rule == "absolute_majority":
        if not contest["absolute_majority"]["conditions"]:
            faults.append(f"{where}.absolute_majority.conditions is empty")
        for index, condition in enumerate(contest["absolute_majority"]["conditions"]):
            path = f"{where}.absolute_majority.conditions[{index}]"
            _check_threshold(election, condition["share"], f"{path}.share", faults)
            if condition["lead"] is not None:
                _check_ratio(condition["lead"], f"{path}.lead", faults)
    elif rule == "referendum":
        body = contest["referendum"]
        _check_threshold(election, body["condition"], f"{where}.referendum.condition", faults)
        if sum(option["kind"] == m.OPTION_YES for option in contest["options"]) != 1:
            faults.append(f"{where}.options has not exactly one of kind YES")
        regions = body["regions"]
        if regions is not None:
            _check_ratio(regions["ratio"], f"{where}.referendum.regions.ratio", faults)
            if election.levels.get(regions["level_id"], election.station_level) >= election.station_level:
                faults.append(f"{where}.referendum.regions.level_id {shown(regions['level_id'])} is no level above the "
                              "stations")


def _units_faults(election):
    """Faults of the area tree. That each level is below that of the parent leaves no room for a cycle."""
    units, faults = election.listed_units, []
    unique(units, "unit_id", "units", faults)
    levels, roots = {unit["unit_id"]: election.levels.get(unit["level_id"]) for unit in units}, 0
    for index, unit in enumerate(units):
        where, level = f"units[{index}]", levels[unit["unit_id"]]
        check_names(unit["names"], f"{where}.names", faults)
        if level is None:
            faults.append(f"{where}.level_id {shown(unit['level_id'])} is no level")
        if not unit["parent_id"]:
            roots += 1
        elif unit["parent_id"] not in levels:
            faults.append(f"{where}.parent_id {shown(unit['parent_id'])} is no unit")
        elif level is not None and levels[unit["parent_id"]] is not None and level <= levels[unit["parent_id"]]:
            faults.append(f"{where} is of level {shown(unit['level_id'])}, not below that of its parent")
    if roots != 1:
        faults.append(f"the units have {roots} roots, not one")
    return faults


def _roll_faults(entries, is_station):
    faults = []
    unique(entries, "unit_id", "entries", faults)
    for index, entry in enumerate(entries):
        if not is_station(entry["unit_id"]):
            faults.append(f"entries[{index}].unit_id {shown(entry['unit_id'])} is no station")
    return faults


def count_faults(entries):
    return [f"entries[{index}].registered_voters is {entry['registered_voters']}" for index, entry in enumerate(entries)
            if not 0 <= entry["registered_voters"] <= COUNT_MAX]


def amendment_faults(election, event):
    """Faults of a roll_amended after the opening."""
    faults = [] if event["entries"] else ["entries is empty"]
    faults += [] if event["reason"] else ["reason is empty after the opening"]
    faults += count_faults(event["entries"])
    return faults + _roll_faults(event["entries"], lambda unit_id: unit_id in election.station_index)


def opening_faults(election, event):
    """Faults of the whole definition, whose parts came in any order before election_opened."""
    faults = []
    for field, listed in (("contest_count", election.listed_contests), ("unit_count", election.listed_units),
                          ("roll_count", election.listed_roll)):
        if event[field] != len(listed):
            faults.append(f"{field} is {event[field]}, but {len(listed)} were listed")
    faults += _contests_faults(election) + _units_faults(election)
    stations = {unit["unit_id"] for unit in election.listed_units
                if election.levels.get(unit["level_id"]) == election.station_level}
    faults += _roll_faults(election.listed_roll, stations.__contains__)
    units = {unit["unit_id"] for unit in election.listed_units}
    contests = {contest["contest_id"]: contest for contest in election.listed_contests}
    options = {option["option_id"] for contest in contests.values() for option in contest["options"]}
    for contest_id, contest in contests.items():
        if contest["unit_id"] not in units:
            faults.append(f"contest {contest_id} is of {shown(contest['unit_id'])}, which is no unit")
    for rule in election.definition["rules"]:
        for contest_id in rule["contest_ids"]:
            if contest_id not in contests:
                faults.append(f"rule {rule['rule_id']} is of {shown(contest_id)}, which is no contest")
    for kind, parts in (("bases", ("terms",)), ("turnouts", ("numerator", "denominator")),
                        ("rules", ("left", "right"))):
        for item in election.definition[kind]:
            for term in (term for part in parts for term in item[part]):
                if term["operand"] == "option_id" and term["option_id"] not in options:
                    faults.append(f"{kind} name the option {shown(term['option_id'])}, which no contest has")
    return faults
