//! Changes to valid tokens, of the kinds that attacks are made of.

use std::sync::LazyLock;

use crate::check::{decoded, encoded};
use crate::fixtures::{self, negate};
use crate::forge;
use crate::script::Script;

/// Changes a token once to four times, as the script says. The outcome may be the token itself, or another of
/// the donors.
pub fn token(token: &str, donors: &[&str], script: &mut Script<'_>) -> String {
    let mut mutated = Token::new(token);
    for _ in 0..=script.below(4) {
        mutated.mutate(donors, script);
        if script.is_over() {
            break;
        }
    }
    mutated.into_text()
}

/// How many operations [`Token::mutate`] knows: the second byte of a seed picks one.
pub const OPERATIONS: usize = 32;

struct Token {
    segments: Vec<String>,
}

impl Token {
    fn new(text: &str) -> Self {
        Self { segments: text.split('.').map(str::to_owned).collect() }
    }

    fn into_text(self) -> String {
        self.segments.join(".")
    }

    fn mutate(&mut self, donors: &[&str], script: &mut Script<'_>) {
        match script.below(OPERATIONS) {
            // Text.
            0 => self.text(script, |text, at, script| text[at] ^= 1 << script.below(7)),
            1 => self.insert(script),
            2 => self.text(script, |text, at, _| drop(text.drain(at..=at))),
            3 => self.text(script, |text, at, _| text[at] ^= 0x20),
            4 => self.unused_bits(script),
            5 => self.wrap(script),
            // Segments.
            6 => self.donate(donors, script, false),
            7 => self.donate(donors, script, true),
            8 => *self.segment(script) = String::new(),
            9 => self.count(script),
            10 => self.swap(script),
            // Bytes of a segment.
            11 => self.bytes(script, |bytes, script| {
                let at = script.below(bytes.len().max(1));
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << script.below(8);
                }
            }),
            12 => self.bytes(script, |bytes, script| bytes.truncate(script.below(bytes.len() + 1))),
            13 => self.bytes(script, |bytes, script| bytes.extend_from_slice(script.bytes(32))),
            14 => self.bytes(script, |bytes, script| bytes.fill(if script.chance() { 0xff } else { 0 })),
            15 => self.bytes(script, |bytes, script| *bytes = script.bytes(255).to_vec()),
            16 => self.bytes(script, |bytes, _| bytes.insert(0, 0)),
            17 => self.bytes(script, |bytes, script| drop(bytes.drain(..script.below(3).min(bytes.len())))),
            // Members of a header or of claims.
            18 => {
                self.json(script, |json, script| add_member(json, script.pick(&MEMBERS[..]), script.chance()))
            }
            19 => self.json(script, |json, script| {
                let name = script.pick(NAMES);
                add_member(json, &format!("\"{name}\":{}", script.text(64)), script.chance());
            }),
            20 => self.json(script, |json, script| set_algorithm(json, script.pick(ALGORITHMS))),
            21 => self.json(script, |json, script| replace(json, script, |_, script| script.text(4))),
            22 => self.json(script, |json, script| {
                replace(json, script, |letter, _| format!("\\u{:04x}", u32::from(letter)));
            }),
            23 => self.json(script, |json, script| {
                replace(json, script, |letter, _| format!("{letter}{}", " \t\n\r\u{a0}\u{feff}\0"));
            }),
            24 => self.json(script, |json, script| drop_member(json, script)),
            // Signatures.
            25 => self.signature(der),
            26 => self.signature(|signature| {
                let half = signature.len() / 2;
                signature.rotate_left(half);
            }),
            27 => self.signature(pad_halves),
            28 => self.signature(add_order),
            29 => self.signature(|signature| {
                if let Some(s) = signature.get_mut(32..64) {
                    negate(s, &[0xff; 32]);
                }
            }),
            30 => self.sign(script),
            _ => self.forge(script),
        }
    }

    fn segment(&mut self, script: &mut Script<'_>) -> &mut String {
        let at = script.below(self.segments.len());
        &mut self.segments[at]
    }

    /// Changes the text at one place; what is no longer UTF-8 is replaced.
    fn text(&mut self, script: &mut Script<'_>, change: impl FnOnce(&mut Vec<u8>, usize, &mut Script<'_>)) {
        let mut text = self.segments.join(".").into_bytes();
        if !text.is_empty() {
            // Two bytes, so that the script's length doesn't depend on the token's.
            let at = (usize::from(script.byte()) << 8 | usize::from(script.byte())) % text.len();
            change(&mut text, at, script);
        }
        *self = Self::new(&String::from_utf8_lossy(&text));
    }

    fn insert(&mut self, script: &mut Script<'_>) {
        const WHAT: [&str; 16] = [
            "=", "==", ".", " ", "\n", "\r\n", "\t", "\0", "+", "/", "-", "_", "A", "%3D", "\u{200b}",
            "\u{ff0e}",
        ];
        let what = script.pick(&WHAT);
        self.text(script, |text, at, script| {
            let at = if script.chance() { text.len() } else { at };
            drop(text.splice(at..at, what.bytes()));
        });
    }

    /// Sets bits of a segment's last character that no byte holds.
    fn unused_bits(&mut self, script: &mut Script<'_>) {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let bits = script.byte();
        let segment = self.segment(script);
        let unused = match segment.len() % 4 {
            2 => 0b1111,
            3 => 0b11,
            _ => 0,
        };
        let value =
            segment.bytes().last().and_then(|last| ALPHABET.iter().position(|letter| *letter == last));
        if let Some(value) = value {
            segment.pop();
            segment.push(char::from(ALPHABET[value ^ (usize::from(bits) & unused)]));
        }
    }

    /// Puts the whole token into another form.
    fn wrap(&mut self, script: &mut Script<'_>) {
        let text = self.segments.join(".");
        let [header, middle @ .., last] = &*self.segments else { return };
        let middle = middle.join(".");
        let text = match script.below(10) {
            0 => format!("Bearer {text}"),
            1 => format!("{text}\n"),
            2 => format!(" {text}"),
            3 => format!("\"{text}\""),
            4 => format!("{{\"protected\":\"{header}\",\"payload\":\"{middle}\",\"signature\":\"{last}\"}}"),
            5 => format!(
                "{{\"payload\":\"{middle}\",\"signatures\":[{{\"protected\":\"{header}\",\"signature\":\"{last}\"}}]}}"
            ),
            6 => format!("\u{feff}{text}"),
            7 => format!("{text}.{text}"),
            8 => format!("{}.{}.", encoded(&text), encoded(&text)),
            _ => encoded(text),
        };
        *self = Self::new(&text);
    }

    /// Takes a segment of another token, into the same place or any.
    fn donate(&mut self, donors: &[&str], script: &mut Script<'_>, anywhere: bool) {
        let donor: Vec<&str> = script.pick(donors).split('.').collect();
        let from = script.below(donor.len());
        let to = if anywhere { script.below(self.segments.len()) } else { from % self.segments.len() };
        self.segments[to] = donor[from].to_owned();
    }

    fn count(&mut self, script: &mut Script<'_>) {
        let at = script.below(self.segments.len());
        match script.below(3) {
            0 => self.segments.insert(at, self.segments[at].clone()),
            1 => self.segments.insert(at, String::new()),
            _ if self.segments.len() > 1 => drop(self.segments.remove(at)),
            _ => {}
        }
    }

    fn swap(&mut self, script: &mut Script<'_>) {
        let (one, other) = (script.below(self.segments.len()), script.below(self.segments.len()));
        self.segments.swap(one, other);
    }

    /// Changes the bytes of a segment, if it is base64url still.
    fn bytes(&mut self, script: &mut Script<'_>, change: impl FnOnce(&mut Vec<u8>, &mut Script<'_>)) {
        let segment = self.segment(script);
        if let Some(mut bytes) = decoded(segment) {
            change(&mut bytes, script);
            *segment = encoded(bytes);
        }
    }

    /// Changes the text of the header, or of a second segment that is an object too.
    fn json(&mut self, script: &mut Script<'_>, change: impl FnOnce(&mut String, &mut Script<'_>)) {
        let at = script.below(4) / 3;
        let Some(segment) = self.segments.get_mut(at) else { return };
        let text = decoded(segment).and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some(mut text) = text.filter(|text| text.starts_with('{')) {
            change(&mut text, script);
            *segment = encoded(text);
        }
    }

    fn signature(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        let Some(segment) = self.segments.last_mut() else { return };
        if let Some(mut bytes) = decoded(segment) {
            change(&mut bytes);
            *segment = encoded(bytes);
        }
    }

    /// Signs what stands there: with a public key for a secret, with the attacker's key, or not at all.
    fn sign(&mut self, script: &mut Script<'_>) {
        let [header, payload, ..] = &*self.segments else { return };
        let signing_input = format!("{header}.{payload}");
        let signature = match script.below(4) {
            0 | 1 => {
                forge::hmac(&forge::PUBLIC_FORMS[script.below(forge::PUBLIC_FORMS.len())], &signing_input)
            }
            2 => forge::attacker(&signing_input),
            _ => Vec::new(),
        };
        *self = Self::new(&format!("{signing_input}.{}", encoded(signature)));
    }

    /// Writes a header of the attacker's choice and signs under it.
    fn forge(&mut self, script: &mut Script<'_>) {
        let algorithm = script.pick(ALGORITHMS);
        let mut header = format!("{{\"alg\":\"{algorithm}\"}}");
        match script.below(4) {
            0 => {}
            1 => {
                add_member(&mut header, &format!("\"kid\":\"{}\"", script.pick(&fixtures::SIGNERS).0), false)
            }
            2 => add_member(&mut header, &format!("\"jwk\":{}", *forge::ATTACKER_JWK), false),
            _ => add_member(&mut header, script.pick(&MEMBERS[..]), script.chance()),
        }
        if let Some(segment) = self.segments.first_mut() {
            *segment = encoded(header);
        }
        self.sign(script);
    }
}

