"""Sums over the stations of a unit at one version, and what follows from them (docs/format.md, sections 5 and 6)."""

from collections import namedtuple

from hattama_verify import messages as m
from hattama_verify.apportionment import apportion

STATES = ("counted", "quarantined", "annulled", "excluded", "missing")
COUNTED, QUARANTINED, ANNULLED, EXCLUDED, MISSING = range(5)

POLICY_STAGES = {
    m.PRELIMINARY_ONLY: (m.PRELIMINARY,),
    m.FINAL_ONLY: (m.FINAL,),
    m.FINAL_ELSE_PRELIMINARY: (m.FINAL, m.PRELIMINARY),
    m.CORRECTED_FIRST: (m.CORRECTED, m.FINAL, m.PRELIMINARY),
}

# `undecided` is a number, and `seats` a list of (option id, seats), for party lists that admit a list; else None.
Outcome = namedtuple("Outcome", "status options seats undecided")
View = namedtuple("View", "source_id policy excluding_contested")
Station = namedtuple("Station", "unit state protocol is_contested is_awaiting")


def view_of(message):
    return View(message["source_id"], message["policy"], message["excluding_contested"])


def station_at(contest, unit, view, tree_size):
    """What the view makes of one station at a version."""
    protocol = None
    for stage in POLICY_STAGES[view.policy]:
        stream = contest.stream(unit.unit_id, view.source_id, stage)
        protocol = stream.at(tree_size) if stream else None
        if protocol:
            break
    status = contest.statuses.get(unit.unit_id)
    is_contested = is_awaiting = is_annulled = False
    if status:
        is_contested = status.open_appeals.at(tree_size, 0) > 0
        is_awaiting = status.awaiting.at(tree_size, False)
        is_annulled = status.annulled.at(tree_size, False)
    if is_annulled:
        state = ANNULLED
    elif protocol is None:
        state = MISSING
    elif protocol.is_quarantined(tree_size):
        state = QUARANTINED
    elif view.excluding_contested and is_contested:
        state = EXCLUDED
    else:
        state = COUNTED
    return Station(unit, state, protocol, is_contested, is_awaiting)


class Sums:
    """The sums of some stations: per column the sum and how many state it; how many stations are in each state."""

    def __init__(self, column_count):
        self.sums, self.stated = [0] * column_count, [0] * column_count
        self.states = [0] * len(STATES)
        self.contested = self.awaiting = self.with_findings = 0
        self.stages = {stage: 0 for stage in m.STAGES}

    def add(self, station):
        self.states[station.state] += 1
        self.contested += station.is_contested
        self.awaiting += station.is_awaiting
        if station.state != COUNTED:
            return
        self.stages[station.protocol.stage] += 1
        self.with_findings += bool(station.protocol.findings)
        for column, amount in enumerate(station.protocol.row):
            if amount is not None:
                self.sums[column] += amount
                self.stated[column] += 1

    def row(self):
        """The sums as a row: None where no station states the column."""
        return [amount if count else None for amount, count in zip(self.sums, self.stated)]


