/** The locked file around a rescue, and the keys made of a deposit token: twin of `offline_sync/rescue/sealed.py`, format
 * in docs/rescue.md. The token itself never enters a file: what is known on both ends is its SHA-256.
 */
import type { Bytes } from "./zip";

export const ITERATIONS = 600_000; // PBKDF2 with SHA-256
const CHUNK = 1024 * 1024;
const MAGIC = "XUNCUNR1";
const text = new TextEncoder();

type Purpose = "name" | "seal" | "lock";
export type Lock = { kind: "passphrase"; words: string } | { kind: "deposit"; token: string };

/** How a file names the token it means, and the seal on a manifest. */
export async function sealOf(token: string, manifest: Bytes): Promise<{ name: string; seal: string }> {
  return { name: await nameOf(token), seal: hex(await hmac(await derived(token, "seal"), manifest)) };
}

const nameOf = async (token: string): Promise<string> => hex(await derived(token, "name")).slice(0, 16);

async function derived(token: string, purpose: Purpose): Promise<Bytes> {
  const known = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", text.encode(token))));
  return hmac(text.encode(known), text.encode(`xuncun rescue ${purpose}`));
}

async function hmac(key: Bytes, data: Bytes): Promise<Bytes> {
  const made = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", made, data));
}

/** The same bytes locked: a header, then chunks, each bound to the header, its place and whether it is the last. */
export async function* locked(pieces: AsyncIterable<Bytes>, locks: readonly Lock[], iterations = ITERATIONS, chunk = CHUNK): AsyncGenerator<Bytes> {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const header = text.encode(JSON.stringify({ format: 1, chunk, locks: await Promise.all(locks.map((lock) => wrapped(lock, secret, iterations))) }));
  const start = new Uint8Array(12 + header.length);
  start.set(text.encode(MAGIC));
  new DataView(start.buffer).setUint32(8, header.length);
  start.set(header, 12);
  yield start;
  const key = await aes(secret);
  const additionalData = await crypto.subtle.digest("SHA-256", start);
  let number = 0;
  const sealed = async (plain: Bytes, last: boolean): Promise<Bytes> => {
    const iv = new Uint8Array(12);
    new DataView(iv.buffer).setUint32(7, number);
    iv[11] = Number(last);
    number += 1;
    return new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, plain));
  };
  let held = new Uint8Array(chunk);
  let full = 0;
  for await (const piece of pieces) {
    for (let place = 0; place < piece.length;) {
      if (full === chunk) {
        yield await sealed(held, false);
        held = new Uint8Array(chunk);
        full = 0;
      }
      const part = piece.subarray(place, place + chunk - full);
      held.set(part, full);
      full += part.length;
      place += part.length;
    }
  }
  yield await sealed(held.subarray(0, full), true);
}

async function wrapped(lock: Lock, secret: Bytes, iterations: number): Promise<Record<string, string | number>> {
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const raw = lock.kind === "deposit" ? await derived(lock.token, "lock") : await stretched(lock.words, salt, iterations);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: text.encode(MAGIC) }, await aes(raw), secret);
  const told = { kind: lock.kind, nonce: base64(nonce), key: base64(new Uint8Array(sealed)) };
  return lock.kind === "deposit" ? { ...told, name: await nameOf(lock.token) } : { ...told, salt: base64(salt), iterations };
}

async function stretched(words: string, salt: Bytes, iterations: number): Promise<Bytes> {
  const plain = await crypto.subtle.importKey("raw", text.encode(words.normalize("NFC").trim()), "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, plain, 256));
}

const aes = (key: Bytes): Promise<CryptoKey> => crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
const hex = (bytes: Bytes): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const base64 = (bytes: Bytes): string => btoa(String.fromCharCode(...bytes));
