"""Pieces of the C2SP texts, in one spelling only: whatever is written otherwise is a fault."""

import base64
import binascii
import re

from hattama_verify.faults import Fault

DECIMAL = re.compile(r"(?:0|[1-9][0-9]*)\Z")
INT64_MAX = (1 << 63) - 1


def shown(value, limit=80):
    """A value for a message: quoted, and not longer than a line."""
    text = ascii(value)
    return text if len(text) <= limit else text[:limit] + "..."


def decimal(text, what):
    if len(text) > 19 or not DECIMAL.match(text) or int(text) > INT64_MAX:
        raise Fault(f"{what} is {shown(text)}, not a decimal number without leading zeros below 2^63")
    return int(text)


def from_base64(text, what, size=None):
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise Fault(f"{what} is {shown(text)}, not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Fault(f"{what} is {shown(text)}, base64 with stray bits")
    if size is not None and len(data) != size:
        raise Fault(f"{what} has {len(data)} bytes, not {size}")
    return data


def to_base64(data):
    return base64.b64encode(data).decode()


def split_lines(text, what):
    """The lines of a text in which each is ended by a newline."""
    if not text.endswith("\n"):
        raise Fault(f"{what} does not end with a newline")
    return text[:-1].split("\n")
