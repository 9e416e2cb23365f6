"""What an election is: sources, form, area tree, contests; and what its events change, with every version kept.

Nothing here checks rights or admission; definition.py and admission.py do, before anything is taken in.
"""

from bisect import bisect_left
from collections import namedtuple

from hattama_verify import messages as m

Appeal = namedtuple("Appeal", "contest_id units decided")
Decision = namedtuple("Decision", "contest_id kind units")


class Timeline:
    """Values that changed at sequences, oldest first. The state at tree_size n has seen the sequences below n."""

    __slots__ = ("sequences", "values")

    def __init__(self):
        self.sequences, self.values = [], []

    def set(self, sequence, value):
        self.sequences.append(sequence)
        self.values.append(value)

    def at(self, tree_size, default=None):
        position = bisect_left(self.sequences, tree_size)
        return self.values[position - 1] if position else default

    def now(self, default=None):
        return self.values[-1] if self.values else default


class Unit:
    """A node of the area tree. `stations` is the half-open range of its stations in tree order, once it is open."""

    __slots__ = ("unit_id", "parent", "level", "children", "stations")

    def __init__(self, unit_id, level):
        self.unit_id, self.parent, self.level = unit_id, None, level
        self.children, self.stations = [], (0, 0)

    def is_within(self, other):
        unit = self
        while unit is not None:
            if unit is other:
                return True
            unit = unit.parent
        return False


class Protocol:
    """One recorded protocol: its row over the contest's columns (None is blank), and what the rules found."""

    __slots__ = ("sequence", "leaf", "unit", "source_id", "stage", "row", "findings", "is_hard", "released")

    def __init__(self, sequence, leaf, unit, source_id, stage, row):
        self.sequence, self.leaf, self.unit = sequence, leaf, unit
        self.source_id, self.stage, self.row = source_id, stage, row
        self.findings, self.is_hard, self.released = [], False, None

    def is_quarantined(self, tree_size):
        return self.is_hard and not (self.released is not None and self.released < tree_size)


class StationStatus:
    """What appeals and decisions make of one station in one contest."""

    __slots__ = ("open_appeals", "annulled", "awaiting")

    def __init__(self):
        self.open_appeals, self.annulled, self.awaiting = Timeline(), Timeline(), Timeline()


class Contest:
    """A contest with its columns: the form's lines in order, then its options in ballot order."""

    def __init__(self, definition, line_ids):
        self.definition = definition
        self.contest_id = definition["contest_id"]
        self.options = definition["options"]
        self.line_count = len(line_ids)
        self.line_columns = {line_id: i for i, line_id in enumerate(line_ids)}
        self.option_columns = {option["option_id"]: self.line_count + i for i, option in enumerate(self.options)}
        self.column_count = self.line_count + len(self.options)
        self.unit = None
        # (unit id, source id, stage) -> Timeline of Protocol.
        self.streams = {}
        # unit id -> StationStatus, where anything ever happened to it.
        self.statuses = {}

    def stream(self, unit_id, source_id, stage):
        return self.streams.get((unit_id, source_id, stage))

    def status(self, unit_id):
        status = self.statuses.get(unit_id)
        if status is None:
            status = self.statuses[unit_id] = StationStatus()
        return status

    def value(self, terms, row, roll):
        """The exact value of terms over a row of figures or of sums; None where a part of it has none."""
        total = 0
        for term in terms:
            coefficient = 1 if term["coefficient"] is None else term["coefficient"]
            amount = self._operand(term, row, roll)
            if amount is None:
                return None
            total += coefficient * amount
        return total

    def _operand(self, term, row, roll):
        operand = term["operand"]
        if operand == "line_id":
            return row[self.line_columns[term["line_id"]]]
        if operand == "option_id":
            column = self.option_columns.get(term["option_id"])
            return None if column is None else row[column]
        if term["aggregate"] == m.AGGREGATE_ONE:
            return 1
        if term["aggregate"] == m.AGGREGATE_ROLL:
            return roll
        total = 0
        for option, amount in zip(self.options, row[self.line_count:]):
            if term["aggregate"] == m.AGGREGATE_EXCEPT_AGAINST_ALL and option["kind"] == m.OPTION_AGAINST_ALL:
                continue
            if amount is None:
                return None
            total += amount
        return total


