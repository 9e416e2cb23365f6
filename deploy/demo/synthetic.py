"""Exact integers for made-up figures: seeded numbers, proportional shares, and tables with given margins.

Nothing here uses floating point, so the same seed gives the same figures on every machine.
"""

_MASK = (1 << 64) - 1


class Seeded:
    """A stream of pseudo-random whole numbers: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), seeded by a text."""

    def __init__(self, seed):
        # FNV-1a, 64 bits, turns the text into the first state.
        self._state = 0xCBF29CE484222325
        for byte in seed.encode("utf-8"):
            self._state = ((self._state ^ byte) * 0x100000001B3) & _MASK

    def next(self):
        """0 .. 2^64 - 1."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def between(self, low, high):
        """low .. high, both included. The bias of the remainder is below 2^-40 for the small ranges used here."""
        return low + self.next() % (high - low + 1)

    def pick(self, items):
        return items[self.between(0, len(items) - 1)]

    def sample(self, items, count):
        """`count` different items, in the order of `items`."""
        if count > len(items):
            raise ValueError(f"{count} items asked of {len(items)}")
        chosen = set()
        while len(chosen) < count:
            chosen.add(self.between(0, len(items) - 1))
        return [items[index] for index in sorted(chosen)]


def share_out(total, weights):
    """Splits `total` in proportion to `weights` by largest remainders; equal remainders go to the earlier one.

    The parts add up to `total`, and none exceeds its weight where total <= sum(weights).
    """
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("weights add up to nothing")
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in by_remainder[:total - sum(parts)]:
        parts[index] += 1
    return parts


def share_out_capped(total, weights, caps):
    """Like share_out, but no part exceeds its cap: what is over goes to those with room, in proportion to the room."""
    if total > sum(caps):
        raise ValueError(f"{total} does not fit under caps of {sum(caps)}")
    parts = [min(part, cap) for part, cap in zip(share_out(total, weights), caps)]
    missing = total - sum(parts)
    if missing > 0:
        room = [cap - part for part, cap in zip(parts, caps)]
        parts = [part + more for part, more in zip(parts, share_out(missing, room))]
    return parts


def fill_table(row_totals, column_totals, row_weights):
    """A table of non-negative integers with exactly these margins, its rows close to `row_weights`.

    `row_weights[i][j]` says how row i likes to split over the columns. Each row is split by share_out; then columns
    with too much hand over to columns with too little, row by row in proportion to what the rows hold there, so that
    row totals never change.
    """
    if sum(row_totals) != sum(column_totals):
        raise ValueError(f"rows add up to {sum(row_totals)}, columns to {sum(column_totals)}")
    table = [share_out(total, weights) for total, weights in zip(row_totals, row_weights)]
    over = [sum(column) - wanted for column, wanted in zip(zip(*table), column_totals)]
    for source in range(len(over)):
        for target in range(len(over)):
            moved = min(over[source], -over[target])
            if moved <= 0:
                continue
            for row, part in zip(table, share_out(moved, [row[source] for row in table])):
                row[source] -= part
                row[target] += part
            over[source] -= moved
            over[target] += moved
    return table
