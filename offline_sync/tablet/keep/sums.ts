/** The count and sum of a scope's rows, to be compared with the server's (sync.md §3 `sums`). */
import { belowFloor } from "./floor";
import type { Cache } from "./store";

export interface ScopeSum {
  n: number;
  x: string; // XOR of the first 8 bytes of SHA-256(`kind|id|rev`), 16 hex digits
}

export async function sums(cache: Cache, scopes: readonly string[]): Promise<Record<string, ScopeSum>> {
  const out: Record<string, ScopeSum> = {};
  for (const scope of scopes) {
    const [rows, held] = await cache.read(["rows", "scopes"], async (t) =>
      [await t.all("rows", { index: "scopes", is: scope }), await t.get("scopes", scope)] as const);
    const gone = new Set(belowFloor(rows, held?.floor ?? 0));
    out[scope] = await sum(rows.filter((row) => !gone.has(row)).map(({ kind, id, rev }) => `${kind}|${id}|${rev}`));
  }
  return out;
}

async function sum(names: string[]): Promise<ScopeSum> {
  const text = new TextEncoder();
  const total = new Uint8Array(8);
  const hashes = await Promise.all(names.map((name) => crypto.subtle.digest("SHA-256", text.encode(name))));
  for (const hash of hashes) new Uint8Array(hash, 0, 8).forEach((byte, place) => (total[place]! ^= byte));
  return { n: names.length, x: Array.from(total, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}
