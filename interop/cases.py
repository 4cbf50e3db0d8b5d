"""What is tried: one `Case` per token, from the cross product of algorithms, keys, serializations and options."""

import base64
import json
from dataclasses import dataclass, field, replace
from itertools import product

COUNTERSIGN = ("ring", "aws-lc-rs")
SERIALIZATIONS = ("compact", "flattened", "general")
ENCRYPTIONS = ("A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512")
DIRECT_KEYS = dict(zip(ENCRYPTIONS, ("oct128", "oct192", "oct256", "oct256", "oct384", "oct512"), strict=True))
RSA_KEYS = ("rsa2048", "rsa3072", "rsa4096")
CURVES = ("P-256", "P-384", "P-521", "X25519")
# Another algorithm, and a key that serves for it: of the case itself, if it does. A key that can't be made into one for
# the algorithm would be refused before the token is looked at.
OTHER_ALGORITHM = {
    "HS256": ("HS384", "oct384"), "HS384": ("HS256", ""), "HS512": ("HS384", ""),
    "RS256": ("PS256", ""), "RS384": ("RS256", ""), "RS512": ("PS512", ""),
    "PS256": ("RS256", ""), "PS384": ("PS256", ""), "PS512": ("RS512", ""),
    "ES256": ("ES384", "P-384"), "ES384": ("ES512", "P-521"), "ES512": ("ES256", "P-256"), "ES256K": ("ES256", "P-256"),
    "EdDSA": ("ES256", "P-256"), "Ed25519": ("RS256", "rsa2048"),
    "A128KW": ("A128GCMKW", ""), "A192KW": ("A192GCMKW", ""), "A256KW": ("A256GCMKW", ""),
    "A128GCMKW": ("A128KW", ""), "A192GCMKW": ("A192KW", ""), "A256GCMKW": ("A256KW", ""), "dir": ("A256KW", "oct256"),
    "ECDH-ES": ("ECDH-ES+A128KW", ""), "ECDH-ES+A128KW": ("ECDH-ES", ""), "ECDH-ES+A192KW": ("ECDH-ES", ""),
    "ECDH-ES+A256KW": ("ECDH-ES", ""), "RSA-OAEP": ("RSA-OAEP-256", ""), "RSA-OAEP-256": ("RSA-OAEP", ""),
    "RSA-OAEP-384": ("RSA-OAEP", ""), "RSA-OAEP-512": ("RSA-OAEP-256", ""),
    "PBES2-HS256+A128KW": ("PBES2-HS512+A256KW", ""), "PBES2-HS384+A192KW": ("PBES2-HS256+A128KW", ""),
    "PBES2-HS512+A256KW": ("PBES2-HS256+A128KW", ""),
}

PAYLOADS = (
    b'{"sub":"user-17","scope":"orders:read"}',
    b"x",
    bytes(range(256)),
    "Grüße, 世界 \U0001f600\n".encode(),
    b"\x00",
    b"0123456789abcdef" * 64,
)
# RFC 7797 §5.2: what stands unencoded in a compact token has no dot and nothing outside printable ASCII.
UNENCODED_COMPACT = b"unencoded $02 ~"
UNENCODED_JSON = 'unencoded $.02 "é"\t世'.encode()


