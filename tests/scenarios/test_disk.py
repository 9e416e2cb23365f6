"""Disks as they are: full, read-only, and with room again. A small disk in memory stands in for them, which only root may
mount."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from scenario import BIN, FINDINGS, FINE, REFUSED, ROOT, Client, Keys, Server, require_programs

MEBIBYTE = 1 << 20
# RocksDB reserves some 64 MiB for its log. The server keeps 64 MiB free: appends stop before the disk is full, so that
# compaction and a restart still work.
DISK_MEBIBYTES = 256


class SmallDiskTest(unittest.TestCase):
    def setUp(self):
        require_programs()
        if os.geteuid() != 0:
            self.skipTest("only root may mount a small disk")
        folder = tempfile.TemporaryDirectory(prefix="hattama-disk-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MEBIBYTES}m", "tmpfs", self.disk],
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
        self.addCleanup(lambda: subprocess.run(["umount", "-l", self.disk], check=False))
        subprocess.run(["python3", ROOT / "deploy" / "demo" / "generate.py", "--out", self.folder / "elections",
                        "kz-maslikhat-2023"], check=True, capture_output=True)
        self.election = self.folder / "elections" / "kz-maslikhat-2023"

    def start(self):
        server = Server(self.disk / "data")
        self.addCleanup(server.kill)
        return server, Client(server.address)

    def define(self, client):
        client.define(self.election / "definition.json", "--mapping", self.election / "mapping.json", "--stations",
                      self.election / "stations.csv.gz")

    def import_rows(self, client):
        return client.run("--format=json", "import", self.election, "--mapping", self.election / "mapping.json")

    def fill(self, leave_bytes):
        """Fills the disk but for so many bytes."""
        free = os.statvfs(self.disk)
        filler = self.disk / "filler"
        have = filler.stat().st_size if filler.exists() else 0
        with open(filler, "wb") as file:
            file.truncate(0)
            os.posix_fallocate(file.fileno(), 0, have + free.f_bavail * free.f_frsize - leave_bytes)
        return filler

    def remount(self, *options):
        subprocess.run(["mount", "-o", ",".join(("remount",) + options), self.disk], check=True)

    def tally(self, client):
        return client.json("tally", "kz-maslikhat-2023")

    def assert_goes_on(self, client, head):
        """With room again everything is taken, and what was there before is there still."""
        self.assertEqual(client.json("status")["as_of"], head)
        done = self.import_rows(client)
        self.assertIn(done.returncode, (FINE, FINDINGS), done.stdout + done.stderr)

    def test_a_disk_that_is_nearly_full_refuses_submissions_and_takes_them_once_there_is_room(self):
        server, client = self.start()
        self.define(client)
        head = client.json("status")["as_of"]
        tally = self.tally(client)
        filler = self.fill(leave_bytes=63 * MEBIBYTE)

        done = self.import_rows(client)

        self.assertEqual(done.returncode, REFUSED, done.stdout + done.stderr)
        self.assertIn("bytes are free", done.stdout + done.stderr)
        self.assertEqual(client.json("status")["as_of"], head)
        self.assertEqual(self.tally(client), tally)
        filler.unlink()
        self.assert_goes_on(client, head)
        self.assertEqual(server.stop(), 0, server.output())

    def test_a_disk_without_a_byte_left_answers_questions_and_comes_back(self):
        for end in ("stop", "kill"):
            with self.subTest(end=end):
                server, client = self.start()
                self.define(client)
                head = client.json("status")["as_of"]
                tally = self.tally(client)
                filler = self.fill(leave_bytes=0)

                self.assertNotIn(self.import_rows(client).returncode, (FINE, FINDINGS))
                self.assertEqual(client.json("status")["as_of"], head)
                self.assertEqual(self.tally(client), tally)
                if end == "stop":
                    self.assertEqual(server.stop(), 0, server.output())
                else:
                    server.kill()

                # RocksDB gives back what it had reserved; whoever filled the disk takes that too. A start
                # on the full disk is refused with the numbers, and loses nothing.
                self.fill(leave_bytes=0)
                done = self.serve()
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(str(self.disk / "data"), done.stderr)
                self.assertIn("0 bytes are free", done.stderr)
                filler.unlink()
                server, client = self.start()
                self.assertEqual(client.json("status")["as_of"], head)
                self.assertEqual(server.stop(), 0, server.output())
        server, client = self.start()
        self.assert_goes_on(client, head)
        self.assertEqual(server.stop(), 0, server.output())

    def serve(self):
        return subprocess.run([BIN / "hattamad", "serve", "--data", self.disk / "data", "--listen", "127.0.0.1:0"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def test_a_read_only_disk_is_refused_and_named_and_left_as_it_is(self):
        server, client = self.start()
        self.define(client)
        head = client.json("status")["as_of"]
        self.assertEqual(server.stop(), 0, server.output())
        self.remount("ro")

        done = self.serve()

        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(str(self.disk / "data"), done.stderr)
        self.assertNotIn("terminate called", done.stderr)
        self.remount("rw")
        server, client = self.start()
        self.assert_goes_on(client, head)

    def test_a_new_ledger_on_a_read_only_disk_is_refused(self):
        self.remount("ro")
        for verb in (["init", "--origin", "test.example/a", "--authority", Keys.public("authority")],
                     ["serve", "--listen", "127.0.0.1:0", "--init-origin", "test.example/a", "--init-authority",
                      Keys.public("authority")]):
            done = subprocess.run([BIN / "hattamad", verb[0], "--data", self.disk / "data", *verb[1:]],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(str(self.disk / "data"), done.stderr)


if __name__ == "__main__":
    unittest.main()
