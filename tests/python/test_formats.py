#!/usr/bin/env python3
"""Trees, notes, policies, receipts, paths and protobuf: known answers, and refusals of every other spelling."""

import base64
import json
import random
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# pylint: disable=wrong-import-position
import small_ledger as s  # noqa: E402
from hattama_verify import ed25519, note, policy, rfc6962, sum_tree, text, tiles, tlog_proof, wire  # noqa: E402
from hattama_verify.faults import Fault, Refusal  # noqa: E402

# The example of golang.org/x/mod/sumdb/note.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_NOTE = ("If you think cryptography is the answer to your problem,\nthen you don't know what your problem "
                "is.\n\n"
                "— PeterNeumann "
                "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n")

# The eight leaves of Certificate Transparency's reference tests, and the roots over the first n of them.
LEAVES = [bytes.fromhex(one) for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                         "606162636465666768696a6b6c6d6e6f")]
ROOTS = ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"]


def naive_root(leaves):
    """The definition of RFC 6962, section 2.1."""
    if len(leaves) < 2:
        return leaves[0] if leaves else rfc6962.EMPTY_ROOT
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return rfc6962.node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


class TreeTest(unittest.TestCase):
    def test_the_roots_of_the_reference_leaves_are_the_published_ones(self):
        tree = rfc6962.Tree()
        for size, root in enumerate(ROOTS):
            self.assertEqual(root, tree.root().hex())
            if size < len(LEAVES):
                tree.append(rfc6962.leaf_hash(LEAVES[size]))
        self.assertEqual(ROOTS, [tree.root(size).hex() for size in range(9)])

    def test_paths_verify_and_no_other_ones_do(self):
        tree = rfc6962.Tree()
        for size in range(1, 20):
            tree.append(rfc6962.leaf_hash(bytes([size])))
            root = naive_root(tree.levels[0])
            self.assertEqual(root, tree.root(size))
            for index in range(size):
                leaf, path = tree.levels[0][index], tree.path(index, size)
                rfc6962.verify_inclusion(index, size, leaf, path, root)
                wrong = [(index, size, leaf, path + [leaf], root), (index + 1, size, leaf, path, root),
                         (index, size, bytes(32), path, root), (-1, size, leaf, path, root),
                         (size, size, leaf, path, root)]
                wrong += [(index, size, leaf, path[:-1], root), (index, size, leaf, path[1:], root)] if path else []
                for arguments in wrong:
                    with self.assertRaises(Fault):
                        rfc6962.verify_inclusion(*arguments)

    def test_sum_trees_are_those_of_the_vectors(self):
        cases = json.loads((HERE.parent / "vectors" / "sum_tree.json").read_text(encoding="utf-8"))["cases"]
        for case in cases:
            rows = [(leaf["label"].encode(), leaf["sums"]) for leaf in case["leaves"]]
            root = sum_tree.root(rows, case["width"])
            self.assertEqual((case["root"]["hash"], case["root"]["sums"]), (root[0].hex(), root[1]))
            self.assertEqual(case["commitment"], sum_tree.commitment(len(rows), root).hex())
            for proof in case["proofs"]:
                nodes = [(bytes.fromhex(node["hash"]), node["sums"]) for node in proof["nodes"]]
                self.assertEqual(root, sum_tree.root_from_path(proof["index"], len(rows), *rows[proof["index"]], nodes))

    def test_a_sum_beyond_the_limit_or_below_zero_is_refused(self):
        row = (b"a", [1])
        for bad in ([1 << 62], [(1 << 62) + 1], [-1], [1, 1], []):
            with self.assertRaises(Fault):
                sum_tree.root_from_path(0, 2, *row, [(bytes(32), bad)])


