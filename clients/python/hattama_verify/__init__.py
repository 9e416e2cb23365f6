"""A second implementation of the audit of a Hattama ledger, in plain Python.

Written from docs/format.md, storage/merkle/README.md and the comments of proto/hattama/v1, and from nothing else, so
that it shares no mistake with the programs that it checks. `python3 -m hattama_verify --help` says how to run it.
"""
