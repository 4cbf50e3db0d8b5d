"""What the peers can't do, or do where they shouldn't: the one table. A row that isn't true any more makes the run
fail, as does one that no case meets, so it can't rot."""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Limitation:
    peer: str
    does: str  # "can't make", "can't read"; "accepts", which is about twins; "misjudges", which is about claims
    reason: str
    applies: Callable  # of the case; for "accepts" and "misjudges", also of what was changed or asked for


def empty_plaintext(case):
    return case.operation == "jwe" and case.payload == b""


def unencoded_inside_compact(case):
    return case.unencoded and not case.detached and case.serialization == "compact"


def spare_bits(_case, changed):
    return changed.startswith("spare bits")


def b64_unasked(case, changed):
    return changed == "crit" and case.unencoded


def second_signature(_case, changed):
    return changed.startswith("second")


def another_key_id(_case, changed):
    return changed == "kid"


# Forms of a token with claims that aren't there to be refused whatever it claims.
READ = ("bare", "nested", "by a set")

TABLE = [
    Limitation("panva", "can't make", "has no ES256K", lambda case: case.alg == "ES256K"),
    Limitation("panva", "can't read", "has no ES256K", lambda case: case.alg == "ES256K"),
    Limitation("panva", "accepts", "on node 20 it decodes base64url that isn't canonical", spare_bits),
    Limitation("panva", "accepts", "takes `b64` for understood without being told", b64_unasked),
    Limitation("panva", "accepts", "is content with one signature that holds", second_signature),
    Limitation("panva", "accepts", "doesn't compare a key's `kid` with the header's", another_key_id),
    Limitation("jwcrypto", "can't make", "has no RSA-OAEP-384 and -512",
               lambda case: case.alg in ("RSA-OAEP-384", "RSA-OAEP-512")),
    Limitation("jwcrypto", "can't read", "has no RSA-OAEP-384 and -512",
               lambda case: case.alg in ("RSA-OAEP-384", "RSA-OAEP-512")),
    Limitation("jwcrypto", "can't read", "takes an empty plaintext for a failure", empty_plaintext),
    Limitation("jwcrypto", "can't read", "decodes the payload of a compact token though `b64` is false",
               unencoded_inside_compact),
    Limitation("jwcrypto", "accepts", "decodes base64url that isn't canonical", spare_bits),
    Limitation("jwcrypto", "accepts", "takes `b64` for understood without being told", b64_unasked),
    Limitation("jwcrypto", "accepts", "is content with one signature that holds", second_signature),
    Limitation("jwcrypto", "accepts", "doesn't compare a key's `kid` with the header's", another_key_id),
    Limitation("jwcrypto", "accepts", "doesn't obey the `alg` of a key",
               lambda case, changed: changed == "alg of the key"),
    Limitation("jwcrypto", "accepts", "doesn't obey the `use` of a password",
               lambda case, changed: changed == "use" and case.alg.startswith("PBES2")),
    Limitation("jwcrypto", "misjudges", "checks `nbf` only for those who require the claim",
               lambda case, asked: case.name == "not yet valid" and asked in READ),
    Limitation("jwcrypto", "misjudges", "has no greatest age of a token",
               lambda case, asked: case.name == "too old" and asked in READ),
]


def find(peer, does, *case):
    """The row that covers the case, if there is one."""
    return next((row for row in TABLE if row.peer == peer and row.does == does and row.applies(*case)), None)


# The peers' own errors, all of which are about a token. Any other is a mistake in who drives them,
OWN_ERRORS = {"panva": re.compile(r"ERR_J\w+"), "jwcrypto": re.compile(r"(Invalid)?JW\w+")}
# but for these, which the libraries throw for what was changed there.
OTHER_ERRORS = {
    ("panva", "use"): "TypeError of jose",
    ("panva", "alg of the key"): "TypeError of jose",
    ("jwcrypto", "expiry in a string"): "TypeError of jwcrypto",
    ("jwcrypto", "nested, unexpectedly"): "TypeError of jwcrypto",
}


def is_refusal(peer, changed, code):
    """If a peer's error is its library's, not one of who drives it."""
    return OWN_ERRORS[peer].fullmatch(code) is not None or OTHER_ERRORS.get((peer, changed)) == code
