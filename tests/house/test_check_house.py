"""Proves that the house check can fail: each test plants one fault in a small tree and expects its line."""

import copy
import json
import tempfile
import unittest
from pathlib import Path

import check_house

TABLE = json.loads((Path(__file__).resolve().parent / "house.json").read_text(encoding="utf-8"))


def guarded(path, body):
    guard = "HATTAMA_" + path.replace("/", "_").replace(".", "_").upper() + "_"
    return f"#ifndef {guard}\n#define {guard}\n{body}\n#endif  // {guard}\n"


class CheckHouseTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.table = copy.deepcopy(TABLE)
        self.table["ratchet"] = {}
        self.table["enumerators_in_tests"] = []
        for room in self.table["rooms_with_readme"]:
            self.write(f"{room}/README.md", "# A room\n")
        self.write("storage/event_store.h", guarded("storage/event_store.h", ""))
        self.write("services/ledger/ledger.h", guarded("services/ledger/ledger.h", ""))

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def faults(self):
        return check_house.check_tree(self.root, self.table)

    def assert_one_fault(self, *parts):
        faults = self.faults()
        self.assertEqual(len(faults), 1, faults)
        for part in parts:
            self.assertIn(part, faults[0])

    def test_a_tree_that_keeps_the_rules_has_no_faults(self):
        self.write("services/ledger/ledger.cc", '#include "services/ledger/ledger.h"\n\n#include <vector>\n\n'
                   '#include "absl/status/status.h"\n#include "storage/event_store.h"\n')

        self.assertEqual(self.faults(), [])

    def test_an_include_that_goes_up_is_named_with_its_line(self):
        self.write("storage/keys.cc", '#include <string>\n#include "services/ledger/ledger.h"\n')

        self.assert_one_fault("storage/keys.cc:2", "services/ledger/ledger.h", "storage/merkle")

    def test_the_command_line_never_includes_the_ledger(self):
        self.write("clients/cli/main.cc", '#include "services/ledger/ledger.h"\n')

        self.assert_one_fault("clients/cli/main.cc:1", "services/ledger/ledger.h")

    def test_rocksdb_stays_in_its_room(self):
        self.write("services/ledger/ledger.cc", "#include <rocksdb/db.h>\n")

        self.assert_one_fault("RocksDB appears only in storage/rocks")

    def test_the_ledger_does_not_know_grpc(self):
        self.write("services/ledger/ledger.cc", "#include <grpcpp/grpcpp.h>\n")

        self.assert_one_fault("gRPC appears only in")

    def test_the_domain_does_not_know_messages(self):
        self.write("services/domain/tally.cc", '#include "hattama/v1/tally.pb.h"\n')

        self.assert_one_fault("messages appears only in services/wire")

    def test_wire_knows_messages_but_not_stubs(self):
        self.write("services/wire/codec.cc", '#include "hattama/v1/tally.pb.h"\n#include "hattama/v1/results_service.grpc.pb.h"\n')

        self.assert_one_fault("codec.cc:2", "gRPC stubs")

    def test_the_domain_knows_std_and_absl_alone(self):
        self.write("services/domain/tally.cc", "#include <boost/rational.hpp>\n#include <sys/stat.h>\n#include <vector>\n")

        self.assertEqual(len(self.faults()), 2)

    def test_what_is_shipped_does_not_include_tests(self):
        self.write("tests/support/fake.h", guarded("tests/support/fake.h", ""))
        self.write("services/api/handler.cc", '#include "tests/support/fake.h"\n')

        self.assert_one_fault("does not depend on tests")

    def test_an_include_of_a_file_that_is_not_there_is_a_fault(self):
        self.write("services/ledger/ledger.cc", '#include "storage/no_such.h"\n')

        self.assert_one_fault("storage/no_such.h does not exist")

    def test_an_include_relative_to_its_file_is_a_fault(self):
        self.write("services/ledger/ledger.cc", '#include "ledger.h"\n')

        self.assert_one_fault("names its path from the root")

    def test_a_table_with_a_cycle_is_a_fault(self):
        self.table["rooms"]["storage/merkle"]["may_include"] = ["storage"]

        faults = self.faults()

        self.assertTrue(any("a cycle: storage/merkle > storage > storage/merkle" in fault for fault in faults), faults)
        self.assertTrue(any("never up or sideways" in fault for fault in faults), faults)

    def test_a_table_that_names_an_unknown_room_is_a_fault(self):
        self.table["rooms"]["storage"]["may_include"].append("storage/etcd")

        self.assert_one_fault("storage/etcd, which is no room")

    def test_a_guard_that_is_not_the_path_is_a_fault(self):
        self.write("storage/keys.h", "#ifndef KEYS_H\n#define KEYS_H\n#endif\n")

        self.assert_one_fault("HATTAMA_STORAGE_KEYS_H_")

    def test_an_underscore_in_a_test_name_is_a_fault(self):
        self.write("tests/ledger/ledger_test.cc", "TEST(LedgerTest, Keeps_order) {}\nTEST_F(LedgerTest, KeepsOrder) {}\n")

        self.assert_one_fault("ledger_test.cc:1", "Keeps_order")

    def test_a_file_over_the_limit_is_a_fault(self):
        self.write("storage/keys.cc", "\n" * 801)

        self.assert_one_fault("801 lines, limit 800")

    def test_the_ratchet_holds_and_only_goes_down(self):
        self.write("storage/keys.cc", "\n" * 900)
        self.table["ratchet"] = {"storage/keys.cc": 900}
        self.assertEqual(self.faults(), [])

        self.table["ratchet"] = {"storage/keys.cc": 899}
        self.assert_one_fault("900 lines, and the ratchet stands at 899")

        self.write("storage/keys.cc", "\n" * 10)
        self.assert_one_fault("take it off the ratchet")

        (self.root / "storage/keys.cc").unlink()
        self.assert_one_fault("on the ratchet and does not exist")

    def test_paths_of_one_machine_are_a_fault(self):
        for path in "/work/main", "/root/.ssh", "/home/me/x":
            self.write("deploy/README.md", f"Look into `{path}`.\n")

            self.assert_one_fault("deploy/README.md:1", "an absolute path of one machine")

    def test_addresses_that_only_look_like_such_paths_are_no_fault(self):
        self.write("deploy/README.md", "See https://example.org/work/a and ${HOME}/work/b and ../home/c.\n")

        self.assertEqual(self.faults(), [])

    def test_unfinished_work_is_a_fault(self):
        self.write("storage/keys.cc", "// TODO: later\n")

        self.assert_one_fault("storage/keys.cc:1", "TODO")

    def test_a_room_without_a_readme_is_a_fault(self):
        (self.root / "services/wire/README.md").unlink()

        self.assert_one_fault("services/wire/README.md")

    def ask_for_reasons(self):
        self.table["enumerators_in_tests"] = [
            {"header": "services/domain/refusal.h", "enum": "RefusalReason", "folders": ["tests/domain", "tests/ledger"]}]
        self.write("services/domain/refusal.h", guarded("services/domain/refusal.h", """
enum class RefusalReason {
  kMalformed,       // Not like kUnknown.
  kMalformedTwice,
  kUnknown = 7,     // Last.
};"""))

    def test_an_enumerator_that_no_test_names_is_a_fault(self):
        self.ask_for_reasons()
        self.write("tests/domain/admission_test.cc", "Refused(RefusalReason::kMalformedTwice);\n"
                   "Refused(RefusalReason::kUnknown);  // Beside RefusalReason::kMalformed.\n")

        self.assert_one_fault("services/domain/refusal.h: RefusalReason::kMalformed occurs in no test of tests/domain")

    def test_enumerators_may_be_named_in_any_of_the_folders_and_in_no_other(self):
        self.ask_for_reasons()
        self.write("tests/domain/admission_test.cc", "Refused(RefusalReason::kMalformed);\n")
        self.write("tests/ledger/receipt_test.cc", "domain::RefusalReason::kMalformedTwice;\n")
        self.write("tests/api/status_test.cc", "domain::RefusalReason::kUnknown;\n")

        self.assert_one_fault("RefusalReason::kUnknown occurs in no test of tests/domain or tests/ledger")

    def test_an_enum_that_is_not_there_is_a_fault(self):
        self.ask_for_reasons()
        self.write("services/domain/refusal.h", guarded("services/domain/refusal.h", ""))

        self.assert_one_fault("services/domain/refusal.h has no enum class RefusalReason")

    def test_a_file_that_is_not_text_is_left_alone(self):
        (self.root / "deploy/picture.png").write_bytes(b"\x89PNG\xff\xfe TODO")

        self.assertEqual(self.faults(), [])


if __name__ == "__main__":
    unittest.main()