class Tally:
    """The tally of a contest at its own unit, by the protocols of stations, at one version."""

    def __init__(self, election, contest, view, tree_size):
        self.election, self.contest, self.view, self.tree_size = election, contest, view, tree_size
        self.stations = [station_at(contest, unit, view, tree_size) for unit in election.stations_of(contest.unit)]
        self.totals = self._sums(contest.unit)
        self.row = self.totals.row()
        self.roll = election.roll_sum(contest.unit, tree_size)

    def _sums(self, unit):
        first = self.contest.unit.stations[0]
        sums = Sums(self.contest.column_count)
        for station in self.stations[unit.stations[0] - first:unit.stations[1] - first]:
            sums.add(station)
        return sums

    def base(self, base_id, row=None, roll=None):
        """The value of a base over the contest's unit, or over the row and roll of another one."""
        if row is None:
            row, roll = self.row, self.roll
        return self.contest.value(self.election.bases[base_id]["terms"], row, roll or None)

    def turnout(self, turnout):
        numerator = self.contest.value(turnout["numerator"], self.row, self.roll or None)
        denominator = self.contest.value(turnout["denominator"], self.row, self.roll or None)
        if numerator is None or denominator is None or denominator <= 0:
            return None
        return numerator, denominator

    def votes(self, row=None):
        """(option id, votes) of each option that can win and has a value, in ballot order."""
        row = self.row if row is None else row
        amounts = row[self.contest.line_count:]
        return [(option["option_id"], amount) for option, amount in zip(self.contest.options, amounts)
                if option["kind"] != m.OPTION_AGAINST_ALL and amount is not None]

    def outcome(self):
        rule = self.contest.definition["rule"]
        return getattr(self, "_" + rule)(self.contest.definition[rule])

    def _in_ballot_order(self, chosen):
        return [option["option_id"] for option in self.contest.options if option["option_id"] in chosen]

    def _party_list(self, rule):
        threshold, votes = rule["threshold"], self.votes()
        admitted = [(option, amount) for option, amount in votes if amount > 0]
        if threshold is not None:
            base = self.base(threshold["base_id"])
            if base is None or base <= 0:
                return Outcome("undetermined", [], None, None)
            admitted = [(option, amount) for option, amount in admitted
                        if reaches(amount, base, threshold["ratio"], threshold["inclusive"])]
        if not admitted:
            return Outcome("undetermined", [], None, None)
        count, index = rule["seat_count"], rule["second_list_index"]
        if len(admitted) == 1 and index is not None:
            return self._with_second_list(votes, admitted[0], count, index)
        shared = apportion(rule["method"], [amount for _, amount in admitted], count)
        if shared is None:
            return Outcome("undetermined", [], [(option, 0) for option, _ in votes], 0)
        return self._seats(votes, {option: won for (option, _), won in zip(admitted, shared[0])}, shared[1])

    def _with_second_list(self, votes, first, count, index):
        others = [(option, amount) for option, amount in votes if option != first[0] and amount > 0]
        most = max((amount for _, amount in others), default=0)
        second = [option for option, amount in others if amount == most]
        if len(second) > 1:
            return self._seats(votes, {}, count)
        won = 0
        if second:
            won = index["numerator"] * most * count // (index["denominator"] * (first[1] + most))
        return self._seats(votes, {first[0]: count - won, **{option: won for option in second}}, 0)

    def _seats(self, votes, seats, undecided):
        listed = [(option, seats.get(option, 0)) for option, _ in votes]
        chosen = {option for option, won in seats.items() if won}
        return Outcome("tie" if undecided else "decided", self._in_ballot_order(chosen), listed, undecided)

    def _plurality(self, _):
        votes = self.votes()
        most = max((amount for _, amount in votes), default=0)
        if most <= 0:
            return Outcome("undetermined", [], None, None)
        first = [option for option, amount in votes if amount == most]
        return Outcome("decided" if len(first) == 1 else "tie", first, None, None)

    def _absolute_majority(self, rule):
        votes = self.votes()
        amounts = sorted((amount for _, amount in votes), reverse=True)
        bases = [self.base(condition["share"]["base_id"]) for condition in rule["conditions"]]
        if not amounts or amounts[0] <= 0 or any(base is None or base <= 0 for base in bases):
            return Outcome("undetermined", [], None, None)
        most, first = amounts[0], [option for option, amount in votes if amount == amounts[0]]
        following = [amount for amount in amounts if amount < most]
        if len(first) == 1:
            lead = most - (following[0] if following else 0)
            for condition, base in zip(rule["conditions"], bases):
                share = condition["share"]
                if (reaches(most, base, share["ratio"], share["inclusive"])
                        and (condition["lead"] is None or reaches(lead, base, condition["lead"],
                                                                  condition["lead_inclusive"]))):
                    return Outcome("decided", first, None, None)
        chosen = set(first)
        if len(first) == 1 and following:
            chosen.update(option for option, amount in votes if amount == following[0])
        status = {1: "rejected", 2: "runoff"}.get(len(chosen), "tie")
        return Outcome(status, self._in_ballot_order(chosen), None, None)

    def _condition(self, condition, row, roll):
        """Whether YES reaches the condition over these figures; None where that has no answer."""
        yes_option = next(option for option in self.contest.options if option["kind"] == m.OPTION_YES)
        yes = row[self.contest.option_columns[yes_option["option_id"]]]
        base = self.base(condition["base_id"], row, roll)
        if yes is None or base is None or base <= 0:
            return None
        return reaches(yes, base, condition["ratio"], condition["inclusive"])

    def _referendum(self, rule):
        condition, regions = rule["condition"], rule["regions"]
        is_met = self._condition(condition, self.row, self.roll)
        if is_met is None:
            return Outcome("undetermined", [], None, None)
        yes = [option["option_id"] for option in self.contest.options if option["kind"] == m.OPTION_YES]
        status = "adopted" if is_met else "rejected"
        if is_met and regions is not None:
            status = self._regions(condition, regions)
        return Outcome(status, yes if status == "adopted" else [], None, None)

    def _regions(self, condition, regions):
        level = self.election.levels[regions["level_id"]]
        units = [unit for unit in self.election.units.values() if unit.level == level
                 and unit.is_within(self.contest.unit)]
        answers = [self._condition(condition, self._sums(unit).row(), self.election.roll_sum(unit, self.tree_size))
                   for unit in units]
        met, open_count = answers.count(True), answers.count(None)
        if not units:
            return "undetermined"
        if reaches(met, len(units), regions["ratio"], regions["inclusive"]):
            return "adopted"
        if reaches(met + open_count, len(units), regions["ratio"], regions["inclusive"]):
            return "undetermined"
        return "rejected"


def reaches(part, whole, ratio, inclusive):
    """Whether part / whole is above the ratio, or equal to it where that is enough. `whole` is positive."""
    left, right = part * ratio["denominator"], ratio["numerator"] * whole
    return left > right or inclusive and left == right
