#!/usr/bin/env python3
"""Prints "PASSED FAILED SKIPPED" of a JUnit file that ctest wrote."""

import sys
import xml.etree.ElementTree as xml


def main():
    cases = list(xml.parse(sys.argv[1]).getroot().iter("testcase"))
    failed = sum(1 for case in cases if case.get("status") == "fail" or case.find("failure") is not None)
    skipped = sum(1 for case in cases if case.get("status") in ("notrun", "disabled") or case.find("skipped") is not None)
    print(len(cases) - failed - skipped, failed, skipped)


if __name__ == "__main__":
    main()
