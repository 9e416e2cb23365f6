"""Ed25519 (RFC 8032): verification by libcrypto, and the refusal of public keys of small order.

Under a key of small order one signature verifies for many messages, so that its holder could deny whatever it signed.
"""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hattama_verify.faults import Fault

KEY_SIZE, SIGNATURE_SIZE = 32, 64
P = (1 << 255) - 19
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_ONE = pow(2, (P - 1) // 4, P)


def _decompressed(encoded):
    """The affine point of an encoding (RFC 8032, section 5.1.3); None where there is none."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, (number & ((1 << 255) - 1)) % P
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * SQRT_MINUS_ONE % P
        if v * x * x % P != u:
            return None
    return (P - x if x and x & 1 != sign else x, y)


def _doubled(point):
    x, y = point
    t = D * x * x * y * y % P
    return (2 * x * y * pow(1 + t, P - 2, P) % P, (y * y + x * x) * pow(1 - t, P - 2, P) % P)


@lru_cache(maxsize=4096)
def key_fault(key):
    """Why these bytes are no key that anybody should sign by, or None."""
    if len(key) != KEY_SIZE:
        return f"a public key of {len(key)} bytes, not {KEY_SIZE}"
    point = _decompressed(key)
    if point is None:
        return f"the public key {key.hex()} is no point of the curve"
    if _doubled(_doubled(_doubled(point))) == (0, 1):
        return f"the public key {key.hex()} is of small order"
    return None


def check_key(key):
    fault = key_fault(key)
    if fault:
        raise Fault(fault)
    return key


@lru_cache(maxsize=4096)
def _loaded(key):
    return Ed25519PublicKey.from_public_bytes(key)


def is_signed(key, signature, message):
    if key_fault(key) or len(signature) != SIGNATURE_SIZE:
        return False
    try:
        _loaded(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False
