"""The demonstration elections, as a visitor meets them: published figures, seeded slips, claims, a quarantine, a dispute."""

import json
import subprocess
import sys
import unittest
from collections import Counter

from scenario import ROOT, ServerCase, lines, number, votes

GENERATE = ROOT / "deploy" / "demo" / "generate.py"


def hundredths(ratio):
    """A share in hundredths of a percent, halves up."""
    numerator, denominator = number(ratio, "numerator"), number(ratio, "denominator")
    return (20_000 * numerator + denominator) // (2 * denominator)


class DemonstrationTest(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.elections = cls.folder / "elections"
        subprocess.run([sys.executable, GENERATE, "--out", cls.elections], check=True, capture_output=True)
        cls.expected, cls.reports = {}, {}
        for folder in sorted(cls.elections.iterdir()):
            cls.client.define(folder / "definition.json", "--mapping", folder / "mapping.json", "--stations",
                              folder / "stations.csv.gz")
            cls.reports[folder.name] = cls.client.json("import", folder, "--mapping", folder / "mapping.json")
            cls.expected[folder.name] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))

    def test_every_row_is_imported(self):
        imported = {name: report["imported"] for name, report in self.reports.items()}
        self.assertEqual(imported, {"kz-maslikhat-2023": 31, "kz-mazhilis-2007": 2, "kz-mazhilis-2023": 41604,
                                    "kz-president-2011": 1, "kz-referendum-2022": 3})
        for report in self.reports.values():
            self.assertEqual(report["refused"], {})

    def test_the_country_gives_the_published_votes_and_percentages(self):
        expected = self.expected["kz-mazhilis-2023"]
        tally = self.client.json("tally", "kz-mazhilis-2023", "--contest", "party-list", "--policy", "final")
        self.assertEqual(votes(tally), expected["votes"])
        shares = {option["option_id"]: hundredths(option["share"]) for option in tally["options"]}
        self.assertEqual(shares, {"AMANAT": 5390, "AUYL": 1090, "RESPUBLICA": 859, "AQJOL": 841, "QHP": 680, "JSDP": 520,
                                  "BAYTAQ": 230, "AGAINST_ALL": 390})
        self.assertEqual(lines(tally)["issued"], 6521860)
        self.assertEqual(lines(tally)["invalid"], 155419)
        turnouts = {entry["turnout_id"]: hundredths(entry["ratio"]) for entry in tally["turnouts"]}
        self.assertEqual(turnouts, {"received": 5419, "voted": 5290})

    def test_every_region_gives_the_published_turnout(self):
        tallies = self.client.json("tally", "kz-mazhilis-2023", "--contest", "party-list", "--by", "region")["tallies"]
        found = {tally["unit_id"]: hundredths(tally["turnouts"][0]["ratio"]) for tally in tallies}
        published = dict(self.expected["kz-mazhilis-2023"]["turnout_hundredths_of_percent"])
        published.pop("KZ")
        self.assertEqual(found, published)

    def test_seats_are_69_by_list_and_29_by_district(self):
        answer = self.client.json("seats", "kz-mazhilis-2023")
        parties = {entry["party_id"]: (int(entry["list_seat_count"]), int(entry["district_seat_count"]))
                   for entry in answer["parties"]}
        self.assertEqual(parties["AMANAT"], (40, 23))
        self.assertEqual(parties[""], (0, 6))
        self.assertEqual({party: seats[0] for party, seats in parties.items() if seats[0] > 0},
                         {"AMANAT": 40, "AUYL": 8, "RESPUBLICA": 6, "AQJOL": 6, "QHP": 5, "JSDP": 4})
        self.assertEqual((int(answer["seat_count"]), int(answer["undecided_seat_count"])), (98, 0))

    def test_the_allocation_shows_quotients_and_remainders(self):
        answer = self.client.json("seats", "kz-mazhilis-2023")
        allocation = next(contest for contest in answer["contests"] if contest["contest_id"] == "party-list")["outcome"]["allocation"]
        self.assertEqual(int(allocation["admitted_votes"]), 5971719)
        self.assertEqual(int(allocation["threshold_base"]), 6521860)
        by_remainder = [entry["option_id"] for entry in allocation["lists"] if entry["remainder_seat"]]
        self.assertEqual(sorted(by_remainder), ["AMANAT", "JSDP"])
        # The fifth full quota of QHP is passed by 187 votes.
        qhp = next(entry for entry in allocation["lists"] if entry["option_id"] == "QHP")
        self.assertEqual(int(qhp["quotient"]), 5)
        self.assertEqual(int(qhp["remainder"]) // 69, 186)

    def test_seeded_slips_are_found_and_named(self):
        expected = self.expected["kz-mazhilis-2023"]
        diff = self.client.json("diff", "kz-mazhilis-2023", "--contest", "party-list", "--left", "preliminary", "--right",
                                "final", "--limit", "5000")
        found = {row["unit_id"]: row["kind"].removeprefix("DISCREPANCY_KIND_").lower() for row in diff["discrepancies"]}
        missing = {unit for unit, kind in found.items() if kind == "only_right"}
        self.assertEqual(missing, set(expected["missing_preliminary"]))
        self.assertEqual({unit: kind for unit, kind in found.items() if kind != "only_right"}, expected["list_slips"])
        kinds = {entry["kind"].removeprefix("DISCREPANCY_KIND_").lower(): int(entry["count"])
                 for entry in diff["summary"]["kinds"] if int(entry["count"]) > 0}
        self.assertEqual(kinds, dict(Counter(expected["list_slips"].values()), only_right=131))

    def test_monitors_differ_where_it_was_seeded(self):
        for monitor, seeded in self.expected["kz-mazhilis-2023"]["monitors"].items():
            with self.subTest(monitor=monitor):
                diff = self.client.json("diff", "kz-mazhilis-2023", "--contest", "party-list", "--left", "precinct:final",
                                        "--right", f"{monitor}:final", "--limit", "100")
                self.assertEqual(int(diff["summary"]["common_count"]), seeded["stations"])
                self.assertEqual(int(diff["summary"]["option_difference_count"]), len(seeded["differing"]))
                differing = {row["unit_id"] for row in diff["discrepancies"] if "ONLY" not in row["kind"]}
                self.assertEqual(differing, set(seeded["differing"]))

    def test_a_contradictory_final_was_quarantined_until_superseded(self):
        station = self.expected["kz-mazhilis-2023"]["quarantined_then_superseded"]
        done = self.client.json("history", "kz-mazhilis-2023", "--contest", "party-list", "--station", station)
        entries = done["entries"] if isinstance(done, dict) else done
        finals = [entry for entry in entries if entry.get("protocol_submitted", {}).get("stage") == "STAGE_FINAL"
                  and entry["protocol_submitted"]["source_id"] == "precinct"]
        self.assertEqual(len(finals), 2)
        self.assertIn("H04", [finding["rule_id"] for finding in finals[0]["findings"]])
        self.assertEqual(int(finals[0]["superseded_by_sequence"]), int(finals[1]["sequence"]))
        self.assertEqual(finals[1]["findings"], [])
        # At the version in which the first one had just been recorded its station counts for nothing.
        then = self.client.json("tally", "kz-mazhilis-2023", "--contest", "party-list", "--policy", "final", "--at",
                                str(int(finals[0]["sequence"]) + 1))
        self.assertEqual(int(then["coverage"]["quarantined_count"]), 1)
        now = self.client.json("tally", "kz-mazhilis-2023", "--contest", "party-list", "--policy", "final")
        self.assertEqual(int(now["coverage"]["quarantined_count"]), 0)

    def test_the_claim_of_the_country_equals_the_sum_of_its_stations(self):
        tally = self.client.json("tally", "kz-mazhilis-2023", "--contest", "party-list", "--policy", "final")
        claim = next(claim for claim in tally["claims"] if claim["source_id"] == "cec" and claim["stage"] == "STAGE_FINAL")
        compared = {figure["id"]: (number(figure, "claimed"), number(figure, "summed")) for figure in claim["figures"]
                    if number(figure, "claimed") is not None}
        self.assertEqual(compared["AMANAT"], (3431510, 3431510))
        for claimed, summed in compared.values():
            self.assertEqual(claimed, summed)

    def test_the_referendum_changed_between_preliminary_and_final(self):
        diff = self.client.json("diff", "kz-referendum-2022", "--left", "preliminary/claims", "--right", "final/claims")
        changes = {entry["id"]: int(entry["net_change"]) for entry in diff["summary"]["lines"] + diff["summary"]["options"]}
        self.assertEqual(changes, self.expected["kz-referendum-2022"]["change"])

    def test_the_referendum_is_undetermined_without_regions(self):
        tally = self.client.json("tally", "kz-referendum-2022", "--claims", "--policy", "final")
        self.assertEqual(hundredths(tally["options"][0]["share"]), 7718)
        self.assertEqual(tally["outcome"]["status"], "OUTCOME_STATUS_UNDETERMINED")

    def test_a_newspapers_slip_is_found_in_its_copy(self):
        tally = self.client.json("tally", "kz-referendum-2022", "--claims", "--policy", "preliminary", "--source", "press")
        self.assertEqual(int(tally["coverage"]["quarantined_count"]), 1)

    def test_2007_gives_all_98_seats_to_one_list(self):
        diff = self.client.json("diff", "kz-mazhilis-2007", "--left", "preliminary/claims", "--right", "final/claims")
        changes = {entry["id"]: int(entry["net_change"]) for entry in diff["summary"]["options"]}
        self.assertEqual(changes, self.expected["kz-mazhilis-2007"]["change"])
        tally = self.client.json("tally", "kz-mazhilis-2007", "--claims", "--policy", "final")
        seats = {entry["option_id"]: int(entry["seat_count"]) for entry in tally["outcome"]["allocation"]["lists"]
                 if int(entry["seat_count"]) > 0}
        self.assertEqual(seats, {"NUR_OTAN": 98})

    def test_2011_is_decided_in_the_first_round(self):
        tally = self.client.json("tally", "kz-president-2011", "--claims")
        self.assertEqual(tally["outcome"]["status"], "OUTCOME_STATUS_DECIDED")
        self.assertEqual(tally["outcome"]["option_ids"], ["NAZARBAYEV"])
        self.assertEqual(hundredths(tally["options"][0]["share"]), 9555)

    def test_the_maslikhat_dispute_turns_on_five_stations(self):
        expected = self.expected["kz-maslikhat-2023"]
        diff = self.client.json("diff", "kz-maslikhat-2023", "--left", "monitor:final", "--right", "precinct:final")
        self.assertEqual({row["unit_id"] for row in diff["discrepancies"]}, set(expected["differing"]))
        self.assertEqual(diff["summary"]["left_outcome"]["option_ids"], ["A"])
        self.assertEqual(diff["summary"]["right_outcome"]["option_ids"], ["B"])
        self.assertTrue(diff["summary"]["outcome_changes"])
        official = self.client.json("tally", "kz-maslikhat-2023", "--claims", "--source", "territorial")
        self.assertEqual(votes(official), expected["official"])


if __name__ == "__main__":
    unittest.main()
