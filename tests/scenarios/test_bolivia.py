"""Bolivia 2019: preliminary (TREP) against final (Cómputo) at 34,555 tables, to the last vote."""

import os
import random
import unittest
from concurrent.futures import ThreadPoolExecutor

from scenario import Client, RealElectionCase, Server, lines, rows_of, votes

OPTIONS = ["CC", "FPV", "MTS", "UCS", "MAS_IPSP", "21F", "PDC", "MNR", "PAN_BOL"]
LINES = ["registered", "ballots_cast", "valid", "blank", "null"]


class BoliviaTest(RealElectionCase):
    definition_name = "bolivia-2019"
    data_name = "bolivia-2019-trep-computo"

    def test_every_row_is_imported_once(self):
        self.assertEqual(self.report["imported"], 67361)
        self.assertEqual(self.report["refused"], {})
        self.assertEqual(self.report["quarantined"], 0)
        self.assertEqual(self.tree_size(), self.defined_size + 67361)

    def test_findings_are_the_anomalies_of_the_files(self):
        # All options zero: 4 final and 7 preliminary tables.
        self.assertEqual(self.report["findings"]["S05"], 11)
        for rule in "H04", "H05", "H07":
            self.assertNotIn(rule, self.report["findings"])

    def test_national_sums_equal_the_published_ones(self):
        for stage in "preliminary", "final":
            with self.subTest(stage=stage):
                expected = self.expected["latest_per_station"][f"PRES|{stage}|commission|"]
                tally = self.tally("--policy", stage)
                self.assertEqual(votes(tally), expected["votes"])
                self.assertEqual(lines(tally), {name: expected[name] for name in LINES})
                self.assertEqual(int(tally["coverage"]["counted_count"]), expected["stations"])
                self.assertEqual(int(tally["coverage"]["expected_count"]), 34555)
                self.assertEqual(int(tally["share_base"]), expected["votes_total"])
                self.assertEqual(int(tally["roll"]), 7315364)

    def test_every_department_equals_the_sum_of_its_rows(self):
        for stage in "preliminary", "final":
            with self.subTest(stage=stage):
                sums = self.sums_by(lambda row: f"BO/{row['country']}/{row['region']}", lambda row: row["phase"] == stage,
                                    OPTIONS + LINES)
                tallies = self.tally("--policy", stage, "--by", "region")["tallies"]
                found = {tally["unit_id"]: {**votes(tally), **lines(tally)} for tally in tallies
                         if int(tally["coverage"]["counted_count"]) > 0}
                self.assertEqual(found, {unit: dict(total) for unit, total in sums.items()})

    def test_the_first_round_decides_by_forty_per_cent_and_ten_points(self):
        for stage in "preliminary", "final":
            with self.subTest(stage=stage):
                outcome = self.tally("--policy", stage)["outcome"]
                self.assertEqual(outcome["status"], "OUTCOME_STATUS_DECIDED")
                self.assertEqual(outcome["option_ids"], ["MAS_IPSP"])
                self.assertEqual([condition["met"] for condition in outcome["conditions"]], [False, True])

    def test_the_nights_stop_would_have_meant_a_runoff(self):
        # The rows of the first export (83.85 %) alone, in the order of the file, recorded in a ledger of their own.
        first_export = self.folder / "first-export"
        first_export.mkdir()
        with open(first_export / "protocols.csv", "w", encoding="utf-8") as file:
            rows = [row for row in rows_of(self.data / "protocols.csv.gz") if "20T19:40:57" in row["recorded_at"]]
            file.write(",".join(rows[0]) + "\n")
            for row in rows:
                file.write(",".join(row.values()) + "\n")
        server = Server(self.folder / "first-export-data")
        self.addCleanup(server.kill)
        client = Client(server.address)
        client.define_real(self.definition_name, self.data)
        client.import_real(self.definition_name, first_export)

        tally = client.json("tally", self.election)

        self.assertEqual(int(tally["share_base"]), 5152979)
        self.assertEqual(tally["outcome"]["status"], "OUTCOME_STATUS_RUNOFF")
        self.assertEqual(sorted(tally["outcome"]["option_ids"]), ["CC", "MAS_IPSP"])

    def test_the_diff_equals_the_expected_one(self):
        expected = self.expected["diff"]["PRES"]
        diff = self.diff("preliminary", "final", "--limit", "2500")
        self.assert_diff(diff, expected, expected["sum_abs_option_differences"])
        self.assertEqual(int(diff["summary"]["difference_count"]), expected["stations_with_any_difference"])
        self.assertEqual(int(diff["summary"]["effect"]), expected["sum_abs_differences_incl_blank_null"])
        self.assert_top(diff, expected["top20"], ignored=("valid", "ballots_cast"))
        self.assertEqual(len(diff["discrepancies"]),
                         expected["stations_with_any_difference"] + expected["only_left"] + expected["only_right"])

    def test_neighbouring_rows_are_recognised(self):
        kinds = {row["unit_id"]: row["kind"] for row in self.diff("preliminary", "final", "--limit", "40")["discrepancies"]}
        # Whole counts one row too high or too low.
        for station in "36127", "1689", "35050", "61673", "75485":
            self.assertEqual(kinds[station], "DISCREPANCY_KIND_ROWS_SWAPPED", station)

    def test_a_diff_with_itself_is_empty(self):
        done = self.client.run("--format=json", "diff", self.election, "--left", "final", "--right", "final")
        self.assertEqual(done.returncode, 0)

    def test_a_thousand_random_versions_equal_a_replay_of_their_events(self):
        seed = int(os.environ.get("HATTAMA_SEED", "20191020"))
        print(f"HATTAMA_SEED={seed}", flush=True)
        rows = list(rows_of(self.data / "protocols.csv.gz"))
        counts = sorted({0, 1, len(rows), *random.Random(seed).sample(range(len(rows) + 1), 1000)})
        # Both stages, replayed row by row as they were recorded.
        replay = {phase: [0, dict.fromkeys(OPTIONS, 0)] for phase in ("preliminary", "final")}
        expected, done = {}, 0
        for count in counts:
            for row in rows[done:count]:
                state = replay[row["phase"]]
                state[0] += 1
                for name in OPTIONS:
                    state[1][name] += int(row[name])
            done = count
            phase = ("final", "preliminary")[len(expected) % 2]
            expected[count] = phase, replay[phase][0], dict(replay[phase][1])

        def ask(count):
            return self.tally("--policy", expected[count][0], "--at", str(self.defined_size + count))

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for count, tally in zip(counts, pool.map(ask, counts)):
                phase, stations, sums = expected[count]
                with self.subTest(rows=count, phase=phase):
                    self.assertEqual(int(tally["as_of"]["tree_size"]), self.defined_size + count)
                    self.assertEqual(int(tally["coverage"]["counted_count"]), stations)
                    if stations > 0:
                        self.assertEqual(votes(tally), sums)

    def test_an_import_again_records_nothing(self):
        before = self.client.json("status")["as_of"]
        report = self.client.import_real(self.definition_name, self.data)
        self.assertEqual((report["imported"], report["already_recorded"]), (0, 67361))
        self.assertEqual(self.client.json("status")["as_of"], before)

    def test_the_definition_again_is_recognised(self):
        before = self.tree_size()
        done = self.client.define_real(self.definition_name, self.data)
        self.assertIn("already defined", done.stdout)
        self.assertEqual(self.tree_size(), before)

    def test_the_log_verifies_and_its_records_prove(self):
        size = self.tree_size()
        raw = self.folder / "log.raw"
        self.client.checked("export", "--out", raw)
        self.assertGreater(raw.stat().st_size, 67361 * 100)
        self.client.checked("prove", "--sequence", str(self.defined_size + 17))
        self.client.checked("prove", "--consistency", f"{self.defined_size}:{size}")


if __name__ == "__main__":
    unittest.main()