/// Adds a member in front or behind, of a name that may be there already.
fn add_member(json: &mut String, member: &str, behind: bool) {
    if behind && json.ends_with('}') {
        json.pop();
        json.push_str(&format!(",{member}}}"));
    } else if json.starts_with('{') {
        json.insert_str(1, &format!("{member},"));
    }
}

fn set_algorithm(json: &mut String, algorithm: &str) {
    const NAME: &str = "\"alg\":\"";
    let Some(start) = json.find(NAME).map(|at| at + NAME.len()) else { return };
    let Some(len) = json[start..].find('"') else { return };
    json.replace_range(start..start + len, algorithm);
}

/// Puts something in the place of one character.
fn replace(json: &mut String, script: &mut Script<'_>, with: impl FnOnce(char, &mut Script<'_>) -> String) {
    let place = script.below(json.chars().count().max(1));
    if let Some((at, letter)) = json.char_indices().nth(place) {
        let with = with(letter, script);
        json.replace_range(at..at + letter.len_utf8(), &with);
    }
}

fn drop_member(json: &mut String, script: &mut Script<'_>) {
    let mut members: Vec<&str> = json.trim_matches(['{', '}']).split(',').collect();
    members.remove(script.below(members.len()));
    *json = format!("{{{}}}", members.join(","));
}

