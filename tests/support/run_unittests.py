#!/usr/bin/env python3
"""Runs the Python tests of a folder and writes how many passed, failed and were skipped.

    run_unittests.py FOLDER COUNTS_FILE

COUNTS_FILE receives one line, "PASSED FAILED SKIPPED". Exit 1 where a test failed or none was found.
"""

import sys
import unittest
from pathlib import Path


class CountingResult(unittest.TextTestResult):
    """Counts whole tests: one with several failing subtests failed once."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.failed_tests = set()

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.failed_tests.add(test)

    def addError(self, test, err):
        super().addError(test, err)
        self.failed_tests.add(test)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.failed_tests.add(test)


def main():
    folder, counts_file = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    sys.path.insert(0, str(folder))
    suite = unittest.defaultTestLoader.discover(str(folder), pattern="test_*.py", top_level_dir=str(folder))
    total = suite.countTestCases()
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=CountingResult).run(suite)
    # A class whose set-up skips or fails runs none of its tests; each of them counts as skipped.
    not_run = total - result.testsRun
    skipped_alone = sum(1 for test, _ in result.skipped if isinstance(test, unittest.TestCase))
    failed_alone = sum(1 for test in result.failed_tests if isinstance(test, unittest.TestCase))
    failed = len(result.failed_tests) + len(result.unexpectedSuccesses)
    skipped = skipped_alone + not_run
    passed = result.testsRun - failed_alone - skipped_alone - len(result.unexpectedSuccesses)
    if total == 0:
        print(f"{folder}: no test found")
        failed = 1
    counts_file.write_text(f"{passed} {failed} {skipped}\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