class Election:
    """One election: first a definition in parts, then, once open, protocols, appeals, decisions, amendments."""

    def __init__(self, definition):
        self.definition = definition
        self.election_id = definition["election_id"]
        self.levels = {level["level_id"]: depth for depth, level in enumerate(definition["levels"])}
        self.station_level = len(definition["levels"]) - 1
        self.sources = {source["source_id"]: source for source in definition["sources"]}
        self.bases = {base["base_id"]: base for base in definition["bases"]}
        self.line_ids = [line["line_id"] for line in definition["lines"]]
        # The parts of the definition as they come; judged and taken in at the opening.
        self.listed_contests, self.listed_units, self.listed_roll = [], [], []
        self.contests, self.units, self.root, self.roll = {}, {}, None, {}
        self.opened = None
        self.stations, self.station_index = [], {}
        self.appeals, self.decisions, self.protocols = {}, {}, {}

    def is_open(self):
        return self.opened is not None

    def set_roll(self, sequence, entries):
        if not self.is_open():
            self.listed_roll.extend(entries)
            return
        for entry in entries:
            self.roll.setdefault(entry["unit_id"], Timeline()).set(sequence, entry["registered_voters"])

    def _build(self):
        """Contests, units and roll from what was listed; children stand in the order in which they were."""
        self.contests = {one["contest_id"]: Contest(one, self.line_ids) for one in self.listed_contests}
        self.units = {one["unit_id"]: Unit(one["unit_id"], self.levels[one["level_id"]]) for one in self.listed_units}
        for one in self.listed_units:
            unit, parent = self.units[one["unit_id"]], self.units.get(one["parent_id"])
            unit.parent = parent
            if parent is None:
                self.root = unit
            else:
                parent.children.append(unit)

    def open(self, sequence):
        """Closes the definition: builds the tree, puts the stations in its order, and each contest at its unit."""
        self._build()
        self.opened = sequence
        self.set_roll(sequence, self.listed_roll)
        started, pending = {}, [(self.root, False)]
        while pending:
            unit, is_done = pending.pop()
            if is_done:
                unit.stations = (started[unit.unit_id], len(self.stations))
                continue
            started[unit.unit_id] = len(self.stations)
            if unit.level == self.station_level:
                self.station_index[unit.unit_id] = len(self.stations)
                self.stations.append(unit)
            pending.append((unit, True))
            pending.extend((child, False) for child in reversed(unit.children))
        for contest in self.contests.values():
            contest.unit = self.units[contest.definition["unit_id"]]

    def is_station(self, unit):
        return unit.level == self.station_level

    def stations_of(self, unit):
        return self.stations[unit.stations[0]:unit.stations[1]]

    def roll_of(self, unit, tree_size):
        """Of a station its entry in force, or None; of a unit above the sum of them, or None where that is zero."""
        if self.is_station(unit):
            timeline = self.roll.get(unit.unit_id)
            return timeline.at(tree_size) if timeline else None
        return self.roll_sum(unit, tree_size) or None

    def roll_sum(self, unit, tree_size):
        total = 0
        for station in self.stations_of(unit):
            timeline = self.roll.get(station.unit_id)
            if timeline:
                total += timeline.at(tree_size, 0)
        return total

    def add_protocol(self, sequence, leaf, event):
        contest = self.contests[event["contest_id"]]
        unit = self.units[event["unit_id"]]
        row = [None] * contest.column_count
        for figure in event["lines"]:
            row[contest.line_columns[figure["line_id"]]] = figure["count"]
        for figure in event["options"]:
            row[contest.option_columns[figure["option_id"]]] = figure["count"]
        protocol = Protocol(sequence, leaf, unit, event["source_id"], event["stage"], row)
        protocol.findings, protocol.is_hard = self.evaluate(contest, unit, event["stage"], row, sequence)
        key = unit.unit_id, event["source_id"], event["stage"]
        contest.streams.setdefault(key, Timeline()).set(sequence, protocol)
        self.protocols[sequence] = (contest.contest_id, protocol)
        if event["stage"] == m.CORRECTED and unit.unit_id in contest.statuses:
            awaiting = contest.statuses[unit.unit_id].awaiting
            if awaiting.now(False):
                awaiting.set(sequence, False)

    def evaluate(self, contest, unit, stage, row, sequence):
        """(ids of the findings on a row that is recorded at `sequence`, whether one is of a hard rule)."""
        blanks = [line["line_id"] for line, amount in zip(self.definition["lines"], row) if line["required"]
                  and amount is None]
        blanks += [option["option_id"] for option, amount in zip(contest.options, row[contest.line_count:])
                   if amount is None]
        rules = self.definition["rules"]
        roll = self.roll_of(unit, sequence) if rules else None
        broken = [rule for rule in rules
                  if (not rule["stages"] or stage in rule["stages"])
                  and (not rule["contest_ids"] or contest.contest_id in rule["contest_ids"])
                  and not self._holds(rule, contest, row, roll)]
        hidden = {rule_id for rule in broken for rule_id in rule["hides"]}
        shown = [rule for rule in broken if rule["rule_id"] not in hidden]
        return [rule["rule_id"] for rule in shown] + blanks, any(rule["severity"] == m.HARD for rule in shown)

    @staticmethod
    def _holds(rule, contest, row, roll):
        left, right = contest.value(rule["left"], row, roll), contest.value(rule["right"], row, roll)
        if left is None or right is None:
            return True
        tolerance, ratio = rule["tolerance_count"], rule["tolerance_ratio"]
        if ratio is not None:
            tolerance = max(tolerance, ratio["numerator"] * abs(right) // ratio["denominator"])
        difference, relation = left - right, rule["relation"]
        if relation == m.EQUAL:
            return abs(difference) <= tolerance
        if relation == m.AT_MOST:
            return difference <= tolerance
        if relation == m.AT_LEAST:
            return -difference <= tolerance
        return difference < tolerance if relation == m.LESS_THAN else -difference < tolerance

    def add_appeal(self, sequence, event):
        contest = self.contests[event["contest_id"]]
        units = list(dict.fromkeys(event["unit_ids"]))
        self.appeals[event["appeal_id"]] = Appeal(event["contest_id"], units, Timeline())
        for unit_id in units:
            appeals = contest.status(unit_id).open_appeals
            appeals.set(sequence, appeals.now(0) + 1)

    def add_decision(self, sequence, event):
        contest, kind, appeal = self.contests[event["contest_id"]], event["kind"], self.appeals.get(event["appeal_id"])
        units = list(dict.fromkeys(event["unit_ids"])) or (appeal.units if appeal else [])
        if appeal and not appeal.decided.now(False):
            appeal.decided.set(sequence, True)
            for unit_id in appeal.units:
                appeals = contest.status(unit_id).open_appeals
                appeals.set(sequence, appeals.now(0) - 1)
        for unit_id in units:
            status = contest.status(unit_id)
            if kind in (m.RESULTS_ANNULLED, m.RESULTS_REINSTATED):
                status.annulled.set(sequence, kind == m.RESULTS_ANNULLED)
            elif kind in (m.FIGURES_CORRECTED, m.RECOUNT_ORDERED):
                status.awaiting.set(sequence, True)
        if kind == m.QUARANTINE_RELEASED:
            for released in event["released_sequences"]:
                protocol = self.protocols[released][1]
                if protocol.released is None:
                    protocol.released = sequence
        self.decisions[sequence] = Decision(event["contest_id"], kind, set(units))