/// The DER form of r || s, which JWS doesn't use.
fn der(signature: &mut Vec<u8>) {
    let integer = |number: &[u8]| {
        let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
        let number = &number[start..];
        let sign: &[u8] = if number.first().is_none_or(|byte| *byte >= 0x80) { &[0] } else { &[] };
        let len = u8::try_from(sign.len() + number.len()).unwrap_or(0xff);
        [&[2, len], sign, number].concat()
    };
    let (r, s) = signature.split_at(signature.len() / 2);
    let body = [integer(r), integer(s)].concat();
    *signature = [&[0x30, u8::try_from(body.len()).unwrap_or(0xff)], &*body].concat();
}

/// Halves with a zero byte more, as a big-endian number may be written.
fn pad_halves(signature: &mut Vec<u8>) {
    signature.insert(signature.len() / 2, 0);
    signature.insert(0, 0);
}

/// The second half and the order of edwards25519's group, little-endian: the same number to a verifier that
/// reduces it.
fn add_order(signature: &mut Vec<u8>) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = false;
    for (digit, order) in signature.iter_mut().skip(32).zip(ORDER) {
        let (sum, over) = digit.overflowing_add(order);
        let (sum, over_again) = sum.overflowing_add(u8::from(carry));
        *digit = sum;
        carry = over || over_again;
    }
}

