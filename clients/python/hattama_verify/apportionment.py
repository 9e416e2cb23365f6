"""Seats from votes, by the methods of docs/format.md section 6, in exact fractions."""

from fractions import Fraction

HARE, HARE_ROUNDED, DROOP, HAGENBACH_BISCHOFF, HAGENBACH_BISCHOFF_CEILING, HAGENBACH_BISCHOFF_ROUNDED, IMPERIALI = range(1, 8)
DHONDT, SAINTE_LAGUE, MODIFIED_SAINTE_LAGUE, HUNTINGTON_HILL, ADAMS, DEAN, BALINSKI_YOUNG_QUOTA = range(8, 15)

METHODS = range(HARE, BALINSKI_YOUNG_QUOTA + 1)


def _half_up(value):
    return Fraction((2 * value.numerator + value.denominator) // (2 * value.denominator))


def quota(method, votes, seats):
    fair, smaller = Fraction(votes, seats), Fraction(votes, seats + 1)
    return {HARE: fair, HARE_ROUNDED: _half_up(fair), DROOP: Fraction(votes // (seats + 1) + 1),
            HAGENBACH_BISCHOFF: smaller, HAGENBACH_BISCHOFF_CEILING: Fraction(-(-votes // (seats + 1))),
            HAGENBACH_BISCHOFF_ROUNDED: _half_up(smaller), IMPERIALI: Fraction(votes, seats + 2)}[method]


def claim(method, votes, k):
    """What a list with k seats claims for the next one: pairs compare as claims do."""
    if k == 0 and method in (HUNTINGTON_HILL, ADAMS, DEAN):
        return 1, Fraction(votes)
    # Huntington-Hill compares squares; all votes are positive.
    return 0, {DHONDT: lambda: Fraction(votes, k + 1), SAINTE_LAGUE: lambda: Fraction(votes, 2 * k + 1),
               MODIFIED_SAINTE_LAGUE: lambda: Fraction(5 * votes, 7 if k == 0 else 5 * (2 * k + 1)),
               HUNTINGTON_HILL: lambda: Fraction(votes * votes, k * (k + 1)), ADAMS: lambda: Fraction(votes, k),
               DEAN: lambda: Fraction(votes * (2 * k + 1), 2 * k * (k + 1)),
               BALINSKI_YOUNG_QUOTA: lambda: Fraction(votes, k + 1)}[method]()


def apportion(method, votes, seats):
    """(seats of each list, undecided seats), or None where the method exceeds the seats. All votes are positive."""
    if method <= IMPERIALI:
        return _by_quota(quota(method, sum(votes), seats), votes, seats)
    if method == BALINSKI_YOUNG_QUOTA:
        return _within_upper_quotas(votes, seats)
    return _by_divisor(method, votes, seats)


def _by_quota(one, votes, seats):
    if one == 0:
        return None
    won = [int(amount // one) for amount in votes]
    left = seats - sum(won)
    if left < 0:
        return None
    won = [amount + left // len(votes) for amount in won]
    left %= len(votes)
    if left == 0:
        return won, 0
    remainders = [amount % one for amount in votes]
    ordered = sorted(remainders, reverse=True)
    last, tied = ordered[left - 1], ordered[left - 1] == ordered[left]
    for i, remainder in enumerate(remainders):
        if remainder > last or (remainder == last and not tied):
            won[i] += 1
            left -= 1
    return won, left


def _by_divisor(method, votes, seats):
    won = [0] * len(votes)
    left = seats
    while left:
        claims = [claim(method, amount, k) for amount, k in zip(votes, won)]
        largest = max(claims)
        equal = [i for i, one in enumerate(claims) if one == largest]
        if len(equal) > left:
            return won, left
        for i in equal:
            won[i] += 1
        left -= len(equal)
    return won, 0


def _within_upper_quotas(votes, seats):
    total, won, given = sum(votes), [0] * len(votes), []

    def within(i, k, number):
        return k * total < votes[i] * number

    for number in range(1, seats + 1):
        may = [i for i in range(len(votes)) if within(i, won[i], number)]
        chosen = max(may, key=lambda i: (claim(BALINSKI_YOUNG_QUOTA, votes[i], won[i]), -i))
        given.append((chosen, won[chosen]))
        won[chosen] += 1
    undecided = set()
    for waiting, k in enumerate(won):
        wanted, tied = claim(BALINSKI_YOUNG_QUOTA, votes[waiting], k), [(waiting, k)]
        for number in range(seats, 0, -1):
            i, before = given[number - 1]
            if (i != waiting and claim(BALINSKI_YOUNG_QUOTA, votes[i], before) == wanted
                    and any(within(other, held, number) for other, held in tied)):
                undecided.add(number)
                tied.append((i, before))
    for number in undecided:
        won[given[number - 1][0]] -= 1
    return won, len(undecided)
