"""The canonical text of a tally (docs/format.md, section 7), and the sum tree of its stations (section 8)."""

from hattama_verify import messages as m, sum_tree
from hattama_verify.tally import COUNTED, STATES, Tally
from hattama_verify.text import to_base64


def escaped(text):
    """A text as one word."""
    return "".join(f"%{ord(c):02X}" if c <= " " or c in "\x7f%" else c for c in text)


def number(value):
    return "-" if value is None else str(value)


def station_label(station):
    protocol = station.protocol
    sequence, leaf = (protocol.sequence, to_base64(protocol.leaf)) if protocol else ("-", "-")
    return f"station {escaped(station.unit.unit_id)} {STATES[station.state]} {sequence} {leaf}".encode()


def station_figures(station, column_count):
    row = station.protocol.row if station.state == COUNTED else [None] * column_count
    return ([amount or 0 for amount in row] + [int(amount is not None) for amount in row]
            + [int(station.state == state) for state in range(len(STATES))])


def station_rows(tally):
    """The rows of the sum tree: (label, figures) of each station in tree order."""
    columns = tally.contest.column_count
    return [(station_label(station), station_figures(station, columns)) for station in tally.stations]


def statement_text(origin, root, tally):
    election, contest, view, totals = tally.election, tally.contest, tally.view, tally.totals
    which = "without-contested" if view.excluding_contested else "all"
    lines = [
        "hattama-statement/v1",
        f"origin {escaped(origin)}",
        f"tree_size {tally.tree_size}",
        f"root {to_base64(root)}",
        f"election {escaped(election.election_id)}",
        f"contest {escaped(contest.contest_id)}",
        f"unit {escaped(contest.unit.unit_id)}",
        f"view {escaped(view.source_id)} {m.POLICIES[view.policy]} {which}",
        "stations " + " ".join(str(count) for count in totals.states),
        "flags " + " ".join(str(count) for count in (
            totals.contested, totals.awaiting, *(totals.stages[stage] for stage in sorted(totals.stages)),
                                                     totals.with_findings)),
        f"roll {tally.roll}",
    ]
    names = [f"line {escaped(line_id)}" for line_id in election.line_ids]
    names += [f"option {escaped(option['option_id'])}" for option in contest.options]
    lines += [f"{name} {number(amount)} {count}" for name, amount, count in zip(names, tally.row, totals.stated)]
    base_id = contest.definition["share_base_id"]
    lines.append(f"base {escaped(base_id)} {number(tally.base(base_id))}")
    for turnout in election.definition["turnouts"]:
        ratio = tally.turnout(turnout)
        lines.append(f"turnout {escaped(turnout['turnout_id'])} " + (f"{ratio[0]} {ratio[1]}" if ratio else "- -"))
    outcome = tally.outcome()
    lines.append(f"outcome {outcome.status}")
    lines += [f"chosen {escaped(option)}" for option in outcome.options]
    if outcome.seats is not None:
        lines += [f"seats {escaped(option)} {seats}" for option, seats in outcome.seats]
        lines.append(f"undecided_seats {outcome.undecided}")
    rows = station_rows(tally)
    node = sum_tree.root(rows, 2 * contest.column_count + len(STATES))
    lines.append(f"sums {to_base64(sum_tree.commitment(len(rows), node))}")
    return "".join(line + "\n" for line in lines)


def recomputed_statement(ledger, tree, election_id, contest_id, view, tree_size):
    """The statement that the log gives; the caller knows election and contest, and that it was open at tree_size."""
    election = ledger.elections[election_id]
    tally = Tally(election, election.contests[contest_id], view, tree_size)
    return statement_text(ledger.origin, tree.root(tree_size), tally), tally
