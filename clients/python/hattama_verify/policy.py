"""Who is believed: one log's key, or a policy file with logs, witnesses and a quorum (c2sp.org/tlog-policy)."""

import re
from pathlib import Path

from hattama_verify.faults import Fault, Refusal
from hattama_verify.note import TYPE_COSIGNATURE, TYPE_ED25519, VerifierKey, open_note, parse_checkpoint
from hattama_verify.text import decimal, shown

POLICY_SIZE_MAX = 1_000_000


class Policy:
    """Logs that are believed, witnesses, and how many of them must have seen a checkpoint."""

    def __init__(self, logs):
        self.logs = list(logs)
        self.witnesses = {}
        self.groups = {}
        self.quorum = "none"

    def is_met(self, name, signers):
        """Whether a witness or group witnessed. Groups come after their members, so one pass decides all."""
        met = {witness: key in signers for witness, key in self.witnesses.items()}
        for group, (wanted, members) in self.groups.items():
            met[group] = sum(met[member] for member in members) >= wanted
        return met[name]

    def open(self, data):
        """The checkpoint of a signed note; Fault where its log or its quorum is not there."""
        text, signers = open_note(data, self.logs + list(self.witnesses.values()))
        checkpoint = parse_checkpoint(text)
        if not any(key in self.logs and key.name == checkpoint.origin for key in signers):
            raise Fault(f"no log that is believed signed the checkpoint of {shown(checkpoint.origin)}")
        if self.quorum != "none" and not self.is_met(self.quorum, signers):
            seen = sorted(name for name, key in self.witnesses.items() if key in signers)
            raise Fault(f"the quorum {self.quorum} is not met: cosigned by {', '.join(seen) or 'no witness'}")
        return checkpoint


def _words(line):
    return re.split(r"[ \t]+", line.strip(" \t"))


def parse_policy(data):
    """A policy file. Names are opaque octets: kept here as Latin-1 texts, so that equal means equal octets."""
    if any(byte < 0x20 and byte not in (0x09, 0x0A) or byte == 0x7F for byte in data):
        raise Fault("the policy has a control character")
    if data and not data.endswith(b"\n"):
        raise Fault("the last line of the policy does not end with a newline")
    policy, quorum, members_seen, keys_seen = Policy([]), None, set(), {"log": set(), "witness": set()}
    for number, line in enumerate(data.decode("latin-1").split("\n"), 1):
        words = _words(line)
        if words == [""] or words[0].startswith("#"):
            continue
        try:
            quorum = _policy_line(policy, words, quorum, members_seen, keys_seen)
        except Fault as fault:
            raise Fault(f"line {number} of the policy: {fault}") from None
    if quorum is None:
        raise Fault("the policy has no quorum line")
    policy.quorum = quorum
    return policy


def _policy_line(policy, words, quorum, members_seen, keys_seen):
    def key_of(text, kind, key_type):
        key = VerifierKey.parse(text.encode("latin-1").decode("utf-8", "replace"))
        if key.type != key_type:
            raise Fault(f"the key of a {kind} has type 0x{key_type:02x}, not 0x{key.type:02x}")
        if key.key in keys_seen[kind]:
            raise Fault(f"the key of {key.name} is that of an earlier {kind}")
        keys_seen[kind].add(key.key)
        return key

    def new_name(name):
        if name == "none" or name in policy.witnesses or name in policy.groups:
            raise Fault(f"the name {shown(name)} is taken")
        return name

    def known(name):
        if name not in policy.witnesses and name not in policy.groups:
            raise Fault(f"{shown(name)} is no witness or group of a line before")
        return name

    verb, rest = words[0], words[1:]
    if verb == "log" and len(rest) in (1, 2):
        policy.logs.append(key_of(rest[0], "log", TYPE_ED25519))
    elif verb == "witness" and len(rest) in (2, 3):
        policy.witnesses[new_name(rest[0])] = key_of(rest[1], "witness", TYPE_COSIGNATURE)
    elif verb == "group" and len(rest) >= 3:
        name, count, members = new_name(rest[0]), rest[1], [known(member) for member in rest[2:]]
        for member in members:
            if member in members_seen:
                raise Fault(f"{shown(member)} is a member of a group already")
            members_seen.add(member)
        wanted = {"any": 1, "all": len(members)}.get(count)
        wanted = decimal(count, "the number of members") if wanted is None else wanted
        if not 1 <= wanted <= len(members):
            raise Fault(f"a group of {len(members)} asks for {wanted}")
        policy.groups[name] = (wanted, members)
    elif verb == "quorum" and len(rest) == 1:
        if quorum is not None:
            raise Fault("a second quorum line")
        return rest[0] if rest[0] == "none" else known(rest[0])
    else:
        raise Fault(f"{shown(' '.join(words))} is no line of a policy")
    return quorum


def read_key(argument):
    """A verifier key that is given as such, or as the name of a file that holds one."""
    if "+" not in argument or Path(argument).is_file():
        try:
            argument = Path(argument).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise Refusal(f"{argument}: neither a verifier key nor a file with one: {error}") from None
    try:
        return VerifierKey.parse(argument)
    except Fault as fault:
        raise Refusal(str(fault)) from None


def read_public_key(argument):
    """The 32 bytes of a key that is given as hex, as a verifier key, or as a file with one."""
    if len(argument) == 64 and all(c in "0123456789abcdefABCDEF" for c in argument):
        return bytes.fromhex(argument)
    return read_key(argument).key


def policy_from(log_key=None, policy_file=None):
    """The policy of the two flags. Where both are given the key stands for the policy's logs."""
    if policy_file is not None:
        try:
            data = Path(policy_file).read_bytes()
        except OSError as error:
            raise Refusal(f"{policy_file}: {error.strerror}") from None
        try:
            policy = parse_policy(data)
        except Fault as fault:
            raise Refusal(f"{policy_file}: {fault}") from None
    else:
        policy = Policy([])
    if log_key is not None:
        key = read_key(log_key)
        if key.type != TYPE_ED25519:
            raise Refusal(f"the key of {key.name} has type 0x{key.type:02x}; a log signs by a key of type 0x01")
        policy.logs = [key]
    if not policy.logs:
        raise Refusal("no log is believed: give its key, or a policy that names it")
    return policy
