"""jwcrypto, driven by the protocol of examples/conformance.rs: one JSON object a line on standard input, one answer a
line on standard output. `run.py` makes a virtual environment with the library and starts it there."""

import base64
import json
import sys
import time
import traceback
from functools import cache
from importlib.metadata import version
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from jwcrypto import jwa, jwe, jwk, jws, jwt
from jwcrypto.common import InvalidJWAAlgorithm, JWException, JWSEHeaderParameter

LIBRARY = str(Path(jwk.__file__).parent) + "/"

# What the library itself caps lower than countersign's tokens need.
jwa.default_max_pbkdf2_iterations = 1_300_000
MAX_INFLATED = 250_000

JWS = ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
       "ES256", "ES384", "ES512", "ES256K", "Ed25519", "EdDSA"]
JWE = ["dir", "A128KW", "A192KW", "A256KW", "A128GCMKW", "A192GCMKW", "A256GCMKW",
       "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW", "RSA-OAEP", "RSA-OAEP-256",
       "PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"]
ENC = ["A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"]


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


@cache
def parsed_key(text):
    key = jwk.JWK.from_json(text)
    # The runner's own keys: to check an RSA key again takes much longer than to use it.
    key.unsafe_skip_rsa_key_validation = True
    return key


def key_of(value):
    return parsed_key(json.dumps(value))


def registry(names):
    """Header parameters that `crit` may name: the library wants each with whether it has to be protected."""
    return {name: JWSEHeaderParameter(name, True, True, None) for name in names if name != "b64"}


def protected_header(token):
    text = token.split(".")[0] if isinstance(token, str) else token.get("protected", "")
    try:
        header = json.loads(decode(text))
    except ValueError:
        return {}  # to refuse it is up to the library
    return header if isinstance(header, dict) else {}


def info(_request):
    return {"name": "jwcrypto", "version": version("jwcrypto"), "backends": [f"cryptography {version('cryptography')}"],
            "jws": JWS, "jwe_alg": JWE, "jwe_enc": ENC}


def jws_sign(request):
    key = request["key"]
    header = {"alg": request["alg"], **({"kid": key["kid"]} if "kid" in key else {}), **request.get("header", {})}
    payload = decode(request["payload_b64u"])
    if request.get("b64") is False:
        header["b64"] = False
        header["crit"] = [*header.get("crit", []), "b64"]
        if not request.get("detached"):
            # The library writes an unencoded payload into its JSON as it is, so it has to be text.
            payload = payload.decode("utf-8")
    token = jws.JWS(payload, header_registry=registry(header.get("crit", [])))
    token.allowed_algs = [request["alg"]]
    token.add_signature(key_of(key), None, protected=json.dumps(header))
    detached = request.get("detached", False)
    if detached:
        token.detach_payload()
    if request["serialization"] == "compact":
        return {"token": token.serialize(compact=True)}
    value = json.loads(token.serialize())
    if detached:
        del value["payload"]
    if request["serialization"] == "general":
        # The library writes the general form for two signatures or more; for one it is the same members, moved.
        signature = {name: value.pop(name) for name in ("protected", "signature")}
        value["signatures"] = [signature]
    return {"token": value}


def jws_verify(request):
    token = request["token"]
    parsed = jws.JWS(header_registry=registry(request.get("crit", [])))
    parsed.allowed_algs = [request["alg"]]
    parsed.deserialize(token if isinstance(token, str) else json.dumps(token))
    detached = request.get("detached_payload_b64u")
    payload = None if detached is None else decode(detached)
    parsed.verify(key_of(request["key"]), detached_payload=payload)
    if payload is None:
        payload = parsed.payload
    return {"payload_b64u": encode(payload.encode() if isinstance(payload, str) else payload)}


