/** How this device stands, told to the server for the office's page of devices: room, what waits, clock, link.
 *
 * Of everybody who works on it together; nothing in it says who, or what anybody did.
 */
import type { StorageState } from "../tablet";
import type { ReportIn } from "../wire";
import type { Hand } from "./hand";
import type { Link } from "./link";
import { passed } from "./passed";
import type { Stores } from "./ports";

const AGAIN = 60 * 60_000; // ms after which the same is told once more
const PATIENCE = 10_000; // ms that a run waits for it at most

export interface Reporting {
  stores: Stores;
  link: Link;
  build: string;
  platform: string;
  storage?: () => Promise<StorageState>;
}

export class Reporter {
  #told = "";
  #at = 0;

  constructor(private readonly parts: Reporting) {}

  /** Tells it when something worth telling changed. Whatever becomes of it, the run goes on: nobody's work waits for this. */
  async say(hand: Hand, rate: number | null): Promise<void> {
    const report = await reportOf(this.parts, rate);
    const { commands, photos } = report.waiting ?? {};
    const key = JSON.stringify([commands, photos, report.storage?.persisted, Math.round((report.skew_ms ?? 0) / 60_000)]);
    if (key === this.#told && passed(this.#at) < AGAIN) return;
    const token = await hand.token("any");
    const told = await hand.link.call("POST", "/api/sync/report", { json: report, token, signal: hand.signal, limit_ms: PATIENCE });
    if (told.kind === "unreachable") return;
    this.#told = key;
    this.#at = Date.now();
  }
}

export async function reportOf({ stores, link, build, platform, storage }: Reporting, rate: number | null): Promise<ReportIn> {
  const room = await storage?.();
  const waiting = { commands: 0, photos: 0, bytes: 0 };
  let oldest = Infinity;
  let last_ok: string | null = null;
  for (const { id, last_ok: ok } of await stores.people()) {
    if (ok && (last_ok === null || Date.parse(ok) > Date.parse(last_ok))) last_ok = ok;
    const store = await stores.of(id);
    const [entries, photos] = await Promise.all([store.kept(), store.photos()]);
    const acts = entries.filter((entry) => !entry.verdict);
    const named = new Set(entries.flatMap((entry) => (entry.verdict?.status === "rejected" ? [] : entry.photos)));
    const left = new Map(photos.filter((one) => !one.stored_at && named.has(one.id)).map((one) => [one.sha256, one]));
    waiting.commands += acts.length;
    waiting.photos += left.size;
    for (const { at } of acts) oldest = Math.min(oldest, Date.parse(at));
    for (const { size, kept_at } of left.values()) {
      waiting.bytes += size;
      oldest = Math.min(oldest, Date.parse(kept_at));
    }
  }
  return {
    build, platform,
    storage: { used: room?.used ?? null, quota: room?.quota ?? null, persisted: room?.persisted ?? null },
    waiting: { ...waiting, oldest_seconds: Number.isFinite(oldest) ? Math.max(0, Math.round((Date.now() - oldest) / 1000)) : null },
    skew_ms: link.skew_ms, last_ok, bytes_per_second: rate === null ? null : Math.round(rate * 1000),
  };
}
