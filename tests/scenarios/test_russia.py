"""Russia 2011: all control lines of 95,225 precincts; how often each relation is broken."""

import unittest

from scenario import RealElectionCase, lines, votes


class RussiaTest(RealElectionCase):
    definition_name = "russia-2011"
    data_name = "russia-2011-duma"

    def test_sums_are_the_expected_ones(self):
        tally = self.tally()
        self.assertEqual(votes(tally), self.expected["votes"])
        self.assertEqual(lines(tally), self.expected["lines"])
        self.assertEqual(int(tally["coverage"]["counted_count"]), 95225)

    def test_rules_are_broken_as_often_as_counted_outside(self):
        broken = self.expected["stations_breaking_each_relation"]
        wanted = {"H04": broken["valid_equals_sum"], "H06": broken["boxes_equal_valid_plus_invalid"],
                  "H07": broken["issued_le_registered"], "H08": broken["received_balances"], "S01": broken["box_gt_issued"],
                  "S02-any": broken["box_lt_issued"], "S02-15": broken["diff_ge_15"],
                  # Of an empty box three per cent are reached by nothing.
                  "S03": broken["invalid_ge_3pct"] + broken["no_ballots"], "S05": broken["no_ballots"],
                  "S07": broken["turnout_100"]}
        found = {rule: self.report["findings"].get(rule, 0) for rule in wanted}
        self.assertEqual(found, wanted)
        self.assertEqual(self.report["quarantined"], 0)

    def test_the_450_seats_are_the_official_ones(self):
        outcome = self.tally()["outcome"]
        seats = {entry["option_id"]: int(entry["seat_count"]) for entry in outcome["allocation"]["lists"]
                 if int(entry["seat_count"]) > 0}
        self.assertEqual(seats, {"P06": 238, "P04": 92, "P01": 64, "P02": 56})


if __name__ == "__main__":
    unittest.main()