class NoteTest(unittest.TestCase):
    def test_a_note_of_others_opens(self):
        opened, signers = note.open_note(NEUMANN_NOTE.encode(), [note.VerifierKey.parse(NEUMANN)])
        self.assertEqual(1, len(signers))
        self.assertEqual(2, opened.count("\n"))
        self.assertEqual(NEUMANN, str(signers[0]))

    def test_each_flipped_byte_of_a_note_is_refused(self):
        data, believed = NEUMANN_NOTE.encode(), policy.Policy([note.VerifierKey.parse(NEUMANN)])
        for position in range(len(data)):
            changed = bytearray(data)
            changed[position] ^= 1
            try:
                self.assertEqual([], note.open_note(bytes(changed), believed.logs)[1], position)
            except Fault:
                pass

    def test_keys_in_another_spelling_are_refused(self):
        name, identity, key = NEUMANN.split("+", 2)
        raw = base64.b64decode(key)
        for bad in ("", "PeterNeumann", f"{name}+{identity}", f"{name}+{identity.upper()}+{key}",
                    f"{name} +{identity}+{key}",
                    f"+{identity}+{key}", f"{name}+{identity}+{key}=", f"{name}+{identity}+{key}\n",
                    f"{name}+00000000+{key}",
                    f"{name}+{identity}+{base64.b64encode(raw[:-1]).decode()}",
                    f"{name}+{identity}+{base64.b64encode(bytes([2]) + raw[1:]).decode()}"):
            with self.assertRaises(Fault, msg=bad):
                note.VerifierKey.parse(bad)

    def test_a_private_key_is_never_quoted(self):
        secret = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
        with self.assertRaises(Fault) as caught:
            note.VerifierKey.parse(f"PRIVATE+KEY+PeterNeumann+c74f20a3+{secret}")
        self.assertIn("private key", str(caught.exception))
        self.assertNotIn(secret, str(caught.exception))

    def test_checkpoints_in_another_spelling_are_refused(self):
        root = text.to_base64(bytes(32))
        self.assertEqual(7, note.parse_checkpoint(f"o\n7\n{root}\n").tree_size)
        for bad in ("", "o\n7\n", f"\n7\n{root}\n", f"o\n07\n{root}\n", f"o\n-7\n{root}\n", f"o\n+7\n{root}\n",
                    f"o\n7 \n{root}\n",
                    f"o\n7\n{root[:-2]}\n", f"o\n7\n{root}", f"o\n{1 << 63}\n{root}\n", f"o\n{'9' * 5000}\n{root}\n",
                    f"o\n7\n{root[:-2]}B=\n", f"o\n7\n{root}\n\n", f"o\n٧\n{root}\n"):
            with self.assertRaises(Fault, msg=bad[:40]):
                note.parse_checkpoint(bad)

    def test_keys_of_small_order_are_refused(self):
        p = (1 << 255) - 19
        orders = [(1).to_bytes(32, "little"), (0).to_bytes(32, "little"), (p - 1).to_bytes(32, "little"),
                  p.to_bytes(32, "little"),
                  (p + 1).to_bytes(32, "little"), (1 << 255).to_bytes(32, "little"),
                  bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
                  bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")]
        for key in orders:
            self.assertIn("small order", ed25519.key_fault(key))
        self.assertIn("no point", ed25519.key_fault(b"\x02" + bytes(31)))
        self.assertIsNone(ed25519.key_fault(s.Key("any").public))


class PolicyTest(unittest.TestCase):
    LOG, ONE, TWO = (str(s.Key(name).verifier_key(kind, f"{name}.example"))
                     for name, kind in (("log", 1), ("one", 4), ("two", 4)))

    def parsed(self, *lines):
        return policy.parse_policy(("\n".join(lines) + "\n").encode())

    def test_a_policy_reads(self):
        read = self.parsed("# logs", "", f"\tlog {self.LOG}  https://log.example ", f"witness a {self.ONE}",
                           f"witness b {self.TWO} url",
                           "group g all a b", "quorum g")
        self.assertEqual((2, ["a", "b"]), read.groups["g"])

    def test_what_is_no_policy_is_refused(self):
        a, b = f"witness a {self.ONE}", f"witness b {self.TWO}"
        for lines in ([], ["quorum"], ["quorum none", "quorum none"], ["quorum a"], [a, "quorum b"], [a, a, "quorum a"],
                      [a, f"witness c {self.ONE}", "quorum a"], ["group g all a", a, "quorum g"],
                      [a, "group g 2 a", "quorum g"],
                      [a, "group g 0 a", "quorum g"], [a, "group g 01 a", "quorum g"],
                      [a, "group g any a", "group h any a", "quorum h"],
                      [a, "group g any", "quorum none"], [a, "group a any a", "quorum a"],
                      [f"log {self.ONE}", "quorum none"],
                      [f"witness a {self.LOG}", "quorum a"], [f"log {self.LOG}", f"log {self.LOG}", "quorum none"],
                      [f"witness none {self.ONE}", "quorum none"], [a, b, "group g 3 a b", "quorum g"],
                      ["policy", "quorum none"],
                      [a, "group g any none", "quorum g"], ["quorum none\x00"], ["quorum none\r"],
                      ["log x", "quorum none"]):
            with self.assertRaises(Fault, msg=str(lines)):
                self.parsed(*lines)

    def test_groups_of_groups_count(self):
        read = self.parsed(f"witness a {self.ONE}", f"witness b {self.TWO}", "group g any a", "group h all g b",
                           "quorum h")
        signers = [read.witnesses["a"]]
        self.assertFalse(read.is_met("h", signers))
        self.assertTrue(read.is_met("h", signers + [read.witnesses["b"]]))

    def test_a_policy_without_a_log_is_of_no_use(self):
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch, "policy")
            path.write_text("quorum none\n", encoding="utf-8")
            with self.assertRaises(Refusal):
                policy.policy_from(None, str(path))


