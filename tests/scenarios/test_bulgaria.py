"""Bulgaria, July 2021: a source made of two columns, none of the above, 240 seats, machines against their memory."""

import unittest

from scenario import RealElectionCase, lines, votes


class BulgariaTest(RealElectionCase):
    definition_name = "bulgaria-2021-07"
    data_name = "bulgaria-2021-07-machine"
    sides = {"final|commission|total": "commission", "final|commission|machine": "commission-machine",
             "final|monitor:machine-memory|machine": "machine-memory"}

    def test_every_row_is_imported_once(self):
        self.assertEqual(self.report["imported"], 32259)
        self.assertEqual(self.report["refused"], {})

    def test_sums_of_every_source_are_the_expected_ones(self):
        for key, source in self.sides.items():
            with self.subTest(source=source):
                expected = self.expected["latest_per_station"][f"NA|{key}"]
                tally = self.tally("--source", source)
                found = votes(tally)
                found.pop("NOTA")
                self.assertEqual(found, expected["votes"])
                self.assertEqual(int(tally["coverage"]["counted_count"]), expected["stations"])
                for name in "valid", "invalid", "ballots_cast":
                    self.assertEqual(lines(tally)[name], expected[name], name)

    def test_the_240_seats_are_the_official_ones(self):
        # ITN, GERB-SDS, BSP, DB, DPS and IBG-NI, as the Central Election Commission allocated them.
        outcome = self.tally()["outcome"]
        seats = {entry["option_id"]: int(entry["seat_count"]) for entry in outcome["allocation"]["lists"]
                 if int(entry["seat_count"]) > 0}
        self.assertEqual(seats, {"P22": 65, "P05": 63, "P04": 36, "P23": 34, "P07": 29, "P08": 13})

    def test_machines_and_their_memory_differ_at_six_sections(self):
        expected = self.expected["diff"]["NA"]
        diff = self.diff("commission-machine:final", "machine-memory:final", "--limit", "200")
        # None of the above is an option here, and counts.
        self.assert_diff(diff, expected, expected["sum_abs_differences_incl_NOTA"])
        lists_only = [dict(row, abs_diff=sum(abs(right - left) for left, right in row["left_right"].values()))
                      for row in expected["top20"]]
        self.assert_top(diff, sorted(lists_only, key=lambda row: -row["abs_diff"]),
                        ignored=("valid", "ballots_cast", "nota_included_in_cast", "registered"))


if __name__ == "__main__":
    unittest.main()