def jwe_encrypt(request):
    key = request["key"]
    header = {"alg": request["alg"], "enc": request["enc"], **request.get("header", {})}
    if "kid" in key:
        header["kid"] = key["kid"]
    if "zip" in request:
        header["zip"] = request["zip"]
    aad = decode(request["aad_b64u"]) if "aad_b64u" in request else None
    recipients = request.get("recipients", [])
    if recipients:
        # What is one recipient's alone can't be in the header of all.
        recipients = [{"alg": header.pop("alg"), "key": key}, *recipients]
    algs = [request["alg"], request["enc"], *(recipient["alg"] for recipient in recipients)]
    token = jwe.JWE(decode(request["payload_b64u"]), json.dumps(header), aad=aad, algs=algs)
    for recipient in recipients:
        token.add_recipient(key_of(recipient["key"]), json.dumps({"alg": recipient["alg"]}))
    if recipients:
        return {"token": json.loads(token.serialize())}
    token.add_recipient(key_of(key))
    if request["serialization"] == "compact":
        return {"token": token.serialize(compact=True)}
    value = json.loads(token.serialize())
    # For one recipient the library writes the flattened form or the general one, as it likes.
    [recipient] = value.pop("recipients", [{}])
    for name in ("encrypted_key", "header"):
        if name in value:
            recipient[name] = value.pop(name)
    if request["serialization"] == "general":
        value["recipients"] = [recipient]
    else:
        value.update(recipient)
    return {"token": value}


def jwe_decrypt(request):
    token = request["token"]
    # The library has no switch for it.
    if not request.get("zip") and "zip" in protected_header(token):
        raise JWException("zip wasn't asked for")
    parsed = jwe.JWE(algs=[request["alg"], request["enc"]])
    parsed.deserialize(token if isinstance(token, str) else json.dumps(token))
    parsed.decrypt(key_of(request["key"]), max_plaintext=MAX_INFLATED)
    return {"payload_b64u": encode(parsed.payload)}


def jwk_thumbprint(request):
    algorithms = {"S256": hashes.SHA256, "S384": hashes.SHA384, "S512": hashes.SHA512}
    return {"thumbprint": key_of(request["key"]).thumbprint(algorithms[request["hash"]]())}


def keys_of(value):
    return jwk.JWKSet.from_json(json.dumps(value)) if "keys" in value else key_of(value)


def jwt_verify(request):
    token = request["token"]
    if "decrypt_keys" in request:
        outer = jwe.JWE(algs=[*request["jwe_algs"], *request["jwe_encs"]])
        outer.deserialize(token)
        outer.decrypt(keys_of(request["decrypt_keys"]))
        if protected_header(token).get("cty", "").upper() != "JWT":
            raise JWException("not a nested token")
        token = outer.payload.decode()
    claims = {"exp": None, **dict.fromkeys(request.get("required_claims", []))}
    for name, claim in (("issuer", "iss"), ("audience", "aud"), ("subject", "sub")):
        if name in request:
            claims[claim] = request[name]
    parsed = jwt.JWT(check_claims=claims, algs=request["algs"], expected_type="JWS", strict_serialization=True)
    parsed.leeway = request.get("leeway", 0)
    real = time.time
    # The library has no clock to set.
    time.time = lambda: request.get("now", real())
    try:
        parsed.deserialize(token, keys_of(request["keys"]))
    finally:
        time.time = real
    if "typ" in request:
        found = json.loads(parsed.header).get("typ", "")
        if parsed.norm_typ(found) != parsed.norm_typ(request["typ"]):
            raise JWException("another typ")
    return {"claims": json.loads(parsed.claims)}


def jwk_check(request):
    keys_of(request["key"])
    return {}


OPERATIONS = {operation.__name__: operation for operation in (
    info, jws_sign, jws_verify, jwe_encrypt, jwe_decrypt, jwk_thumbprint, jwt_verify, jwk_check)}


def name_of(error):
    """The library has errors of its own and raises Python's beside them, as a mistake in this file does too. Where one
    comes from is in the innermost of the frames that are the library's or this file's."""
    name = type(error).__name__
    if isinstance(error, JWException):
        return name
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    places = [file for file in files if file == __file__ or file.startswith(LIBRARY)]
    return f"{name} of jwcrypto" if places[-1].startswith(LIBRARY) else name


def answer(line):
    identifier = None
    try:
        request = json.loads(line)
        identifier = request.get("id")
        return {"id": identifier, "ok": True, **OPERATIONS[request["op"]](request)}
    except Exception as error:  # the library raises everything from KeyError to its own classes
        kind = "unsupported" if isinstance(error, InvalidJWAAlgorithm | NotImplementedError) else "invalid"
        return {"id": identifier, "ok": False, "kind": kind, "code": name_of(error), "error": str(error)[:300]}


if __name__ == "__main__":
    for request_line in sys.stdin.buffer:
        sys.stdout.write(json.dumps(answer(request_line)) + "\n")
        sys.stdout.flush()
