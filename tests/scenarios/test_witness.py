"""Witnesses as programs: what they refuse, what they remember, and a server whose policy asks for two of them."""

import concurrent.futures
import http.client as http_client
import json
import os
import random
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
from pathlib import Path

from scenario import BIN, FINDINGS, FINE, REFUSED, USAGE, Client, Server, require_programs

from programs import Keys
from signed_log import SignedLog, cosignature_time, http, origin_path, require_cryptography
from witnesses import Witness

ORIGIN = "test.hattama.example/ledger"


class WitnessAloneTest(unittest.TestCase):
    """A witness against a log that the test signs, honest or not."""

    def setUp(self):
        require_programs()
        require_cryptography()
        folder = tempfile.TemporaryDirectory(prefix="hattama-witness-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.log = SignedLog("log.example/a", [f"record {i}" for i in range(40)])
        self.forked = self.log.records[:6] + [b"another " + record for record in self.log.records[6:]]
        self.witness = Witness(self.folder / "w", "witness.example/w", [self.log.vkey])
        self.addCleanup(lambda: self.witness.kill())

    def add(self, *arguments, **named):
        return http(self.witness.url + "/add-checkpoint", self.log.request(*arguments, **named))

    def assert_cosigned(self, answer, size, records=None):
        status, content_type, body = answer
        self.assertEqual((status, content_type), (200, "text/plain; charset=utf-8"), body)
        seen = cosignature_time(body.strip(), self.witness.vkey, self.log.text(size, records))
        self.assertLess(abs(time.time() - seen), 60)

    def test_it_cosigns_a_log_that_grows_and_shows_the_last_note(self):
        self.assertEqual(http(self.witness.url + origin_path(self.log.name))[0], 404)
        self.assert_cosigned(self.add(0, 5), 5)
        self.assert_cosigned(self.add(5, 5), 5)
        self.assert_cosigned(self.add(5, 40), 40)

        status, content_type, note = http(self.witness.url + origin_path(self.log.name))

        self.assertEqual((status, content_type), (200, "text/plain; charset=utf-8"))
        self.assertTrue(note.startswith(self.log.checkpoint(40)))
        cosignature_time(note.splitlines()[-1], self.witness.vkey, self.log.text(40))

    def test_it_remembers_across_a_stop_and_a_kill(self):
        self.assert_cosigned(self.add(0, 5), 5)
        for size, end in ((9, self.witness.stop), (13, self.witness.kill), (21, self.witness.kill)):
            self.assert_cosigned(self.add(*self.known(), size), size)
            end()
            self.witness.start()
            self.assertEqual(self.known(), (size,))

    def known(self):
        """The size that it names when it is asked about one that it cannot be at."""
        status, content_type, body = self.add(3, 40)
        self.assertEqual((status, content_type), (409, "text/x.tlog.size"))
        return (int(body),)

    def test_a_kill_amid_requests_forgets_nothing_that_was_answered(self):
        records = [f"record {i}".encode() for i in range(2_000)]
        seed = int(os.environ.get("HATTAMA_SEED") or random.randrange(2**32))
        print(f"HATTAMA_SEED={seed}")
        moments = random.Random(seed)
        answered = 0
        for _ in range(6):
            killed = threading.Timer(moments.uniform(0.02, 0.3), self.witness.process.kill)
            killed.start()
            try:
                while answered + 1 < len(records):
                    self.assert_cosigned(self.add(answered, answered + 1, records=records), answered + 1, records)
                    answered += 1
            except (urllib.error.URLError, http_client.HTTPException, ConnectionError):
                pass
            killed.join()
            self.witness.kill()
            self.witness.start()
            # The request that was under way may have been stored, and then its answer is lost; no other.
            status, _, body = self.add(len(records) - 1, len(records), records=records)
            self.assertEqual(status, 409)
            self.assertIn(int(body), (answered, answered + 1))
            answered = int(body)
        self.assertGreater(answered, 0)

    def test_a_rollback_is_refused_with_the_size_that_was_cosigned(self):
        self.assert_cosigned(self.add(0, 20), 20)

        self.assertEqual(self.add(0, 10), (409, "text/x.tlog.size", "20\n"))
        self.assertEqual(self.add(10, 15), (409, "text/x.tlog.size", "20\n"))
        self.assertEqual(self.add(20, 10, proof=[])[0], 400)

    def test_two_heads_are_caught_and_kept_as_evidence(self):
        self.assert_cosigned(self.add(0, 20), 20)

        self.assertEqual(self.add(20, 20, records=self.forked)[0], 422)
        self.assertEqual(self.add(20, 30, records=self.forked)[0], 422)
        self.assertEqual(self.add(20, 30, proof=[])[0], 422)

        self.assertIn("ALARM", self.witness.output())
        key = self.folder / "log.vkey"
        key.write_text(self.log.vkey, encoding="utf-8")
        kept = sorted(self.witness.state.glob("*.fork-*.checkpoint"))
        self.assertEqual(len(kept), 2)
        roots = set()
        for note in kept:
            done = subprocess.run([BIN / "hattama", "--format=json", "verify", note, "--log-key", key],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, FINE, done.stderr)
            shown = json.loads(done.stdout)
            self.assertEqual(shown["tree_size"], 20)
            roots.add(shown["root"])
        self.assertEqual(len(roots), 2)
        self.assert_cosigned(self.add(20, 30), 30)

    def test_what_is_not_the_logs_is_refused(self):
        stranger = SignedLog("log.example/b", ["x"])
        same_name = SignedLog(self.log.name, ["x"])
        for body, status in ((stranger.request(0, 1), 404), (same_name.request(0, 1), 403), ("", 400), ("old 0\n", 400),
                             ("old -1\n\n" + self.log.checkpoint(1), 400),
                             ("old 00\n\n" + self.log.checkpoint(1), 400), ("x" * 300_000, 413)):
            with self.subTest(status=status, body=body[:30]):
                self.assertEqual(http(self.witness.url + "/add-checkpoint", body)[0], status)
        self.assertEqual(http(self.witness.url + "/")[0], 404)
        self.assertEqual(http(self.witness.url + "/../state/lock")[0], 404)
        self.assertEqual(http(self.witness.url + origin_path(self.log.name))[0], 404)

    def test_a_chunked_body_without_end_is_cut_off(self):
        with socket.create_connection(self.witness.address.split(":"), timeout=30) as connection:
            connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n")
            chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
            answer = b""
            try:
                for _ in range(1_000):
                    connection.sendall(chunk)
                self.fail("64 MB were taken")
            except (ConnectionError, TimeoutError):
                pass
            try:
                answer = connection.recv(100)
            except ConnectionError:
                pass
        self.assertIn(answer.split(b"\r\n")[0], (b"", b"HTTP/1.1 413 Payload Too Large"))
        self.assert_cosigned(self.add(0, 5), 5)

    def test_headers_without_end_are_cut_off(self):
        before = self.memory_kilobytes()
        line = b"name: " + b"x" * 8_000 + b"\r\n"
        for _ in range(4):
            with socket.create_connection(self.witness.address.split(":"), timeout=30) as connection:
                connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\n")
                with self.assertRaises(ConnectionError):
                    for _ in range(10_000):
                        connection.sendall(line)
        self.assertLess(self.memory_kilobytes() - before, 8 << 10)
        self.assert_cosigned(self.add(0, 5), 5)

    def memory_kilobytes(self):
        status = Path(f"/proc/{self.witness.process.pid}/status").read_text(encoding="utf-8")
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])

    def test_slow_senders_do_not_keep_others_out(self):
        # Fewer than it has threads: they wait for a request that never ends.
        slow = [socket.create_connection(self.witness.address.split(":"), timeout=60) for _ in range(20)]
        for connection in slow:
            self.addCleanup(connection.close)
            connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 100\r\n\r\nold")
        self.assert_cosigned(self.add(0, 5), 5)
        started = time.monotonic()
        while slow and time.monotonic() - started < 30:
            try:
                slow[0].sendall(b"x")
                time.sleep(0.2)
            except ConnectionError:
                break
        self.assertLess(time.monotonic() - started, 25)

    def test_of_racing_requests_one_is_cosigned(self):
        self.assert_cosigned(self.add(0, 5), 5)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda size: self.add(5, size), range(6, 22)))

        statuses = sorted(answer[0] for answer in answers)

        self.assertEqual(statuses, [200] + [409] * 15)
        won = next(size for size, answer in zip(range(6, 22), answers) if answer[0] == 200)
        self.assertEqual({answer[2] for answer in answers if answer[0] == 409}, {f"{won}\n"})
        self.assertEqual(self.known(), (won,))

    def test_of_two_heads_that_race_one_is_cosigned(self):
        for round_number in range(10):
            start = 0 if round_number == 0 else self.known()[0]
            size = start + 1 if start else 8
            honest = self.log.records if start == 0 else None
            fork = self.log.records[:size - 1] + [b"fork"]
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                one = pool.submit(self.add, start, size, records=honest)
                two = pool.submit(self.add, start, size, records=fork)
                statuses = [one.result()[0], two.result()[0]]
            self.assertEqual(statuses.count(200), 1, statuses)
            self.assertIn(sorted(statuses)[1], (409, 422))
            if two.result()[0] == 200:
                # The fork is what this witness has seen; it stays with it.
                self.assertEqual(self.add(size, size + 1)[0], 422)
                return

    def test_a_memory_is_of_one_witness_and_one_process(self):
        second = subprocess.run(self.witness.command("127.0.0.1:0"), capture_output=True, text=True, timeout=60)
        self.assertEqual(second.returncode, REFUSED)
        self.assertIn("another process holds it", second.stderr)
        self.witness.stop()
        other = self.folder / "other"
        subprocess.run([BIN / "hattama", "keygen", "witness.example/other", "--witness", "--out", other], check=True,
                       stdout=subprocess.DEVNULL)
        command = [word if word != self.witness.folder / "key.key" else other.with_suffix(".key")
                   for word in self.witness.command("127.0.0.1:0")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn("this is the memory of the witness witness.example/w", done.stderr)

    def test_a_damaged_memory_does_not_start(self):
        self.assert_cosigned(self.add(0, 20), 20)
        self.assertEqual(self.witness.stop(), 0)
        note = next(self.witness.state.glob("*.checkpoint"))
        # An older checkpoint that the log did sign: a cosignature of the witness is what it lacks.
        for bytes_ in (self.log.checkpoint(5), note.read_text(encoding="utf-8").replace("\n20\n", "\n19\n"), ""):
            note.write_text(bytes_, encoding="utf-8")
            done = subprocess.run(self.witness.command("127.0.0.1:0"), capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, REFUSED, done.stderr)
            self.assertIn(str(note), done.stderr)

    def test_a_key_without_a_name_and_a_log_without_a_log_key_are_misuse(self):
        pem = self.folder / "pem"
        subprocess.run([BIN / "hattama", "keygen", "w.example/pem", "--witness", "--pem", "--out", pem], check=True,
                       stdout=subprocess.DEVNULL)
        for key, log in ((pem.with_suffix(".key"), self.log.vkey),
                         (self.witness.folder / "key.key", self.witness.vkey)):
            done = subprocess.run([BIN / "hattama", "witness", "--key", key, "--state", self.folder / "fresh", "--listen",
                                   "127.0.0.1:0", "--log", log], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, USAGE, done.stderr)


class WitnessedLogTest(unittest.TestCase):
    """A server with two witnesses, both of which its policy asks for."""

    def setUp(self):
        require_programs()
        folder = tempfile.TemporaryDirectory(prefix="hattama-witnessed-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        init = subprocess.run([BIN / "hattamad", "init", "--data", self.folder / "data", "--origin", ORIGIN,
                               "--authority", Keys.public("authority")], check=True, capture_output=True, text=True)
        self.vkey = init.stdout.splitlines()[-1].strip()
        self.log_key = self.folder / "log.vkey"
        self.log_key.write_text(self.vkey + "\n", encoding="utf-8")
        self.witnesses = []
        for name in ("observer", "press"):
            witness = Witness(self.folder / name, f"witness.example/{name}", [self.log_key])
            self.addCleanup(witness.kill)
            self.witnesses.append(witness)
        self.policy = self.folder / "policy.txt"
        self.policy.write_text(
            f"log {self.vkey}\n" + "".join(f"witness {name} {witness.vkey} {witness.url}\n" for name, witness in
                                           zip(("observer", "press"), self.witnesses)) +
            "group both all observer press\nquorum both\n", encoding="utf-8")

    def serve(self, *arguments):
        server = Server(self.folder / "data", ORIGIN, arguments=("--policy", self.policy, "--checkpoint-interval", "100ms",
                                                                 "--witness-timeout", "1s", *arguments))
        self.addCleanup(server.kill)
        return server, Client(server.address, "authority")

    def grant(self, client, name, *arguments):
        return client.run("grant", "--to", Keys.public(name), "--role", "auditor", *arguments)

    def test_receipts_rest_on_both_witnesses(self):
        _, client = self.serve()
        client.checked("grant", "--to", Keys.public("auditor-1"), "--role", "auditor")
        receipt = self.folder / "grant.tlog-proof"

        shown = client.json("receipt", "--sequence", "1", "--policy", self.policy, "--out", receipt)

        self.assertEqual([one["name"] for one in shown["checkpoint"]["witnesses"]], ["observer", "press"])
        offline = subprocess.run([BIN / "hattama", "--format=json", "verify", receipt, "--policy", self.policy],
                                 capture_output=True, text=True, timeout=60)
        self.assertEqual(offline.returncode, FINE, offline.stdout + offline.stderr)
        self.assertEqual(json.loads(offline.stdout)["sequence"], 1)
        status = client.json("status", "--policy", self.policy, "--state", self.folder / "seen")
        self.assertTrue(status["checkpoint"]["verified"])

    def test_without_a_witness_nothing_is_believed_under_the_policy(self):
        _, client = self.serve()
        client.checked("grant", "--to", Keys.public("auditor-1"), "--role", "auditor")
        receipt = self.folder / "receipt.tlog-proof"
        client.checked("receipt", "--sequence", "1", "--policy", self.policy, "--out", receipt)
        self.witnesses[1].kill()
        self.assertEqual(self.grant(client, "auditor-2").returncode, FINE)

        late = client.run("--timeout=3s", "receipt", "--sequence", "2", "--policy", self.policy, "--out",
                          self.folder / "late.tlog-proof")

        self.assertNotEqual(late.returncode, FINE)
        self.assertFalse((self.folder / "late.tlog-proof").exists())
        # What was witnessed before holds still; the witness is back, and the log goes on.
        self.assertEqual(client.run("verify", receipt, "--policy", self.policy).returncode, FINE)
        self.witnesses[1].start(self.witnesses[1].address)
        client.checked("--timeout=60s", "receipt", "--sequence", "2", "--policy", self.policy, "--out",
                       self.folder / "late.tlog-proof")

    def test_a_receipt_that_no_witness_saw_does_not_hold_under_the_policy(self):
        server = Server(self.folder / "data", ORIGIN, arguments=("--checkpoint-interval", "100ms"))
        self.addCleanup(server.kill)
        client = Client(server.address, "authority")
        receipt = self.folder / "alone.tlog-proof"
        client.checked("receipt", "--sequence", "0", "--log-key", self.log_key, "--out", receipt)

        self.assertEqual(client.run("verify", receipt, "--log-key", self.log_key).returncode, FINE)
        under_policy = client.run("verify", receipt, "--policy", self.policy)

        self.assertEqual(under_policy.returncode, FINDINGS)
        self.assertIn("does not hold", under_policy.stdout)
        self.assertIn("observer", under_policy.stdout)

    def test_a_witness_that_saw_more_than_a_restored_backup_is_an_alarm(self):
        server, client = self.serve()
        client.checked("receipt", "--sequence", "0", "--policy", self.policy, "--out", self.folder / "r0")
        self.assertEqual(server.stop(), 0, server.output())
        for name in ("data", "data.signed-head"):
            subprocess.run(["cp", "-a", self.folder / name, self.folder / f"backup-{name}"], check=True)
        server, client = self.serve()
        self.assertEqual(self.grant(client, "auditor-1").returncode, FINE)
        client.checked("receipt", "--sequence", "1", "--policy", self.policy, "--out", self.folder / "r1")
        self.assertEqual(server.stop(), 0, server.output())
        # Everything is put back to the backup, even the signed head that forbids it; then another history begins.
        for name in ("data", "data.signed-head"):
            subprocess.run(["rm", "-rf", self.folder / name], check=True)
            subprocess.run(["cp", "-a", self.folder / f"backup-{name}", self.folder / name], check=True)
        server, client = self.serve()
        self.assertEqual(self.grant(client, "auditor-2").returncode, FINE)

        forked = client.run("--timeout=3s", "receipt", "--sequence", "1", "--policy", self.policy, "--out",
                            self.folder / "forked")

        self.assertNotEqual(forked.returncode, FINE)
        self.assertFalse((self.folder / "forked").exists())
        self.assertTrue(any("ALARM" in witness.output() for witness in self.witnesses),
                        "\n".join(witness.output() for witness in self.witnesses) + server.output())


if __name__ == "__main__":
    unittest.main()
