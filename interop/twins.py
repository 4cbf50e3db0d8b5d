"""Tampered twins: for a token that is to be accepted, the same with one thing changed, which no one may accept."""

import copy
import json

from cases import ENCRYPTIONS, b64u, unb64u

PARTS = {
    "jws": ("protected", "payload", "signature"),
    "jwe": ("protected", "encrypted_key", "iv", "ciphertext", "tag", "aad"),
}
# RFC 4648 §5.
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# Another algorithm for the same key, as far as there is one.
OTHER_ALGORITHM = {
    "HS256": "HS384", "HS384": "HS256", "HS512": "HS384", "RS256": "PS256", "RS384": "RS256", "RS512": "PS512",
    "PS256": "RS256", "PS384": "PS256", "PS512": "RS512", "ES256": "ES384", "ES384": "ES512", "ES512": "ES256",
    "ES256K": "ES256", "EdDSA": "ES256", "Ed25519": "RS256",
    "A128KW": "A128GCMKW", "A192KW": "A192GCMKW", "A256KW": "dir", "A128GCMKW": "A128KW", "A192GCMKW": "A192KW",
    "A256GCMKW": "A256KW", "ECDH-ES": "ECDH-ES+A128KW", "ECDH-ES+A128KW": "ECDH-ES", "ECDH-ES+A192KW": "ECDH-ES",
    "ECDH-ES+A256KW": "ECDH-ES+A128KW", "RSA-OAEP": "RSA-OAEP-256", "RSA-OAEP-256": "RSA-OAEP",
    "RSA-OAEP-384": "RSA-OAEP", "RSA-OAEP-512": "RSA-OAEP-256", "dir": "A256KW",
    "PBES2-HS256+A128KW": "PBES2-HS512+A256KW", "PBES2-HS384+A192KW": "PBES2-HS256+A128KW",
    "PBES2-HS512+A256KW": "PBES2-HS256+A128KW",
}


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
    yield "alg", {"token": token, "alg": OTHER_ALGORITHM[case.alg]}
    if case.operation == "jwe":
        other = ENCRYPTIONS[ENCRYPTIONS.index(case.enc) - 1]
        yield "enc", {"token": token, "enc": other}
        if case.zip:
            yield "zip", {"token": token, "zip": False}
    if case.marked:
        yield "kid", {"token": token, "mark": {"kid": "another"}}
        yield "use", {"token": token, "mark": {"use": "enc" if case.operation == "jws" else "sig"}}
        yield "alg of the key", {"token": token, "mark": {"alg": OTHER_ALGORITHM[case.alg]}}
    if case.unencoded or "crit" in case.header:
        yield "crit", {"token": token, "crit": []}


def merge(one, another):
    """A JWS with two signatures out of two that are over the same payload."""
    return {"payload": one["payload"], "signatures": [*one["signatures"], *another["signatures"]]}


def second_signatures(case, token):
    """Twins of one that has two signatures, in the second of them."""
    second = token["signatures"][1]
    header = b64u(json.dumps({**json.loads(unb64u(second["protected"])), "added": 1}).encode())
    for name, text in (("signature", b64u(flip(unb64u(second["signature"])))), ("protected", header)):
        yield f"second {name}", {"token": {**token, "signatures": [token["signatures"][0], {**second, name: text}]}}
    yield "second alone", {"token": {**token, "signatures": [{**second, "signature": ""}]}}


def expected_code(case, token, changed):
    """What countersign is to say of the twin, where only one answer is right."""
    if case.operation == "jws" and changed in ("payload", "signature", "second signature"):
        return "invalid_signature"
    # One error for all that happens once a secret is at work (RFC 7516 §11.5).
    if case.operation == "jwe" and changed in ("encrypted_key", "iv", "ciphertext", "tag", "aad"):
        return "decryption_failed" if read_part(case, token, changed) else None
    return None
