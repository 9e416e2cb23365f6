"""Why a published tally is not the recomputed one: lines that differ, and stations that explain it exactly."""

from itertools import islice

from hattama_verify import messages as m
from hattama_verify.tally import COUNTED, Tally, View
from hattama_verify.text import shown

LINES_MAX = 200
ANSWERS_MAX = 20
# Beyond so many other ways to count a station, pairs of stations are not tried.
PAIRS_MAX = 300_000


def differing_lines(published, recomputed):
    left, right = published.split("\n"), recomputed.split("\n")
    length = max(len(left), len(right))
    left += ["-"] * (length - len(left))
    right += ["-"] * (length - len(right))
    return [f"line {i}: published {shown(a)}, recomputed {shown(b)}" for i, (a, b) in enumerate(zip(left, right), 1)
            if a != b][:LINES_MAX]


def published_sums(statement, tally):
    """(sum, stated) of each column as a statement gives them; None where it does not give them in their places."""
    contest = tally.contest
    rows = [line.split(" ") for line in statement.split("\n")]
    figures = [row for row in rows if row[0] in ("line", "option")]
    if len(figures) != contest.column_count or any(len(row) != 4 for row in figures):
        return None
    try:
        return [(0 if row[2] == "-" else int(row[2]), int(row[3])) for row in figures]
    except ValueError:
        return None


def _vector(row):
    return tuple((amount or 0, int(amount is not None)) for amount in row)


def _difference(a, b):
    return tuple((x - u, y - v) for (x, y), (u, v) in zip(a, b))


def _alternatives(tally):
    """(difference to the sums, station, what else is counted) for each other way to count one station."""
    contest, blank = tally.contest, _vector([None] * tally.contest.column_count)
    others = {}
    for (unit_id, source_id, stage), stream in contest.streams.items():
        for protocol in stream.values:
            others.setdefault(unit_id, []).append((source_id, stage, protocol))
    for station in tally.stations:
        unit_id = station.unit.unit_id
        counted = station.protocol if station.state == COUNTED else None
        now = _vector(counted.row) if counted else blank
        if counted:
            place = f"the protocol of record {counted.sequence}"
            yield _difference(blank, now), unit_id, f"station {unit_id} without {place}"
            yield now, unit_id, f"station {unit_id} with {place} counted twice"
        for source_id, stage, protocol in others.get(unit_id, ()):
            if protocol is not counted:
                yield (_difference(_vector(protocol.row), now), unit_id,
                       f"station {unit_id} with the {m.STAGES[stage]} protocol of {source_id} in record "
                       f"{protocol.sequence}")


def explanations(statement, tally):
    """Stations, one or two together, that give the published figures exactly if they count otherwise: texts."""
    published = published_sums(statement, tally)
    if published is None:
        return []
    wanted = _difference(published, tuple(zip(tally.totals.sums, tally.totals.stated)))
    if not any(any(pair) for pair in wanted):
        return []
    alternatives = [one for one in _alternatives(tally) if any(any(pair) for pair in one[0])]
    single = [text for delta, _, text in alternatives if delta == wanted]
    if single or len(alternatives) > PAIRS_MAX:
        return single[:ANSWERS_MAX]
    return list(islice(_pairs(wanted, alternatives), ANSWERS_MAX)) or _other_views(published, tally)


def _other_views(published, tally):
    """Views of the same version that give the published figures."""
    answers = []
    for source_id in tally.election.sources:
        for number, name in m.POLICIES.items():
            for excluding in (False, True):
                other = Tally(tally.election, tally.contest, View(source_id, number, excluding), tally.tree_size)
                if list(zip(other.totals.sums, other.totals.stated)) == published:
                    answers.append(f"the view {source_id}, {name}, {'without contested' if excluding else 'all'} "
                                   f"stations")
    return answers


def _pairs(wanted, alternatives):
    by_delta = {}
    for delta, unit_id, text in alternatives:
        by_delta.setdefault(delta, []).append((unit_id, text))
    for delta, unit_id, text in alternatives:
        for other_id, other_text in by_delta.get(_difference(wanted, delta), ()):
            if unit_id < other_id:
                yield f"{text}, and {other_text}"
