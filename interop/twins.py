"""Tampered twins: for a token that is to be accepted, the same with one thing changed, which no one may accept."""

import copy
import json

from cases import DIRECT_KEYS, ENCRYPTIONS, OTHER_ALGORITHM, b64u, unb64u

PARTS = {
    "jws": ("protected", "payload", "signature"),
    "jwe": ("protected", "encrypted_key", "iv", "ciphertext", "tag", "aad"),
}
# RFC 4648 §5.
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# A bit that is flipped in the middle of a header mostly breaks its text or its JSON. These two leave a header that can
# be read and means the same, in other octets: only the signature or the tag tells.
MORE_MEMBERS = "protected, with a member more"
MORE_SPACE = "protected, with a space more"


def container(token, name, place):
    """The object of a JSON token that holds the member."""
    if name in ("protected", "signature") and "signatures" in token:
        return token["signatures"][0]
    if name == "encrypted_key" and "recipients" in token:
        return token["recipients"][place]
    return token


def read_part(case, token, name):
    if isinstance(token, str):
        parts = token.split(".")
        place = PARTS[case.operation].index(name)
        return parts[place] if place < len(parts) else None
    return container(token, name, case.place).get(name)


def with_part(case, token, name, text):
    if isinstance(token, str):
        parts = token.split(".")
        parts[PARTS[case.operation].index(name)] = text
        return ".".join(parts)
    token = copy.deepcopy(token)
    container(token, name, case.place)[name] = text
    return token


def flip(octets):
    """One bit in the middle; of nothing, one octet more."""
    if not octets:
        return b"\x00"
    middle = len(octets) // 2
    return octets[:middle] + bytes([octets[middle] ^ 1 << len(octets) % 8]) + octets[middle + 1:]


def flip_character(text):
    middle = len(text) // 2
    return text[:middle] + ("a" if text[middle] != "a" else "b") + text[middle + 1:]


def longer_headers(text):
    """A protected header with what changes nothing but its octets."""
    header = unb64u(text)
    if header[-1:] != b"}" or header == b"{}":
        raise ValueError(f"a header without members or with space behind it: {header!r}")
    yield MORE_MEMBERS, b64u(header[:-1] + b',"added":1}')
    yield MORE_SPACE, b64u(header[:-1] + b" }")


def algorithms_of(case, token):
    """The algorithms that the token is for."""
    if isinstance(token, str) or "recipients" not in token:
        return {case.alg}
    return {case.alg, *(recipient.get("header", {}).get("alg") for recipient in token["recipients"])}


def twins_of(case, token):
    """The twins, each as the name of what was changed and the members that the request has instead."""
    for name in PARTS[case.operation]:
        if case.twins == "one" and name != "encrypted_key":
            continue
        text = read_part(case, token, name)
        if name == "payload" and case.detached:
            yield name, {"token": token, "detached_payload_b64u": b64u(flip(case.payload))}
        elif name == "payload" and case.unencoded:
            yield name, {"token": with_part(case, token, name, flip_character(text))}
        elif name == "aad" and case.aad is None:
            continue
        else:
            yield name, {"token": with_part(case, token, name, b64u(flip(unb64u(text or ""))))}
        if name == "protected":
            for kind, longer in longer_headers(text):
                yield kind, {"token": with_part(case, token, name, longer)}
    if case.twins == "one" and not case.marked:
        return
    check = "signature" if case.operation == "jws" else "tag"
    text = read_part(case, token, check)
    yield f"truncated {check}", {"token": with_part(case, token, check, b64u(unb64u(text)[:-1]))}
    yield f"empty {check}", {"token": with_part(case, token, check, "")}
    if len(text) % 4:
        # The last character has bits that aren't part of any octet. Only with these 0 it is canonical.
        last = ALPHABET[ALPHABET.index(text[-1]) ^ 1]
        yield f"spare bits of {check}", {"token": with_part(case, token, check, text[:-1] + last)}
    alg, key = OTHER_ALGORITHM[case.alg]
    if alg not in algorithms_of(case, token):
        yield "alg", {"token": token, "instead": {"alg": alg, "key": key or case.key}}
    if case.operation == "jwe":
        enc = ENCRYPTIONS[ENCRYPTIONS.index(case.enc) - 1]
        key = DIRECT_KEYS[enc] if case.alg == "dir" else case.key
        yield "enc", {"token": token, "instead": {"enc": enc, "key": key}}
        if case.zip:
            yield "zip", {"token": token, "zip": False}
    if case.marked:
        yield "kid", {"token": token, "mark": {"kid": "another"}}
        yield "use", {"token": token, "mark": {"use": "enc" if case.operation == "jws" else "sig"}}
        yield "alg of the key", {"token": token, "mark": {"alg": alg}}
    if case.unencoded or "crit" in case.header:
        yield "crit", {"token": token, "crit": []}


def merge(one, another):
    """A JWS with two signatures out of two that are over the same payload."""
    return {"payload": one["payload"], "signatures": [*one["signatures"], *another["signatures"]]}


def second_signatures(case, token):
    """Twins of one that has two signatures, in the second of them."""
    first, second = token["signatures"]

    def twin(**changes):
        return {"token": {**token, "signatures": [first, {**second, **changes}]}}

    yield "second signature", twin(signature=b64u(flip(unb64u(second["signature"]))))
    for kind, longer in longer_headers(second["protected"]):
        yield f"second {kind}", twin(protected=longer)
    yield "second signature, emptied", twin(signature="")


# What countersign says of a twin whose kind is the name: the one code, if only one is right. A header with a flipped
# bit may be no text, no JSON, without a member, of another algorithm, or another header.
HEADER = {"utf8", "json", "unsupported_algorithm"}
AUTHENTICITY = {"jws": {"invalid_signature"}, "jwe": {"decryption_failed"}}
CODES = {
    "jws": {
        **dict.fromkeys(("payload", "signature", "truncated signature", "empty signature", MORE_MEMBERS, MORE_SPACE,
                         "second signature", "second signature, emptied", f"second {MORE_MEMBERS}",
                         f"second {MORE_SPACE}"), AUTHENTICITY["jws"]),
        "protected": HEADER | AUTHENTICITY["jws"] | {"crit"},
        "spare bits of signature": {"non_canonical_base64url"},
        "crit": {"unsupported_critical"},
    },
    "jwe": {
        # One error for all that happens once a secret is at work (RFC 7516 §11.5).
        **dict.fromkeys(("encrypted_key", "iv", "ciphertext", "tag", "aad", MORE_MEMBERS, MORE_SPACE),
                        AUTHENTICITY["jwe"]),
        "protected": HEADER | AUTHENTICITY["jwe"] | {"base64url", "member_type", "missing_member",
                                                     "unsupported_content_encryption"},
        "truncated tag": {"length"},
        # In JSON, a tag is there or it isn't; an empty one is neither.
        "empty tag": {"length", "member_type"},
        "spare bits of tag": {"non_canonical_base64url"},
        "enc": {"content_encryption_not_allowed"},
        "zip": {"unsupported_compression"},
    },
}
for codes in CODES.values():
    codes.update({"alg": {"algorithm_not_allowed"}, "kid": {"no_matching_key"}, "use": {"key_use"},
                  "alg of the key": {"key_algorithm"}})


def expected_codes(case, token, changed):
    """The codes of which countersign is to refuse the twin with one."""
    if changed == "encrypted_key" and not read_part(case, token, changed):
        return {"length"}  # there is one, where the algorithm has none
    return CODES[case.operation][changed]
