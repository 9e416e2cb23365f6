"""What goes wrong in life: a folder in use, a port in use, a folder that is none of ours, questions about the future,
clients that vanish."""

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from scenario import BIN, FINDINGS, FINE, REFUSED, ROOT, UNREACHABLE, USAGE, Client, Keys, Server, ServerCase

SERVE_SECONDS_MAX = 30


def serve(*arguments):
    """Runs hattamad until it ends by itself; fails the test where it stays up."""
    return subprocess.run([BIN / "hattamad", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=SERVE_SECONDS_MAX)


class RefusalsTest(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.elections = cls.folder / "elections"
        subprocess.run([sys.executable, ROOT / "deploy" / "demo" / "generate.py", "--out", cls.elections], check=True,
                       capture_output=True)
        cls.small = cls.elections / "kz-maslikhat-2023"
        cls.define(cls.client, cls.small)
        cls.client.checked("import", cls.small, "--mapping", cls.small / "mapping.json", allowed=(FINE, FINDINGS))

    @staticmethod
    def define(client, folder):
        client.define(folder / "definition.json", "--mapping", folder / "mapping.json", "--stations", folder / "stations.csv.gz")

    def assert_refused(self, done, *words):
        """It ended on its own with a failure, and one line says what and where."""
        text = done.stdout + done.stderr
        self.assertGreater(done.returncode, 0, text)
        self.assertNotIn("terminate called", text)
        for word in words:
            self.assertIn(word, text)

    def assert_alive(self):
        self.assertEqual(self.client.run("status").returncode, FINE)

    def test_a_second_server_on_the_same_folder_is_refused(self):
        done = serve("serve", "--data", self.folder / "data", "--listen", "127.0.0.1:0")
        self.assert_refused(done, str(self.folder / "data"))
        self.assert_alive()

    def test_a_port_in_use_is_refused_and_named(self):
        done = serve("serve", "--data", self.folder / "port", "--listen", self.server.address, "--init-origin", "test.example/a",
                     "--init-authority", Keys.public("authority"))
        self.assert_refused(done, self.server.address)
        self.assert_alive()

    def test_a_folder_without_a_ledger_is_refused(self):
        done = serve("serve", "--data", self.folder / "nothing", "--listen", "127.0.0.1:0")
        self.assert_refused(done, str(self.folder / "nothing"))

    def test_init_refuses_a_ledger_that_exists(self):
        done = serve("init", "--data", self.folder / "data", "--origin", "test.example/b", "--authority",
                     Keys.public("authority"))
        self.assert_refused(done, str(self.folder / "data"))

    def test_a_folder_of_somebody_else_is_refused_and_left_alone(self):
        folder = self.folder / "foreign"
        folder.mkdir()
        (folder / "CURRENT").write_bytes(b"not a manifest\n")
        (folder / "letter.txt").write_text("keep me", encoding="utf-8")
        done = serve("serve", "--data", folder, "--listen", "127.0.0.1:0", "--init-origin", "test.example/c",
                     "--init-authority", Keys.public("authority"))
        self.assert_refused(done, str(folder))
        self.assertEqual((folder / "letter.txt").read_text(encoding="utf-8"), "keep me")
        self.assertEqual((folder / "CURRENT").read_bytes(), b"not a manifest\n")

    def test_a_folder_that_cannot_be_written_is_refused(self):
        if os.geteuid() == 0:
            # Root may write anywhere: a file in the place of the folder is refused for everybody.
            path = self.folder / "a-file"
            path.write_text("", encoding="utf-8")
        else:
            path = self.folder / "read-only"
            path.mkdir(mode=0o500)
        done = serve("serve", "--data", path, "--listen", "127.0.0.1:0", "--init-origin", "test.example/d",
                     "--init-authority", Keys.public("authority"))
        self.assert_refused(done, str(path))

    def test_an_address_beyond_this_machine_wants_encryption(self):
        done = serve("serve", "--data", self.folder / "remote", "--listen", "0.0.0.0:0", "--init-origin", "test.example/e",
                     "--init-authority", Keys.public("authority"))
        self.assert_refused(done, "0.0.0.0")

    def test_a_version_beyond_the_head_is_out_of_range(self):
        done = self.client.run("tally", "kz-maslikhat-2023", "--at", "999999999")
        self.assert_refused(done, "999999999")
        done = self.client.run("watch", "--from", "999999999", "--until-caught-up")
        self.assert_refused(done, "999999999")
        done = self.client.run("prove", "--sequence", "999999999")
        self.assert_refused(done, "999999999")

    def test_unknown_names_are_named(self):
        self.assert_refused(self.client.run("tally", "no-such-election"), "no-such-election")
        self.assert_refused(self.client.run("tally", "kz-maslikhat-2023", "--contest", "mayor"), "mayor")
        self.assert_refused(self.client.run("tally", "kz-maslikhat-2023", "--unit", "M-99"), "M-99")
        self.assert_refused(self.client.run("tally", "kz-maslikhat-2023", "--source", "nobody"), "nobody")

    def test_usage_faults_have_an_exit_code_of_their_own(self):
        self.assertEqual(self.client.run("tally").returncode, USAGE)
        self.assertEqual(self.client.run("no-such-verb").returncode, USAGE)

    def test_a_private_key_in_the_place_of_its_public_half_is_never_repeated(self):
        secret = Keys.private("office").read_text(encoding="utf-8").strip()
        policy = self.folder / "policy.txt"
        policy.write_text(f"log {secret}\nquorum none\n", encoding="utf-8")
        for key in secret, str(Keys.private("office")):
            for done in (self.client.run("status", "--log-key", key),
                         self.client.run("audit", self.folder, "--log-key", key),
                         self.client.run("status", "--policy", policy),
                         self.client.as_authority().run("grant", "e", "--to", key, "--role", "auditor"),
                         subprocess.run([BIN / "hattamad", "init", "--data", self.folder / "never", "--origin", "a.example/b",
                                         "--authority", key], capture_output=True, text=True)):
                with self.subTest(command=done.args[1:]):
                    self.assertNotEqual(done.returncode, FINE)
                    self.assertIn("private key", done.stderr)
                    self.assertNotIn(secret[-40:], done.stdout + done.stderr)

    def test_an_audit_report_that_is_no_report_is_a_usage_fault(self):
        done = self.client.run("attest", "--report", Keys.public("office"))
        self.assertEqual(done.returncode, USAGE, done.stderr)
        self.assertIn("is no JSON", done.stderr)

    def test_a_server_that_is_not_there_is_unreachable(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            done = Client(f"127.0.0.1:{taken.getsockname()[1]}").run("--timeout", "2s", "status")
        self.assertEqual(done.returncode, UNREACHABLE, done.stdout + done.stderr)

    def test_a_faulty_definition_is_refused_with_its_path(self):
        path = self.folder / "faulty.json"
        text = (self.small / "definition.json").read_text(encoding="utf-8")
        path.write_text(text.replace('"share_base_id": "votes"', '"share_base_id": "voters"'), encoding="utf-8")
        done = self.client.run("define", path)
        self.assert_refused(done, "contests[0].share_base_id", "voters")

    def refused_definition(self, change):
        """What `define` says of the small election with its units in the document, after `change`."""
        definition = json.loads((self.small / "definition.json").read_text(encoding="utf-8"))
        definition["election"]["election_id"] = "changed"
        district = next(contest["unit_id"] for contest in definition["contests"])
        definition["units"] = [{"unit_id": district, "level_id": "district"},
                               {"unit_id": "M-01", "parent_id": district, "level_id": "station"}]
        path = self.folder / "changed-definition.json"
        path.write_text(json.dumps(definition, ensure_ascii=False), encoding="utf-8")
        # As it is, nothing is wrong with it, so that what is refused below is refused for the change.
        self.client.checked("define", path, "--check-only")
        change(definition)
        path.write_text(json.dumps(definition, ensure_ascii=False), encoding="utf-8")
        before = self.client.json("status")["as_of"]
        done = self.client.run("define", path)
        self.assertEqual(done.returncode, REFUSED, done.stdout + done.stderr)
        self.assertEqual(self.client.json("status")["as_of"], before)
        return done

    def test_a_cycle_in_the_area_tree_is_refused(self):
        def change(definition):
            definition["units"] += [{"unit_id": "A", "parent_id": "B", "level_id": "station"},
                                    {"unit_id": "B", "parent_id": "A", "level_id": "station"}]
        self.assert_refused(self.refused_definition(change), "units[2]", '"B"')

    def test_a_unit_that_is_its_own_parent_is_refused(self):
        def change(definition):
            definition["units"].append({"unit_id": "A", "parent_id": "A", "level_id": "station"})
        self.assert_refused(self.refused_definition(change), "units[2]", '"A"')

    def test_a_threshold_above_the_whole_is_refused(self):
        def change(definition):
            contest = definition["contests"][0]
            for rule in "plurality", "absolute_majority", "referendum", "party_list":
                contest.pop(rule, None)
            contest["party_list"] = {"seat_count": 3, "method": "ALLOCATION_METHOD_LARGEST_REMAINDER_HARE", "threshold": {
                "ratio": {"numerator": 101, "denominator": 100}, "base_id": contest["share_base_id"]}}
        self.assert_refused(self.refused_definition(change), "contests[0].party_list.threshold", "101/100 is above 100 %")

    def test_a_contest_without_options_is_refused(self):
        def change(definition):
            definition["contests"][0]["options"] = []
        self.assert_refused(self.refused_definition(change), "contests[0].options")

    def test_two_contests_of_one_id_are_refused(self):
        def change(definition):
            definition["contests"].append(dict(definition["contests"][0]))
        self.assert_refused(self.refused_definition(change), "contests[1].contest_id", "declared twice")

    def test_a_field_that_nobody_knows_is_refused(self):
        def change(definition):
            definition["contests"][0]["colour"] = "blue"
        self.assert_refused(self.refused_definition(change), "colour")

    def test_a_changed_definition_of_the_same_election_is_refused(self):
        path = self.folder / "changed.json"
        text = (self.small / "definition.json").read_text(encoding="utf-8")
        path.write_text(text.replace("Candidate A", "Candidate Alpha"), encoding="utf-8")
        before = self.client.json("status")["as_of"]
        done = self.client.run("define", path, "--mapping", self.small / "mapping.json", "--stations", self.small / "stations.csv.gz")
        self.assert_refused(done, "kz-maslikhat-2023")
        self.assertEqual(self.client.json("status")["as_of"], before)

    def test_rubbish_rows_are_refused_one_by_one(self):
        folder = self.folder / "rubbish"
        folder.mkdir(exist_ok=True)
        header = "contest,station_id,phase,source,version,recorded_at,registered,issued,found_in_boxes,valid,invalid,A,B\n"
        (folder / "protocols.csv").write_text(
            header + "deputy,M-01,preliminary,precinct,1,,500,-3,100,90,10,50,40\n"
            + "deputy,M-77,preliminary,precinct,1,,500,100,100,90,10,50,40\n"
            + "deputy,M-02,preliminary,precinct,1,,500,1e2,100,90,10,50,40\n"
            + "deputy,M-03,preliminary,precinct,1,,500,100,100,90,10,50,99999999999999999999\n", encoding="utf-8")
        before = self.client.json("status")["as_of"]
        done = self.client.run("import", folder, "--mapping", self.small / "mapping.json")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        for line in "protocols.csv:2", "protocols.csv:3", "protocols.csv:4", "protocols.csv:5":
            self.assertIn(line, done.stdout + done.stderr)
        self.assertEqual(self.client.json("status")["as_of"], before)

    def refused_table(self, data, name="protocols.csv"):
        """What `import` says of a folder with this one file; nothing of it may be recorded."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            Path(folder, name).write_bytes(data)
            before = self.client.json("status")["as_of"]
            done = self.client.run("import", folder, "--mapping", self.small / "mapping.json")
            self.assertEqual(self.client.json("status")["as_of"], before)
        return done

    def test_a_gzip_that_was_cut_short_sends_nothing(self):
        whole = (self.small / "protocols.csv.gz").read_bytes()
        for size in len(whole) - 1, len(whole) // 2, 30:
            self.assert_refused(self.refused_table(whole[:size], "protocols.csv.gz"), "protocols.csv.gz")

    def test_missing_and_extra_columns_are_named(self):
        text = gzip.decompress((self.small / "protocols.csv.gz").read_bytes()).decode("utf-8")
        rows = [line.split(",") for line in text.splitlines()]
        without = "\n".join(",".join(row[:-1]) for row in rows)
        self.assert_refused(self.refused_table(without.encode("utf-8")), rows[0][-1])
        extra = "\n".join(",".join(row + ["weather" if i == 0 else "fine"]) for i, row in enumerate(rows))
        self.assert_refused(self.refused_table(extra.encode("utf-8")), "weather")

    def test_line_ends_quotes_and_a_byte_order_mark_change_nothing(self):
        text = gzip.decompress((self.small / "protocols.csv.gz").read_bytes()).decode("utf-8")
        quoted = "\r\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in text.splitlines()) + "\r\n"
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            Path(folder, "protocols.csv").write_bytes(b"\xef\xbb\xbf" + quoted.encode("utf-8"))
            report = self.client.json("import", folder, "--mapping", self.small / "mapping.json")
        # The same rows are the same submissions, whatever they were written like.
        self.assertEqual(report["imported"], 0)
        self.assertEqual(report["already_recorded"], report["rows"])

    def test_rows_with_too_few_cells_or_no_utf8_are_refused_one_by_one(self):
        header = b"contest,station_id,phase,source,version,recorded_at,registered,issued,found_in_boxes,valid,invalid,A,B\n"
        done = self.refused_table(header + b"deputy,M-05,final,precinct\n"
                                  + b"deputy,M-\xff\xfe,final,precinct,1,,500,100,100,90,10,50,40\n")
        self.assert_refused(done, "protocols.csv:2", "protocols.csv:3", "UTF-8")
        self.assert_refused(self.refused_table(b""), "protocols.csv")

    def test_a_second_protocol_without_a_predecessor_is_refused(self):
        # The stream of M-01 has a head: other figures need to name it.
        folder = self.folder / "second"
        folder.mkdir(exist_ok=True)
        (folder / "protocols.csv").write_text(
            "contest,station_id,phase,source,version,recorded_at,registered,issued,found_in_boxes,valid,invalid,A,B\n"
            "deputy,M-01,final,precinct,1,,498,232,232,224,8,119,105\n", encoding="utf-8")
        done = self.client.run("import", folder, "--mapping", self.small / "mapping.json")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("M-01", done.stdout + done.stderr)

    def test_a_client_that_vanishes_mid_stream_leaves_whole_events(self):
        server = Server(self.folder / "vanish")
        self.addCleanup(server.kill)
        client = Client(server.address)
        folder = self.elections / "kz-mazhilis-2023"
        self.define(client, folder)
        defined = int(client.json("status")["as_of"]["tree_size"])
        for _ in range(3):
            process = client.start("import", folder, "--mapping", folder / "mapping.json")
            deadline = time.monotonic() + 30
            before = int(client.json("status")["as_of"]["tree_size"])
            while int(client.json("status")["as_of"]["tree_size"]) < before + 500 and time.monotonic() < deadline:
                if process.poll() is not None:
                    break
            process.send_signal(signal.SIGKILL)
            process.communicate()
        report = client.json("import", folder, "--mapping", folder / "mapping.json")
        self.assertEqual(report["imported"] + report["already_recorded"], 41604)
        self.assertEqual(int(client.json("status")["as_of"]["tree_size"]), defined + 41604)
        client.checked("export", "--out", self.folder / "vanish.raw")

    def test_a_web_browser_at_the_port_does_no_harm(self):
        host, port = self.server.address.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except (http.client.HTTPException, OSError):
            pass
        finally:
            connection.close()
        with socket.create_connection((host, int(port)), timeout=5) as raw:
            raw.sendall(bytes(range(256)) * 64)
        self.assert_alive()

    def test_sigterm_drains_and_the_same_head_comes_back(self):
        server = Server(self.folder / "drain")
        self.define(Client(server.address), self.small)
        before = Client(server.address).json("status")["as_of"]
        self.assertEqual(server.stop(), 0, server.output())
        again = Server(self.folder / "drain")
        self.addCleanup(again.kill)
        self.assertEqual(Client(again.address).json("status")["as_of"], before)


if __name__ == "__main__":
    unittest.main()
