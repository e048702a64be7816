/** What waits of whoever works now. */
import type { Stores } from "./ports";

export interface Waiting {
  waiting: number;
  photos: number;
  bytes: number;
  last_ok: string | null;
}

export async function countWaiting(stores: Stores): Promise<Waiting> {
  const id = await stores.current();
  if (id === null) return { waiting: 0, photos: 0, bytes: 0, last_ok: null };
  const store = await stores.of(id);
  const [entries, photos, { last_ok }] = await Promise.all([store.kept(), store.photos(), store.standing()]);
  const named = new Set(entries.flatMap((entry) => (entry.verdict?.status === "rejected" ? [] : entry.photos)));
  const left = new Map(photos.filter((one) => !one.stored_at && named.has(one.id)).map((one) => [one.sha256, one.size]));
  const bytes = [...left.values()].reduce((sum, size) => sum + size, 0);
  return { waiting: entries.filter((entry) => !entry.verdict).length, photos: left.size, bytes, last_ok };
}
