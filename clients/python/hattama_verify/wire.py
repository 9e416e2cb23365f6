"""A decoder of protobuf's wire format (protobuf.dev, "Encoding"), driven by the table of messages.py.

What protobuf says of repeated occurrences holds: the last value of a singular field counts, occurrences of a singular
message are merged, a member of a oneof ends the others. Unknown fields, and fields of another wire type, are passed
over.
"""

from hattama_verify.faults import Fault
from hattama_verify.messages import MESSAGES

VARINT, FIXED64, LENGTH, GROUP_START, GROUP_END, FIXED32 = range(6)
GROUP_DEPTH_MAX = 100
SIGN, MODULUS = 1 << 63, 1 << 64


def varint(data, position, end):
    """(value, position after it) of an unsigned varint of at most 64 bits."""
    value = shift = 0
    while True:
        if position >= end:
            raise Fault("a varint is cut off")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (MODULUS - 1), position
        shift += 7
        if shift == 70:
            raise Fault("a varint has more than ten bytes")


def _tag(data, position, end):
    tag, position = varint(data, position, end)
    if tag >= 1 << 32 or tag < 8:
        raise Fault(f"{tag} is no tag of a field")
    return tag, position


def _skip(data, position, end, tag):
    """The position after the value of an unknown field."""
    open_groups = []
    while True:
        kind = tag & 7
        if kind == VARINT:
            _, position = varint(data, position, end)
        elif kind == LENGTH:
            size, position = varint(data, position, end)
            position += size
        elif kind == FIXED64:
            position += 8
        elif kind == FIXED32:
            position += 4
        elif kind == GROUP_START:
            open_groups.append(tag >> 3)
            if len(open_groups) > GROUP_DEPTH_MAX:
                raise Fault("groups nest too deeply")
        elif kind == GROUP_END:
            if not open_groups or open_groups.pop() != tag >> 3:
                raise Fault("a group ends that did not begin")
        else:
            raise Fault(f"{kind} is no wire type")
        if position > end:
            raise Fault("a field is longer than its message")
        if not open_groups:
            return position
        tag, position = _tag(data, position, end)


def to_int64(value):
    return value - MODULUS if value >= SIGN else value


def _int32(value):
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value


def _bool(value):
    return value != 0


SCALARS = {"int64": to_int64, "int32": _int32, "enum": _int32, "bool": _bool}
DEFAULTS = {"int64": 0, "int32": 0, "enum": 0, "bool": False, "string": "", "bytes": b""}


class _Plan:
    """What to do with each tag of a message."""

    def __init__(self, name, fields):
        self.name = name
        self.defaults = {}
        self.repeated = []
        self.tags = {}
        self.siblings = {}
        oneofs = {}
        for number, (field, kind, label) in fields.items():
            convert = SCALARS.get(kind)
            action = "scalar" if convert else kind if kind in ("string", "bytes") else "message"
            target = convert if convert else kind
            self.tags[number << 3 | (VARINT if convert else LENGTH)] = (action, field, target, label)
            if label == "repeated":
                self.repeated.append(field)
                if convert:
                    self.tags[number << 3 | LENGTH] = ("packed", field, target, label)
            elif label == "" and action != "message":
                self.defaults[field] = DEFAULTS[kind]
            else:
                self.defaults[field] = None
            if label not in ("", "optional", "repeated"):
                oneofs.setdefault(label, []).append(field)
        for label, members in oneofs.items():
            self.defaults[label] = None
            for member in members:
                self.siblings[member] = [other for other in members if other != member]


PLANS = {name: _Plan(name, fields) for name, fields in MESSAGES.items()}


def decode(name, data):
    """The message as a dictionary by field names. Absent: the default, [] or, where presence counts, None.

    A oneof is the name of the member that is set, under the oneof's name. Fault where the bytes are no such message.
    """
    return _decode(PLANS[name], data, 0, len(data))


def _decode(plan, data, position, end):
    message = dict(plan.defaults)
    for field in plan.repeated:
        message[field] = []
    tags, merged = plan.tags, None
    while position < end:
        tag = data[position]
        if 8 <= tag < 0x80:
            position += 1
        else:
            tag, position = _tag(data, position, end)
        step = tags.get(tag)
        if step is None:
            if tag & 7 == GROUP_END:
                raise Fault("a group ends that did not begin")
            position = _skip(data, position, end, tag)
            continue
        action, field, target, label = step
        if action == "scalar":
            value, position = varint(data, position, end)
            value = target(value)
        else:
            size, position = varint(data, position, end)
            start, position = position, position + size
            if position > end:
                raise Fault(f"{plan.name}.{field} is longer than its message")
            if action == "string":
                try:
                    value = str(data[start:position], "utf-8")
                except UnicodeDecodeError:
                    raise Fault(f"{plan.name}.{field} is not UTF-8") from None
            elif action == "bytes":
                value = bytes(data[start:position])
            elif action == "packed":
                while start < position:
                    value, start = varint(data, start, position)
                    message[field].append(target(value))
                continue
            elif label != "repeated" and message[field] is not None:
                # A second occurrence: messages are merged as if their encodings stood one after the other.
                merged[field] += data[start:position]
                value = _decode(PLANS[target], merged[field], 0, len(merged[field]))
            else:
                value = _decode(PLANS[target], data, start, position)
                if label != "repeated":
                    merged = {} if merged is None else merged
                    merged[field] = data[start:position]
        if label == "repeated":
            message[field].append(value)
            continue
        message[field] = value
        if label != "" and label != "optional":
            message[label] = field
            for sibling in plan.siblings[field]:
                message[sibling] = None
    return message


def strict_fields(data, expected):
    """Yields (number, start, end of the value, value of a varint) of a message that has the fields of `expected` alone.

    `expected` is a list of (number, wire type): each at most once, and in this order.
    """
    position, end, allowed = 0, len(data), list(expected)
    while position < end:
        start = position
        tag, position = _tag(data, position, end)
        while allowed and allowed[0][0] << 3 | allowed[0][1] != tag:
            allowed.pop(0)
        if not allowed:
            raise Fault(f"field {tag >> 3} of wire type {tag & 7} at byte {start} is unknown, repeated or out of order")
        allowed.pop(0)
        begin = position
        value, position = varint(data, position, end)
        if tag & 7 == VARINT:
            yield tag >> 3, begin, position, value
            continue
        if position + value > end:
            raise Fault(f"field {tag >> 3} at byte {start} is longer than its message")
        yield tag >> 3, position, position + value, None
        position += value
