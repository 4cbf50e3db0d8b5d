// panva's `jose`, driven by the protocol of examples/conformance.rs: one JSON object a line on standard input, one
// answer a line on standard output. `run.py` installs the library beside a copy of this file and starts it.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import * as jose from 'jose';

const { base64url } = jose;
const { version } = JSON.parse(readFileSync(new URL('node_modules/jose/package.json', import.meta.url)));

// What the library itself caps lower than countersign's tokens need.
const MAX_PBES2_COUNT = 1_300_000;
const MAX_INFLATED = 250_000;

const JWS = [
  'HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512',
  'Ed25519', 'EdDSA',
];
const JWE = [
  'dir', 'A128KW', 'A192KW', 'A256KW', 'A128GCMKW', 'A192GCMKW', 'A256GCMKW', 'ECDH-ES', 'ECDH-ES+A128KW',
  'ECDH-ES+A192KW', 'ECDH-ES+A256KW', 'RSA-OAEP', 'RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512',
  'PBES2-HS256+A128KW', 'PBES2-HS384+A192KW', 'PBES2-HS512+A256KW',
];
const ENC = ['A128GCM', 'A192GCM', 'A256GCM', 'A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512'];

// The library remembers what it made of a key by the object's identity.
const KEYS = new Map();
function sameKey(key) {
  const text = JSON.stringify(key);
  if (!KEYS.has(text)) KEYS.set(text, key);
  return KEYS.get(text);
}

const bytes = (text) => base64url.decode(text);
const understood = (names) => Object.fromEntries((names ?? []).map((name) => [name, true]));

function info() {
  return { name: 'panva jose', version, backends: ['WebCrypto'], jws: JWS, jwe_alg: JWE, jwe_enc: ENC };
}

async function jwsSign({ alg, key, payload_b64u, serialization, header = {}, b64, detached }) {
  const payload = bytes(payload_b64u);
  const protectedHeader = { alg, ...(key.kid !== undefined && { kid: key.kid }), ...header };
  if (b64 === false) {
    protectedHeader.b64 = false;
    protectedHeader.crit = [...(header.crit ?? []), 'b64'];
  }
  const options = { crit: understood(header.crit) };
  let jws;
  if (serialization === 'general') {
    jws = await new jose.GeneralSign(payload).addSignature(key, options).setProtectedHeader(protectedHeader).sign();
  } else {
    jws = await new jose.FlattenedSign(payload).setProtectedHeader(protectedHeader).sign(key, options);
  }
  // With an unencoded payload the library leaves it out, and the caller puts it in (RFC 7797 §5).
  if (b64 === false) jws.payload = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
  if (serialization === 'compact') {
    return { token: `${jws.protected}.${detached ? '' : jws.payload}.${jws.signature}` };
  }
  if (detached) delete jws.payload;
  return { token: jws };
}

function isUnencoded(jws) {
  try {
    return jose.decodeProtectedHeader(jws).b64 === false;
  } catch {
    return false; // to refuse it is up to what is tried
  }
}

async function jwsVerify({ alg, key, token, detached_payload_b64u, crit }) {
  const options = { algorithms: [alg], crit: understood(crit) };
  let jws = token;
  if (typeof token === 'string') {
    if (detached_payload_b64u === undefined) {
      const { payload } = await jose.compactVerify(token, key, options);
      return { payload_b64u: base64url.encode(payload) };
    }
    const [protectedHeader, payload, signature, ...more] = token.split('.');
    if (payload !== '' || signature === undefined || more.length > 0) throw new jose.errors.JWSInvalid('not detached');
    jws = { protected: protectedHeader, signature };
  }
  const [first] = jws.signatures ?? [jws];
  if (detached_payload_b64u !== undefined) {
    if (jws.payload !== undefined) throw new jose.errors.JWSInvalid('not detached');
    jws = { ...jws, payload: isUnencoded(first) ? bytes(detached_payload_b64u) : detached_payload_b64u };
  }
  const verify = jws.signatures ? jose.generalVerify : jose.flattenedVerify;
  const { payload } = await verify(jws, key, options);
  return { payload_b64u: base64url.encode(payload) };
}