def b64u(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unb64u(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def public(jwk):
    """The public part, or a secret as it is."""
    if jwk["kty"] == "oct":
        return jwk
    return {name: value for name, value in jwk.items() if name not in ("d", "p", "q", "dp", "dq", "qi", "oth")}


@dataclass(frozen=True)
class Case:
    """One token to make and to read."""

    operation: str  # "jws" or "jwe"
    alg: str
    key: str
    serialization: str
    payload: bytes
    enc: str = ""
    detached: bool = False
    unencoded: bool = False
    aad: bytes | None = None
    zip: bool = False
    header: dict = field(default_factory=dict, hash=False)
    marked: bool = False  # the key says its `kid`, `alg` and `use`
    others: tuple = ()  # further recipients: their algorithms and keys
    place: int = 0  # of the recipient who reads
    twins: str = "all"  # or "one": of the encrypted key alone

    def __str__(self):
        parts = [self.operation, self.alg, self.enc, self.key, self.serialization]
        parts += [name for name in ("detached", "unencoded", "zip", "marked") if getattr(self, name)]
        parts += ["aad"] if self.aad is not None else []
        parts += [f"header {json.dumps(self.header)}"] if self.header else []
        parts += [f"and {alg} {key}" for alg, key in self.others]
        return " ".join(filter(None, parts)) + f" ({len(self.payload)} bytes)"

    def jwk(self, keys, mark=()):
        """The private key, with what it is to say of itself."""
        # A key for `dir` is one for its content encryption.
        alg = self.enc if self.alg == "dir" else self.alg
        marks = {"kid": "key of " + self.key, "alg": alg, "use": "sig" if self.operation == "jws" else "enc"}
        return {**keys[self.key], **(marks if self.marked else {}), **dict(mark)}

    def readers(self):
        """The same case for each recipient."""
        yield self
        for place, (alg, key) in enumerate(self.others, 1):
            yield replace(self, alg=alg, key=key, place=place)

    def make_request(self, keys):
        jwk = self.jwk(keys)
        request = {"alg": self.alg, "payload_b64u": b64u(self.payload), "serialization": self.serialization}
        if self.header:
            request["header"] = self.header
        if self.operation == "jws":
            flags = {"detached": True} if self.detached else {}
            flags |= {"b64": False} if self.unencoded else {}
            return {"op": "jws_sign", "key": jwk, **request, **flags}
        options = {"aad_b64u": b64u(self.aad)} if self.aad is not None else {}
        options |= {"zip": "DEF"} if self.zip else {}
        if self.others:
            options["recipients"] = [{"alg": alg, "key": public(keys[key])} for alg, key in self.others]
        return {"op": "jwe_encrypt", "key": public(jwk), "enc": self.enc, **request, **options}

    def read_request(self, keys, token, mark=(), instead=(), **changes):
        """What a reader is asked; `instead` are members of the case that the reader takes for others."""
        if instead:
            # The key has the name that the token says, whichever key it is.
            mark = {**({"kid": self.jwk(keys)["kid"]} if self.marked else {}), **dict(mark)}
            return replace(self, **instead).read_request(keys, token, mark, **changes)
        jwk = self.jwk(keys, mark)
        if self.operation == "jwe":
            options = {"zip": True} if self.zip else {}
            return {"op": "jwe_decrypt", "alg": self.alg, "enc": self.enc, "key": jwk, "token": token, **options,
                    **changes}
        options = {"detached_payload_b64u": b64u(self.payload)} if self.detached else {}
        critical = [*self.header.get("crit", []), *(["b64"] if self.unencoded else [])]
        options |= {"crit": critical} if critical else {}
        return {"op": "jws_verify", "alg": self.alg, "key": public(jwk), "token": token, **options, **changes}


def signature_cases():
    pairs = [("HS256", "oct256"), ("HS256", "oct1024"), ("HS384", "oct384"), ("HS384", "oct512"), ("HS512", "oct512"),
             ("HS512", "oct1024"), ("ES256", "P-256"), ("ES384", "P-384"), ("ES512", "P-521"), ("ES256K", "secp256k1"),
             ("EdDSA", "Ed25519"), ("Ed25519", "Ed25519")]
    pairs += product(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), RSA_KEYS)
    number = 0
    for (alg, key), form in product(pairs, SERIALIZATIONS):
        for detached, unencoded in product((False, True), (False, True)):
            payload = PAYLOADS[number % len(PAYLOADS)]
            if unencoded and not detached:
                payload = UNENCODED_COMPACT if form == "compact" else UNENCODED_JSON
            number += 1
            yield Case("jws", alg, key, form, payload, detached=detached, unencoded=unencoded)
        yield Case("jws", alg, key, form, b"", header={"typ": "application/test+jws", "cty": "text/plain"})
        yield Case("jws", alg, key, form, b"by a marked key", marked=True)
        header = {"https://example.com/ext": {"nested": [1, None, "é"]}, "crit": ["https://example.com/ext"]}
        yield Case("jws", alg, key, form, b"critical", header=header)


def encryption_cases():
    wrapping = [("A128KW", "oct128"), ("A192KW", "oct192"), ("A256KW", "oct256"),
                ("A128GCMKW", "oct128"), ("A192GCMKW", "oct192"), ("A256GCMKW", "oct256")]
    agreeing = list(product(("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"), CURVES))
    rsa = list(product(("RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512"), RSA_KEYS))
    password = list(product(("PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"), ("oct192",)))
    number = 0
    for (alg, key), enc, form in product([*wrapping, *agreeing, *rsa, *password, ("dir", "")], ENCRYPTIONS,
                                         SERIALIZATIONS):
        # An RSA private operation costs tens of milliseconds.
        if key in RSA_KEYS[1:] and form != "compact" and enc != "A256GCM":
            continue
        few = key in RSA_KEYS and (key != "rsa2048" or enc not in ("A256GCM", "A128CBC-HS256"))
        key = key or DIRECT_KEYS[enc]
        header = {"p2c": 1000 + number % 3000} if alg.startswith("PBES2") else {}
        payload = PAYLOADS[number % len(PAYLOADS)]
        number += 1
        yield Case("jwe", alg, key, form, payload, enc, header=header, twins="one" if few else "all")
    # One algorithm of each family with every content encryption and option.
    some = [("dir", ""), ("A256KW", "oct256"), ("A128GCMKW", "oct128"), ("ECDH-ES", "P-256"),
            ("ECDH-ES+A256KW", "X25519"), ("RSA-OAEP", "rsa2048"), ("PBES2-HS512+A256KW", "oct192")]
    for (alg, key), enc, form in product(some, ENCRYPTIONS, SERIALIZATIONS):
        key = key or DIRECT_KEYS[enc]
        header = {"p2c": 2000} if alg.startswith("PBES2") else {}
        if form != "compact":
            yield Case("jwe", alg, key, form, b"with data beside", enc, aad=b"beside \xff\x00", header=header)
        yield Case("jwe", alg, key, form, b"compress " * 100, enc, zip=True, header=header)
        yield Case("jwe", alg, key, form, b"", enc, header={**header, "typ": "JOSE"}, twins="one")
    for (alg, key), form in product(agreeing, SERIALIZATIONS):
        parties = {"apu": b64u(b"Alice\x00"), "apv": b64u("Bøb".encode())}
        yield Case("jwe", alg, key, form, b"between two parties", "A256GCM", header=parties)
    for (alg, key), form in product([*wrapping, *agreeing, *rsa, *password, ("dir", "oct256")], SERIALIZATIONS):
        header = {"p2c": 3000} if alg.startswith("PBES2") else {}
        yield Case("jwe", alg, key, form, b"to a marked key", "A256GCM", header=header, marked=True, twins="one")
    # One content key for several recipients.
    several = [("A128KW", "oct128"), ("ECDH-ES+A256KW", "P-384"), ("RSA-OAEP-256", "rsa2048"),
               ("A256GCMKW", "oct256"), ("ECDH-ES+A128KW", "X25519"), ("RSA-OAEP", "rsa3072")]
    for place, enc in product(range(len(several)), ENCRYPTIONS):
        (alg, key), *others = several[place:] + several[:place]
        aad = b"for all" if place % 2 else None
        yield Case("jwe", alg, key, "general", b"to several", enc, aad=aad, others=tuple(others[: 1 + place % 3]))
    for alg, key in password:
        yield Case("jwe", alg, key, "compact", b"iterations as the maker likes", "A256GCM", twins="one")


def thumbprint_requests(keys):
    """The same thumbprint is due from everyone, of the private and of the public key."""
    for name, hash_name in product(keys, ("S256", "S384", "S512")):
        for jwk in (keys[name], public(keys[name])):
            yield f"{name} {hash_name}", {"op": "jwk_thumbprint", "key": jwk, "hash": hash_name}


def key_checks(keys, algorithms):
    """Every key with every algorithm and use: what both stacks are to answer alike."""
    for name, alg, use in product(keys, algorithms, ("sign", "verify", "encrypt", "decrypt")):
        for kind, jwk in (("private", keys[name]), ("public", public(keys[name]))):
            yield f"{name}, {kind}, to {use} by {alg}", {"op": "jwk_check", "key": jwk, "alg": alg, "use": use}


def usable_keys(keys, tried):
    """Each key of the cases with its algorithm, once: a case, and the request that everyone is to say yes to."""
    pairs = {(case.enc if case.alg == "dir" else case.alg, case.key): case for case in tried}
    for (alg, name), case in pairs.items():
        private, shared = keys[name], public(keys[name])
        uses = {"jws": (("sign", private), ("verify", shared)), "jwe": (("encrypt", shared), ("decrypt", private))}
        for use, jwk in uses[case.operation]:
            yield case, {"op": "jwk_check", "key": jwk, "alg": alg, "use": use}


NOW = 1_800_000_000
CLAIMS = {"iss": "https://id.example.com", "aud": ["https://api.example.com", "other"], "sub": "user-17",
          "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 60, "jti": "1"}
EXPECTED = {"issuer": "https://id.example.com", "audience": "https://api.example.com", "now": NOW}
SIGNERS = (("ES256", "P-256"), ("HS256", "oct256"), ("PS256", "rsa2048"), ("EdDSA", "Ed25519"))
# Of the same type, and not the signer's.
OTHER_KEYS = {"P-256": "another P-256", "oct256": "oct512", "rsa2048": "rsa3072", "Ed25519": "another Ed25519"}
NESTING = {"alg": "ECDH-ES+A128KW", "enc": "A128CBC-HS256"}


@dataclass(frozen=True)
class ClaimsCase:
    """A token's claims, what a verifier asks for, and with what code countersign refuses, if it is to refuse."""

    name: str
    refusal: str
    claims: dict = field(hash=False)
    expected: dict = field(hash=False)
    header: dict = field(hash=False)

    def sign_request(self, keys, alg, key):
        payload = b64u(json.dumps(self.claims).encode())
        return {"op": "jws_sign", "alg": alg, "key": {**keys[key], "kid": "signer"}, "payload_b64u": payload,
                "serialization": "compact", "header": self.header}

    @staticmethod
    def encrypt_request(keys, token):
        return {"op": "jwe_encrypt", **NESTING, "key": public(keys["P-256"]), "payload_b64u": b64u(token.encode()),
                "serialization": "compact", "header": {"cty": "JWT"}}

    def verify_requests(self, keys, alg, key, bare, nested):
        """What is asked of the bare and of the nested token: a name, the refusal if one is due, the request."""
        jwk = {**public(keys[key]), "kid": "signer"}
        request = {"op": "jwt_verify", "algs": [alg], "keys": jwk, **self.expected}
        decrypting = {"decrypt_keys": {"keys": [keys["P-256"]]}, "jwe_algs": [NESTING["alg"]],
                      "jwe_encs": [NESTING["enc"]]}
        yield "bare", self.refusal, {**request, "token": bare}
        yield "nested", self.refusal, {**request, "token": nested, **decrypting}
        if alg != "HS256":
            # A set that has other keys too.
            published = {"keys": [{**public(keys["P-521"]), "kid": "other"}, jwk, {"kty": "new", "kid": "signer"}]}
            yield "by a set", self.refusal, {**request, "token": bare, "keys": published}
        if not self.refusal:
            # RFC 8725 §3.1: the algorithms are the verifier's to say.
            other, its_key = OTHER_ALGORITHM[alg]
            serving = {**public(keys[its_key or key]), "kid": "signer"}
            another = {**public(keys[OTHER_KEYS[key]]), "kid": "signer"}
            yield "with another algorithm", "algorithm_not_allowed", {**request, "token": bare, "algs": [other],
                                                                      "keys": serving}
            yield "with another key", "invalid_signature", {**request, "token": bare, "keys": another}
            yield "not nested", "not_encrypted", {**request, "token": bare, **decrypting}
            yield "nested, unexpectedly", "encrypted", {**request, "token": nested}


def claims_cases():
    def case(name, refusal, claims=(), expected=(), header=(), without=()):
        merged = {name: value for name, value in {**CLAIMS, **dict(claims)}.items() if name not in without}
        return ClaimsCase(name, refusal, merged, {**EXPECTED, **dict(expected)}, dict(header))

    return [
        case("all in order", ""),
        case("audience as a string", "", {"aud": "https://api.example.com"}),
        case("another audience", "claim_unexpected", {"aud": "other"}),
        case("no audience", "claim_missing", without=["aud"]),
        case("another issuer", "claim_unexpected", {"iss": "https://id.example.com/"}),
        case("no issuer", "claim_missing", without=["iss"]),
        case("expired", "expired", {"exp": NOW - 1}),
        case("expired within the leeway", "", {"exp": NOW - 5}, {"leeway": 10}),
        case("expired beyond the leeway", "expired", {"iat": NOW - 99, "nbf": NOW - 99, "exp": NOW - 50},
             {"leeway": 10}),
        case("no expiry", "claim_missing", without=["exp"]),
        case("expiry in a string", "claim_malformed", {"exp": str(NOW + 60)}),
        case("expiry with a fraction", "", {"exp": NOW + 0.5}),
        case("not yet valid", "not_yet_valid", {"nbf": NOW + 30}),
        case("not yet valid, within the leeway", "", {"nbf": NOW + 5}, {"leeway": 10}),
        case("the subject", "", expected={"subject": "user-17"}),
        case("another subject", "claim_unexpected", expected={"subject": "user-1"}),
        case("the type", "", expected={"typ": "at+jwt"}, header={"typ": "at+jwt"}),
        case("the type, as a media type", "", expected={"typ": "at+jwt"}, header={"typ": "application/AT+JWT"}),
        case("another type", "type_not_allowed", expected={"typ": "at+jwt"}, header={"typ": "JWT"}),
        case("no type", "type_not_allowed", expected={"typ": "at+jwt"}),
        case("a required claim", "", {"scope": "a"}, {"required_claims": ["scope", "jti"]}),
        case("a required claim that is missing", "claim_missing", {"scope": "a"}, {"required_claims": ["client_id"]}),
        case("young enough", "", expected={"max_age": 20}),
        case("too old", "too_old", expected={"max_age": 5}),
        case("claims of every type", "", {"x": {"y": [1, -2.5, None, True, "é \u0000 \U0001f600"]}, "z": 2**53}),
    ]
