"""Venezuela 2024: two monitors, no commission; a stage is a monitor's own publication."""

import unittest

from scenario import RealElectionCase, lines, number, votes

OPTIONS = ["EG", "NM", "LM", "JABE", "JOBR", "AE", "CF", "DC", "EM", "BERA"]


class VenezuelaTest(RealElectionCase):
    definition_name = "venezuela-2024"
    data_name = "venezuela-2024-monitors"
    sides = {"final|monitor:convzla": ("convzla", "final"), "preliminary|monitor:convzla": ("convzla", "preliminary"),
             "preliminary|monitor:actas-scan": ("actas-scan", "preliminary")}

    def test_every_row_is_imported_once(self):
        self.assertEqual(self.report["imported"], 71557)
        self.assertEqual(self.report["refused"], {})

    def test_sums_of_every_publication_are_the_expected_ones(self):
        for key, (source, policy) in self.sides.items():
            with self.subTest(source=source, policy=policy):
                expected = self.expected["latest_per_station"][f"PRES|{key}|"]
                tally = self.tally("--source", source, "--policy", policy)
                self.assertEqual(votes(tally), expected["votes"])
                self.assertEqual(int(tally["coverage"]["counted_count"]), expected["stations"])
                self.assertEqual(lines(tally)["valid"], expected["valid"])
                # Absent is not zero: the scan states no null votes, the second publication no roll.
                self.assertEqual(lines(tally)["null"], expected.get("null"))
                self.assertEqual(lines(tally)["registered"], expected.get("registered"))

    def test_every_state_equals_the_sum_of_its_rows(self):
        sums = self.sums_by(lambda row: f"VE/{row['region']}",
                            lambda row: row["phase"] == "final" and row["source"] == "monitor:convzla", OPTIONS)
        tallies = self.tally("--source", "convzla", "--policy", "final", "--by", "region")["tallies"]
        self.assertEqual({tally["unit_id"]: votes(tally) for tally in tallies if int(tally["coverage"]["counted_count"]) > 0},
                         {unit: dict(total) for unit, total in sums.items()})

    def test_the_scan_differs_from_the_second_publication_at_seven_tables(self):
        expected = self.expected["diff"]["scan_vs_convzla_v2"]
        diff = self.diff("actas-scan:preliminary", "convzla:final", "--limit", "0")
        self.assert_diff(diff, expected, expected["sum_abs_option_differences"])
        # The scan states no null votes and no roll: that is counted apart and is no difference in figures.
        self.assert_top(diff, expected["top20"], ignored=("valid", "null", "registered"))
        only_scan = {row["unit_id"] for row in diff["discrepancies"] if row["kind"] == "DISCREPANCY_KIND_ONLY_LEFT"}
        self.assertEqual(only_scan, set(self.expected["only_in_scan"]))

    def test_the_second_publication_added_543_tables_and_withdrew_two(self):
        expected = self.expected["diff"]["convzla_v1_vs_v2"]
        diff = self.diff("convzla:preliminary", "convzla:final", "--limit", "5000")
        self.assert_diff(diff, expected, 0)
        withdrawn = {row["unit_id"] for row in diff["discrepancies"] if row["kind"] == "DISCREPANCY_KIND_ONLY_LEFT"}
        self.assertEqual(withdrawn, set(self.expected["withdrawn_between_v1_and_v2"]))

    def test_a_tally_without_a_source_says_what_to_choose(self):
        done = self.client.run("tally", self.election)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("source", done.stderr)

    def test_shares_are_of_the_votes_for_all_candidates(self):
        tally = self.tally("--source", "convzla", "--policy", "final")
        shares = {option["option_id"]: (number(option["share"], "numerator"), number(option["share"], "denominator"))
                  for option in tally["options"]}
        # Published: 67.08 % and 30.46 %.
        self.assertEqual(shares["EG"], (7303480, 10887262))
        self.assertEqual(shares["NM"], (3316142, 10887262))


if __name__ == "__main__":
    unittest.main()