async function jweEncrypt({ alg, enc, key, payload_b64u, serialization, aad_b64u, zip, header = {}, recipients = [] }) {
  const { apu, apv, p2c, ...rest } = header;
  const parameters = {
    ...(apu !== undefined && { apu: bytes(apu) }),
    ...(apv !== undefined && { apv: bytes(apv) }),
    ...(p2c !== undefined && { p2c }),
  };
  const protectedHeader = { alg, enc, ...(zip && { zip }), ...(key.kid !== undefined && { kid: key.kid }), ...rest };
  const options = { crit: understood(header.crit) };
  const plaintext = bytes(payload_b64u);
  if (serialization === 'compact') {
    const jwe = new jose.CompactEncrypt(plaintext).setProtectedHeader(protectedHeader);
    return { token: await jwe.setKeyManagementParameters(parameters).encrypt(key, options) };
  }
  if (serialization === 'flattened') {
    const jwe = new jose.FlattenedEncrypt(plaintext).setProtectedHeader(protectedHeader);
    if (aad_b64u !== undefined) jwe.setAdditionalAuthenticatedData(bytes(aad_b64u));
    return { token: await jwe.setKeyManagementParameters(parameters).encrypt(key, options) };
  }
  // What is one recipient's alone can't be in the header of all.
  const shared = { ...protectedHeader };
  if (recipients.length > 0) delete shared.alg;
  const jwe = new jose.GeneralEncrypt(plaintext).setProtectedHeader(shared);
  if (aad_b64u !== undefined) jwe.setAdditionalAuthenticatedData(bytes(aad_b64u));
  const first = jwe.addRecipient(key, options).setKeyManagementParameters(parameters);
  if (recipients.length > 0) first.setUnprotectedHeader({ alg });
  for (const other of recipients) jwe.addRecipient(other.key, options).setUnprotectedHeader({ alg: other.alg });
  return { token: await jwe.encrypt() };
}

async function jweDecrypt({ alg, enc, key, token, zip, crit }) {
  const options = {
    keyManagementAlgorithms: [alg],
    contentEncryptionAlgorithms: [enc],
    maxPBES2Count: MAX_PBES2_COUNT,
    maxDecompressedLength: zip ? MAX_INFLATED : 0,
    crit: understood(crit),
  };
  let decrypt = jose.compactDecrypt;
  if (typeof token !== 'string') decrypt = token.recipients ? jose.generalDecrypt : jose.flattenedDecrypt;
  const { plaintext } = await decrypt(token, key, options);
  return { payload_b64u: base64url.encode(plaintext) };
}

async function jwkThumbprint({ key, hash }) {
  return { thumbprint: await jose.calculateJwkThumbprint(key, `sha${hash.slice(1)}`) };
}

async function jwtVerify(request) {
  const { algs, keys, issuer, audience, subject, typ, leeway, required_claims, max_age, now } = request;
  let { token } = request;
  if (request.decrypt_keys) {
    const [key] = request.decrypt_keys.keys ?? [request.decrypt_keys];
    const options = {
      keyManagementAlgorithms: request.jwe_algs,
      contentEncryptionAlgorithms: request.jwe_encs,
      maxDecompressedLength: 0,
    };
    const { plaintext, protectedHeader } = await jose.compactDecrypt(token, key, options);
    if (protectedHeader.cty?.toUpperCase() !== 'JWT') throw new jose.errors.JWTInvalid('not a nested token');
    token = new TextDecoder().decode(plaintext);
  }
  const { payload } = await jose.jwtVerify(token, keys.keys ? jose.createLocalJWKSet(keys) : keys, {
    algorithms: algs,
    issuer,
    audience,
    subject,
    typ,
    clockTolerance: leeway,
    // `exp` is required by countersign; this library asks for it only when told to.
    requiredClaims: ['exp', ...(required_claims ?? [])],
    maxTokenAge: max_age,
    currentDate: now === undefined ? undefined : new Date(now * 1000),
  });
  return { claims: payload };
}

async function jwkCheck({ key, alg }) {
  await jose.importJWK(key, alg);
  return {};
}

const OPERATIONS = {
  info,
  jws_sign: jwsSign,
  jws_verify: jwsVerify,
  jwe_encrypt: jweEncrypt,
  jwe_decrypt: jweDecrypt,
  jwk_thumbprint: jwkThumbprint,
  jwt_verify: jwtVerify,
  jwk_check: jwkCheck,
};

// The library has errors of its own and throws `TypeError`s beside them, as a mistake in this file does too. Where one
// comes from is in the first frame that isn't node's.
function nameOf(error) {
  if (error instanceof jose.errors.JOSEError) return error.code;
  const frame = error.stack?.split('\n').find((line) => line.includes('file:')) ?? '';
  return frame.includes('/node_modules/jose/') ? `${error.name} of jose` : error.name;
}

async function answer(line) {
  let id = null;
  try {
    const request = JSON.parse(line);
    id = request.id ?? null;
    if (request.key) request.key = sameKey(request.key);
    return { id, ok: true, ...(await OPERATIONS[request.op](request)) };
  } catch (error) {
    const unsupported = error instanceof jose.errors.JOSENotSupported || error.name === 'NotSupportedError';
    const kind = unsupported ? 'unsupported' : 'invalid';
    return { id, ok: false, kind, code: nameOf(error), error: error.message };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}
