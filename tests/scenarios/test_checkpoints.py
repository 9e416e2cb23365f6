"""Signed heads: checkpoints at their interval, receipts, the published folder across kills, and what must not be signed.
What is published is checked in plain Python (tests/support/plain_log.py)."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from scenario import BIN, FINDINGS, FINE, ROOT, Client, Keys, Server, require_programs

from plain_log import (PlainWitness, check_folder, open_checkpoint, parse_vkey, require_cryptography,  # noqa: E402
                       verify_tlog_proof)

WAIT_SECONDS_MAX = 60
KILL_COUNT = 6


def hattamad(*arguments):
    """Runs hattamad until it ends by itself."""
    return subprocess.run([BIN / "hattamad", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=WAIT_SECONDS_MAX)


class CheckpointCase(unittest.TestCase):
    """Tests with a folder of their own and an election of fifteen stations in thirty-one protocols."""

    @classmethod
    def setUpClass(cls):
        require_programs()
        require_cryptography()
        folder = tempfile.TemporaryDirectory(prefix="hattama-elections-")
        cls.addClassCleanup(folder.cleanup)
        subprocess.run([sys.executable, ROOT / "deploy" / "demo" / "generate.py", "--out", folder.name], check=True,
                       capture_output=True)
        cls.elections = Path(folder.name)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hattama-checkpoints-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.data = self.folder / "data"
        self.published = self.folder / "published"

    def start(self, *arguments, data=None):
        server = Server(data or self.data, arguments=["--checkpoint-interval", "50ms", *map(str, arguments)])
        self.addCleanup(server.kill)
        return server

    def define(self, server, name="kz-maslikhat-2023"):
        folder = self.elections / name
        client = Client(server.address)
        client.define(folder / "definition.json", "--mapping", folder / "mapping.json", "--stations",
                      folder / "stations.csv.gz")
        return client

    def import_rows(self, client, name="kz-maslikhat-2023"):
        folder = self.elections / name
        client.checked("import", folder, "--mapping", folder / "mapping.json", allowed=(FINE, FINDINGS))

    def size_of(self, client):
        return int(client.json("status")["as_of"]["tree_size"])

    def wait(self, what, condition):
        """What `condition` gives once it gives something."""
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while time.monotonic() < deadline:
            if found := condition():
                return found
            time.sleep(0.02)
        self.fail(f"no {what} within {WAIT_SECONDS_MAX} s")

    def checkpoint_in(self, folder, vkey):
        """(size, root) as published, or None."""
        try:
            _, size, root = open_checkpoint((folder / "checkpoint").read_text(encoding="utf-8"), vkey)
        except FileNotFoundError:
            return None
        return size, root

    def await_published(self, server, size):
        self.wait(f"checkpoint of {size}", lambda: (self.checkpoint_in(self.published, server.vkey) or (0,))[0] >= size)

    def assert_refused(self, done, *words):
        text = done.stdout + done.stderr
        self.assertGreater(done.returncode, 0, text)
        for word in words:
            self.assertIn(word, text)


class PublishingTest(CheckpointCase):
    def test_a_checkpoint_follows_the_log_at_its_interval(self):
        server = self.start("--publish", self.published)
        self.await_published(server, 1)
        first = self.checkpoint_in(self.published, server.vkey)
        time.sleep(0.3)
        self.assertEqual(self.checkpoint_in(self.published, server.vkey), first, "the log did not move")

        client = self.define(server)
        self.import_rows(client)
        size = self.size_of(client)
        self.await_published(server, size)

        checked_size, root, records = check_folder(self.published, server.vkey)
        self.assertEqual(checked_size, size)
        self.assertEqual(len(records), size)
        self.assertEqual(server.stop(), 0, server.output())

    def test_a_stop_signs_and_publishes_what_was_recorded_last(self):
        server = Server(self.data, arguments=["--checkpoint-interval", "1h", "--publish", str(self.published)])
        self.addCleanup(server.kill)
        client = self.define(server)
        self.import_rows(client)
        size = self.size_of(client)
        vkey = server.vkey

        self.assertEqual(server.stop(), 0, server.output())

        self.assertEqual(check_folder(self.published, vkey)[0], size)

    def test_a_receipt_holds_without_the_server(self):
        server = self.start("--publish", self.published)
        client = self.define(server)
        self.import_rows(client)
        size = self.size_of(client)
        vkey_file = self.folder / "log.vkey"
        vkey_file.write_text(server.vkey + "\n", encoding="utf-8")
        for sequence in (0, 1, size // 2, size - 1):
            file = self.folder / f"{sequence}.tlog-proof"
            client.checked("receipt", "--sequence", sequence, "--log-key", vkey_file, "--out", file)
        self.await_published(server, size)
        vkey = server.vkey
        server.stop()

        _, _, records = check_folder(self.published, vkey)
        for sequence in (0, 1, size // 2, size - 1):
            text = (self.folder / f"{sequence}.tlog-proof").read_text(encoding="utf-8")
            index, record, covered = verify_tlog_proof(text, vkey)
            self.assertEqual((index, record), (sequence, records[sequence]))
            self.assertGreater(covered, sequence)
        with self.assertRaises(Exception):
            verify_tlog_proof(text.replace(f"index {size - 1}", f"index {size - 2}"), vkey)

    def test_the_folder_is_whole_after_every_kill_and_complete_after_a_restart(self):
        seed = int(os.environ.get("HATTAMA_SEED", "20230319"))
        print(f"HATTAMA_SEED={seed}")
        moments = random.Random(seed)
        arguments = ("--publish", self.published)
        server = self.start(*arguments)
        vkey = server.vkey
        client = self.define(server, "kz-mazhilis-2023")
        folder = self.elections / "kz-mazhilis-2023"
        seen = []
        for _ in range(KILL_COUNT):
            process = client.start("import", folder, "--mapping", folder / "mapping.json")
            time.sleep(moments.uniform(0.2, 1.5))
            server.kill()
            process.communicate(timeout=WAIT_SECONDS_MAX)
            size, root, records = check_folder(self.published, vkey)
            # What was published before is still so.
            for earlier in seen:
                self.assertEqual(records[:len(earlier)], earlier)
            seen = [records]
            server = self.start(*arguments)
            self.assertEqual(server.vkey, vkey)
            client = Client(server.address)
        self.import_rows(client, "kz-mazhilis-2023")
        size = self.size_of(client)
        self.await_published(server, size)
        server.stop()
        checked_size, _, records = check_folder(self.published, vkey)
        self.assertEqual(checked_size, size)
        self.assertEqual(records[:len(seen[0])], seen[0])
        self.assertEqual([path for path in self.published.rglob("*.new")], [], "a restart removes what a kill left over")

    def test_a_folder_of_another_log_is_not_overwritten(self):
        server = self.start("--publish", self.published)
        self.await_published(server, 1)
        server.stop()

        other = self.folder / "other"
        done = hattamad("serve", "--data", other, "--listen", "127.0.0.1:0", "--publish", self.published, "--init-origin",
                        "other.example/log", "--init-authority", Keys.public("authority"))

        self.assert_refused(done, str(self.published))


class WhatMustNotBeSignedTest(CheckpointCase):
    def test_a_restored_backup_is_refused_with_what_happened_and_what_to_do(self):
        server = self.start("--publish", self.published)
        client = self.define(server)
        backup_size = self.size_of(client)
        server.stop()
        shutil.copytree(self.data, self.folder / "backup")
        server = self.start("--publish", self.published)
        client = Client(server.address)
        self.import_rows(client)
        size = self.size_of(client)
        server.stop()
        newest = self.folder / "newest"
        self.data.rename(newest)
        shutil.copytree(self.folder / "backup", self.data)

        done = hattamad("serve", "--data", self.data, "--listen", "127.0.0.1:0")

        self.assert_refused(done, str(self.data), f"holds {backup_size} events", f"{size} were signed", "restored backup",
                            f"events {backup_size}..{size - 1}", "deploy/README.md")
        # What the copy lacks is in the published folder; nothing is said of it twice.
        done = hattamad("restore", "--data", self.data, "--from", self.published)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"held {backup_size} events and holds {size}", done.stdout)
        before = server.signed_head.read_bytes()
        server = self.start("--publish", self.published)
        client = Client(server.address)
        self.assertEqual(self.size_of(client), size)
        tally = client.json("tally", "kz-maslikhat-2023")
        server.stop()
        self.assertEqual(server.signed_head.read_bytes(), before)
        # The newest data says the same.
        shutil.rmtree(self.data)
        newest.rename(self.data)
        server = self.start("--publish", self.published)
        self.assertEqual(Client(server.address).json("tally", "kz-maslikhat-2023"), tally)

    def test_data_that_is_lost_comes_back_from_the_published_folder(self):
        server = self.start("--publish", self.published)
        client = self.define(server)
        self.import_rows(client)
        head = client.json("status")["as_of"]
        server.stop()
        shutil.rmtree(self.data)

        done = hattamad("restore", "--data", self.data, "--from", self.published)

        self.assertEqual(done.returncode, 0, done.stderr)
        server = self.start("--publish", self.published)
        client = Client(server.address)
        self.assertEqual(client.json("status")["as_of"], head)
        self.import_rows(client)
        self.assertEqual(client.json("status")["as_of"], head, "what was recorded is recognised")

    def test_nothing_is_restored_from_a_copy_that_is_not_what_its_checkpoint_says(self):
        server = self.start("--publish", self.published)
        self.import_rows(self.define(server))
        server.stop()
        shutil.rmtree(self.data)
        for bundle in (self.published / "tile" / "entries").rglob("*"):
            if bundle.is_file():
                changed = bytearray(bundle.read_bytes())
                changed[len(changed) // 2] ^= 1
                bundle.write_bytes(changed)

        done = hattamad("restore", "--data", self.data, "--from", self.published)

        self.assert_refused(done, str(self.published))
        self.assertFalse(self.data.exists())

    def test_another_history_of_the_log_is_refused(self):
        server = self.start()
        server.stop()
        shutil.copytree(self.data, self.folder / "twin")
        server = self.start()
        self.define(server)
        server.stop()
        # The twin records something else under the same name, with the same key and a copy of the signed head.
        for ending in ("log-key", "signed-head"):
            shutil.copy2(self.folder / f"data.{ending}", self.folder / f"twin.{ending}")
        shutil.copy2(self.folder / "data.signed-head", self.folder / "kept")
        (self.folder / "twin.signed-head").unlink()
        done = hattamad("adopt-head", "--data", self.folder / "twin", "--checkpoint", "none")
        self.assertEqual(done.returncode, 0, done.stderr)
        twin = self.start(data=self.folder / "twin")
        self.define(twin, "kz-referendum-2022")
        self.define(twin)
        twin.stop()

        done = hattamad("serve", "--data", self.folder / "twin", "--signed-head", self.folder / "kept", "--listen",
                        "127.0.0.1:0")

        self.assert_refused(done, "another history of the log", "Keep both copies")

    def test_two_servers_with_one_signed_head_are_one_too_many(self):
        server = self.start()
        shutil.copytree(self.data, self.folder / "twin")

        done = hattamad("serve", "--data", self.folder / "twin", "--log-key", server.log_key, "--signed-head",
                        server.signed_head, "--listen", "127.0.0.1:0")

        self.assert_refused(done, "another server signs for this log")
        self.assertEqual(Client(server.address).run("status").returncode, FINE)

    def test_a_signed_head_that_somebody_else_moves_stops_the_server_from_signing_and_recording(self):
        server = self.start("--publish", self.published)
        self.await_published(server, 1)
        origin, size, root = server.signed_head.read_text(encoding="utf-8").splitlines()
        server.signed_head.write_text(f"{origin}\n{int(size) + 1}\n{root}\n", encoding="utf-8")
        client = Client(server.address)
        folder = self.elections / "kz-maslikhat-2023"
        define = ("define", folder / "definition.json", "--mapping", folder / "mapping.json", "--stations",
                  folder / "stations.csv.gz")
        client.as_authority().run(*define)

        self.wait("refusal to sign", lambda: "another server signs for this log" in server.output())

        self.assertEqual(self.checkpoint_in(self.published, server.vkey)[0], int(size))
        status = client.json("status")
        self.assertTrue(status["read_only"], status)

    def test_a_key_that_others_may_read_is_refused(self):
        server = self.start()
        server.stop()
        server.log_key.chmod(0o640)

        done = hattamad("serve", "--data", self.data, "--listen", "127.0.0.1:0")

        self.assert_refused(done, str(server.log_key), "mode 0640", "chmod 600")

    def test_the_key_of_another_log_is_refused(self):
        server = self.start()
        server.stop()
        other = hattamad("init", "--data", self.folder / "other", "--origin", "other.example/log", "--authority",
                         Keys.public("authority"))
        self.assertEqual(other.returncode, 0, other.stderr)

        done = hattamad("serve", "--data", self.data, "--log-key", self.folder / "other.log-key", "--listen", "127.0.0.1:0")

        self.assert_refused(done, "other.example/log")

    def test_a_lost_signed_head_is_made_anew_from_the_newest_checkpoint_alone(self):
        server = self.start("--publish", self.published)
        client = self.define(server)
        size = self.size_of(client)
        self.await_published(server, size)
        server.stop()
        before = server.signed_head.read_bytes()
        server.signed_head.unlink()

        done = hattamad("serve", "--data", self.data, "--listen", "127.0.0.1:0")
        self.assert_refused(done, str(server.signed_head), "adopt-head")
        self.assertFalse(server.signed_head.exists(), "a refusal makes none")
        done = hattamad("init", "--data", self.data, "--origin", "test.hattama.example/ledger", "--authority",
                        Keys.public("authority"))
        self.assert_refused(done, str(self.data))
        self.assertFalse(server.signed_head.exists(), "init makes none for a ledger that is there")
        forged = self.folder / "forged"
        note = (self.published / "checkpoint").read_text(encoding="utf-8")
        forged.write_text(note.replace(f"\n{size}\n", f"\n{size - 1}\n"), encoding="utf-8")
        self.assert_refused(hattamad("adopt-head", "--data", self.data, "--checkpoint", forged), str(forged))

        done = hattamad("adopt-head", "--data", self.data, "--checkpoint", self.published / "checkpoint")

        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(server.signed_head.read_bytes(), before)
        again = hattamad("adopt-head", "--data", self.data, "--checkpoint", self.published / "checkpoint")
        self.assert_refused(again, "nothing else may take its place")
        self.start().stop()

    def test_init_makes_the_key_for_its_owner_alone_and_prints_the_public_one(self):
        done = hattamad("init", "--data", self.data, "--origin", "new.example/log", "--authority", Keys.public("authority"))

        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.folder / "data.log-key").stat().st_mode & 0o777, 0o600)
        self.assertEqual(parse_vkey(done.stdout.splitlines()[-1])[0], "new.example/log")

    def test_init_refuses_where_the_log_signed_events_that_are_not_there(self):
        server = self.start("--publish", self.published)
        self.await_published(server, 1)
        server.stop()
        shutil.rmtree(self.data)

        done = hattamad("serve", "--data", self.data, "--listen", "127.0.0.1:0", "--init-origin",
                        "test.hattama.example/ledger", "--init-authority", Keys.public("authority"))

        self.assert_refused(done, "signed 1 events")
        self.assertFalse(self.data.exists())


class WitnessedTest(CheckpointCase):
    def make_witness(self, name, vkey):
        witness = PlainWitness(name, vkey)
        self.addCleanup(witness.close)
        return witness

    def found(self):
        """Founds the log and returns its verifier key."""
        server = self.start()
        vkey = server.vkey
        server.stop()
        return vkey

    def write_policy(self, vkey, witnesses, quorum):
        lines = [f"log {vkey}"] + [f"witness w{i} {one.vkey} {one.url}" for i, one in enumerate(witnesses)]
        lines += [f"group q {quorum} " + " ".join(f"w{i}" for i in range(len(witnesses))), "quorum q"]
        path = self.folder / "policy"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def cosigners(self):
        """Names of all who signed the published checkpoint."""
        note = (self.published / "checkpoint").read_text(encoding="utf-8")
        return {line.split(" ")[1] for line in note.split("\n\n", 1)[1].splitlines()}

    def test_checkpoints_carry_the_cosignatures_of_the_policy(self):
        vkey = self.found()
        witnesses = [self.make_witness(f"w{i}.example", vkey) for i in range(2)]
        policy = self.write_policy(vkey, witnesses, "all")
        server = self.start("--policy", policy, "--publish", self.published)
        client = self.define(server)
        self.import_rows(client)
        self.await_published(server, self.size_of(client))

        self.assertEqual(self.cosigners(), {"test.hattama.example/ledger", "w0.example", "w1.example"})
        server.stop()
        # After a restart the server knows nothing of the witnesses; they say where they are.
        server = self.start("--policy", policy, "--publish", self.published)
        client = Client(server.address)
        self.define(server, "kz-referendum-2022")
        self.await_published(server, self.size_of(client))
        self.assertIn(409, [status for _, _, status in witnesses[0].requests])
        self.assertNotIn(422, [status for _, _, status in witnesses[0].requests])

    def test_nothing_is_published_without_the_quorum_and_it_goes_on_when_the_witness_is_back(self):
        vkey = self.found()
        witness = self.make_witness("w.example", vkey)
        server = self.start("--policy", self.write_policy(vkey, [witness], "all"), "--publish", self.published)
        self.await_published(server, 1)
        before = self.checkpoint_in(self.published, vkey)
        witness.silent = True
        client = self.define(server)
        size = self.size_of(client)
        self.wait("word of it in the server's log", lambda: "no_checkpoint" in server.output())
        self.assertEqual(self.checkpoint_in(self.published, vkey), before)

        witness.silent = False

        self.await_published(server, size)
        self.wait("word of it in the server's log", lambda: "checkpoints_resumed" in server.output())

    def test_without_the_quorum_it_goes_on_where_it_was_told_so(self):
        vkey = self.found()
        witness = self.make_witness("w.example", vkey)
        witness.silent = True
        server = self.start("--policy", self.write_policy(vkey, [witness], "all"), "--unwitnessed", "publish", "--publish",
                            self.published)
        client = self.define(server)

        self.await_published(server, self.size_of(client))

        self.assertEqual(self.cosigners(), {"test.hattama.example/ledger"})
        witness.silent = False
        self.wait("cosignature", lambda: "w.example" in self.cosigners())

    def test_a_slow_witness_holds_up_nobody_else(self):
        vkey = self.found()
        quick, slow = self.make_witness("quick.example", vkey), self.make_witness("slow.example", vkey)
        slow.delay_seconds = 3.0
        server = self.start("--policy", self.write_policy(vkey, [quick, slow], "any"), "--publish", self.published)
        self.await_published(server, 1)
        client = self.define(server)
        started = time.monotonic()
        self.await_published(server, self.size_of(client))
        self.assertLess(time.monotonic() - started, 2.0)
        self.assertIn("quick.example", self.cosigners())

    def test_a_log_with_two_histories_gets_no_cosignature_for_the_second(self):
        vkey = self.found()
        witness = self.make_witness("w.example", vkey)
        policy = self.write_policy(vkey, [witness], "all")
        for ending in ("", ".log-key", ".signed-head"):
            source = self.folder / f"data{ending}"
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, self.folder / f"twin{ending}")
        server = self.start("--policy", policy, "--publish", self.published)
        client = self.define(server)
        self.await_published(server, self.size_of(client))
        server.stop()

        twin = self.start("--policy", policy, "--publish", self.folder / "twin-published", data=self.folder / "twin")
        self.wait("alarm", lambda: "witness_alarm" in twin.output())
        self.define(twin, "kz-referendum-2022")
        time.sleep(0.5)

        self.assertIsNone(self.checkpoint_in(self.folder / "twin-published", vkey))
        # The twin is longer by now than what the witness saw, and still no continuation of it.
        self.wait("second alarm", lambda: twin.output().count("witness_alarm") >= 2)

    def test_a_policy_that_cannot_work_is_refused_at_the_start(self):
        vkey = self.found()
        witness = self.make_witness("w.example", vkey)
        policy = self.write_policy(vkey, [witness], "all")
        text = policy.read_text(encoding="utf-8")
        for name, changed, word in (("https", text.replace("http://", "https://"), "plain http"),
                                    ("another-log", text.replace(f"log {vkey}\n", ""), "this log's key"),
                                    ("malformed", text + "quorum q\n", "policy")):
            with self.subTest(name):
                path = self.folder / name
                path.write_text(changed, encoding="utf-8")
                done = hattamad("serve", "--data", self.data, "--listen", "127.0.0.1:0", "--policy", path)
                self.assert_refused(done, word)


if __name__ == "__main__":
    unittest.main()