const ALGORITHMS: &[&str] = &[
    "none",
    "None",
    "NONE",
    "nOnE",
    "",
    "HS256",
    "hs256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "ES256",
    "ES384",
    "ES512",
    "ES256K",
    "EdDSA",
    "Ed25519",
    "Ed448",
    "HS256 ",
    "dir",
    "A128KW",
    "A256KW",
    "A128GCMKW",
    "ECDH-ES",
    "ECDH-ES+A128KW",
    "ECDH-ES+A256KW",
    "RSA1_5",
    "RSA-OAEP",
    "RSA-OAEP-256",
    "PBES2-HS256+A128KW",
];

const NAMES: &[&str] = &[
    "alg", "enc", "kid", "typ", "cty", "crit", "b64", "zip", "epk", "apu", "apv", "iv", "tag", "jwk", "jku",
    "x5c", "x5u", "p2s", "p2c", "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "admin",
];

/// Whole members; the attacker's key is the last.
static MEMBERS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let fixed = [
        r#""alg":"none""#,
        r#""\u0061lg":"none""#,
        r#""alg":"HS256""#,
        r#""alg":["HS256"]"#,
        r#""alg":null"#,
        r#""enc":"A256GCM""#,
        r#""enc":"A128GCM""#,
        r#""enc":"A128CBC-HS256""#,
        r#""enc":"A256CBC-HS512""#,
        r#""zip":"DEF""#,
        r#""crit":["exp"],"exp":1"#,
        r#""crit":[]"#,
        r#""crit":["b64"],"b64":false"#,
        r#""crit":["alg"]"#,
        r#""b64":false"#,
        r#""kid":"HS256""#,
        r#""kid":"../../dev/null""#,
        r#""kid":"' OR 1=1--""#,
        r#""kid":null"#,
        r#""typ":"at+jwt""#,
        r#""cty":"JWT""#,
        r#""iv":"AAAAAAAAAAAAAAAA""#,
        r#""tag":"AAAAAAAAAAAAAAAAAAAAAA""#,
        r#""apu":"QWxpY2U","apv":"Qm9i""#,
        r#""epk":{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}"#,
        r#""epk":{"kty":"OKP","crv":"X25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
        r#""p2s":"AAAAAAAAAAA","p2c":2147483647"#,
        r#""jku":"https://attacker.example.com/jwks.json""#,
        r#""x5c":["AA=="]"#,
        r#""admin":true"#,
        r#""sub":"admin""#,
        r#""exp":1e999"#,
        r#""exp":99999999999"#,
        r#""nbf":-1"#,
        r#""aud":[]"#,
        r#""iss":{}"#,
    ];
    static KEY: LazyLock<String> = LazyLock::new(|| format!("\"jwk\":{}", *forge::ATTACKER_JWK));
    fixed.into_iter().chain([KEY.as_str()]).collect()
});
