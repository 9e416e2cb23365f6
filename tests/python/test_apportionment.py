#!/usr/bin/env python3
"""Seats by every method: published answers, and the same properties as those of the first implementation."""

import random
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# pylint: disable=wrong-import-position
import small_ledger  # noqa: E402, F401  Puts the package on the path.
from hattama_verify import apportionment as a  # noqa: E402

FIRST, SECOND = [5117, 4400, 162, 161, 160], [9061, 7179, 5259, 3319, 1182]
DIVISORS = (a.DHONDT, a.SAINTE_LAGUE, a.MODIFIED_SAINTE_LAGUE, a.HUNTINGTON_HILL, a.ADAMS, a.DEAN)


class PublishedTest(unittest.TestCase):
    def seats(self, method, votes, seats):
        won, undecided = a.apportion(method, votes, seats)
        self.assertEqual(undecided, 0)
        return won

    def test_mazhilis_2023(self):
        votes = [3431510, 693938, 547154, 535139, 432920, 331058]
        for method in (a.HARE, a.DROOP, a.HAGENBACH_BISCHOFF, a.SAINTE_LAGUE, a.MODIFIED_SAINTE_LAGUE):
            self.assertEqual(self.seats(method, votes, 69), [40, 8, 6, 6, 5, 4])
        self.assertEqual(self.seats(a.DHONDT, votes, 69), [41, 8, 6, 6, 5, 3])

    def test_austria_2019(self):
        self.assertEqual(self.seats(a.DHONDT, [1305956, 903151, 650114, 532193, 319024], 18), [7, 5, 3, 2, 1])

    def test_balinski_and_young(self):
        for method, first, second in (
                (a.HARE, [51, 44, 2, 2, 1], [9, 7, 5, 4, 1]), (a.DHONDT, [52, 45, 1, 1, 1], [10, 7, 5, 3, 1]),
                (a.BALINSKI_YOUNG_QUOTA, [52, 44, 2, 1, 1], [10, 7, 5, 3, 1]),
                (a.SAINTE_LAGUE, [51, 43, 2, 2, 2], [9, 8, 5, 3, 1]),
                (a.HUNTINGTON_HILL, [51, 43, 2, 2, 2], [9, 7, 6, 3, 1]),
                (a.ADAMS, [51, 43, 2, 2, 2], [9, 7, 5, 3, 2]), (a.DEAN, [51, 43, 2, 2, 2], [9, 7, 5, 4, 1])):
            with self.subTest(method=method):
                self.assertEqual(self.seats(method, FIRST, 100), first)
                self.assertEqual(self.seats(method, SECOND, 26), second)

    def test_equal_claims_are_left_to_a_lot(self):
        for method in (a.HARE, a.DROOP, a.BALINSKI_YOUNG_QUOTA, *DIVISORS):
            with self.subTest(method=method):
                self.assertEqual(a.apportion(method, [2, 1, 1, 2, 2], 2), ([0] * 5, 2))

    def test_small_quotas_may_exceed_the_seats(self):
        self.assertIsNone(a.apportion(a.IMPERIALI, [50, 50], 4))


class PropertyTest(unittest.TestCase):
    def test_seats_add_up_and_the_order_of_lists_changes_nothing(self):
        rng = random.Random(20230319)
        for _ in range(1500):
            votes = [rng.randint(1, rng.choice((6, 1000000))) for _ in range(rng.randint(1, 6))]
            seats, order = rng.randint(1, 20), rng.sample(range(len(votes)), len(votes))
            for method in a.METHODS:
                answer = a.apportion(method, votes, seats)
                again = a.apportion(method, [votes[i] for i in order], seats)
                if answer is None:
                    self.assertIsNone(again)
                    continue
                self.assertEqual(sum(answer[0]) + answer[1], seats)
                self.assertEqual(([answer[0][i] for i in order], answer[1]), again, (method, votes, seats))


if __name__ == "__main__":
    unittest.main()