class TilePathTest(unittest.TestCase):
    def test_paths_are_those_of_the_specification(self):
        for index, path in ((0, "000"), (999, "999"), (1000, "x001/000"), (1234067, "x001/x234/067"),
                            (1234067890, "x001/x234/x067/890")):
            self.assertEqual(f"tile/0/{path}", tiles.tile_path(0, index))
            self.assertEqual((0, index, 256), tiles.parse_tile_path(f"tile/0/{path}"))
            self.assertEqual(("entries", index, 7), tiles.parse_tile_path(f"tile/entries/{path}.p/7"))

    def test_other_paths_are_none(self):
        for path in ("tile/0/0", "tile/0/x000/001", "tile/00/000", "tile/64/000", "tile/0/000.p/0", "tile/0/000.p/256",
                     "tile/0/000.p/07",
                     "tile/0/1000", "tile/0/", "tile/entries", "tile/data/000", "tile/0/x001/1", "checkpoint",
                     "tile/0/000.p/1/2"):
            self.assertIsNone(tiles.parse_tile_path(path), path)


class ReceiptTest(unittest.TestCase):
    def test_a_receipt_verifies_and_no_changed_one_does(self):
        log = s.opened_ledger()
        index, size = 4, len(log.records)
        believed = policy.Policy([log.log_key.verifier_key(name=log.origin)])
        hashes = "".join(text.to_base64(one) + "\n" for one in log.tree.path(index, size))
        head = f"c2sp.org/tlog-proof@v1\nextra {text.to_base64(log.records[index])}\nindex {index}\n{hashes}\n"
        data = head.encode() + s.signed_checkpoint(log.log_key, log.origin, size, log.tree.root())
        receipt = tlog_proof.verify_receipt(data, believed)
        self.assertEqual((log.records[index], index), (receipt.record, receipt.index))
        for position in range(len(data)):
            changed = bytearray(data)
            changed[position] ^= 1
            with self.assertRaises(Fault, msg=f"byte {position}"):
                tlog_proof.verify_receipt(bytes(changed), believed)
        for size in range(len(data)):
            with self.assertRaises(Fault):
                tlog_proof.verify_receipt(data[:size], believed)


class WireTest(unittest.TestCase):
    def test_what_is_written_is_read(self):
        message = {"election_id": "e", "stage": 2, "lines": [{"line_id": "a", "count": 0}, {"line_id": "b"}],
                   "supersedes_sequence": 0, "signed_time": {"seconds": -5, "nanos": 3}}
        read = wire.decode("ProtocolSubmitted", s.encode("ProtocolSubmitted", message))
        self.assertEqual([{"line_id": "a", "count": 0}, {"line_id": "b", "count": None}], read["lines"])
        self.assertEqual((0, None, "", {"seconds": -5, "nanos": 3}),
                         (read["supersedes_sequence"], read["decision_sequence"], read["note"], read["signed_time"]))

    def test_packed_and_unpacked_numbers_are_the_same(self):
        packed, unpacked = s.tagged(11, b"\x01\x02"), b"\x58\x01\x58\x02"
        for data in (packed, unpacked, packed[:2] + b"\x01\x02"):
            self.assertEqual([1, 2], wire.decode("DecisionRecorded", data)["released_sequences"])

    def test_the_last_member_of_a_oneof_counts_and_messages_merge(self):
        term = s.encode("Term", {"line_id": "a"}) + s.encode("Term", {"aggregate": 3})
        self.assertEqual(("aggregate", None, 3),
                         tuple(wire.decode("Term", term)[key] for key in ("operand", "line_id", "aggregate")))
        twice = s.tagged(7, s.encode("Ratio", {"numerator": 1})) + s.tagged(7, s.encode("Ratio", {"denominator": 3}))
        self.assertEqual({"numerator": 1, "denominator": 3}, wire.decode("Rule", twice)["tolerance_ratio"])

    def test_garbage_is_refused_or_read_and_never_more(self):
        rng = random.Random(3)
        for _ in range(20_000):
            data = rng.randbytes(rng.randrange(40))
            try:
                wire.decode(rng.choice(("Submission", "ProtocolSubmitted", "Contest", "Rule")), data)
            except Fault:
                pass


if __name__ == "__main__":
    unittest.main()
