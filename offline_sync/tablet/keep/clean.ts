/** What may leave core by now (sync.md §5), told by the server's clock alone: this device's may be years off.
 *
 * The server's last backup is at or before the server's present; what is older than it by seven days is seven days old.
 */
import type { CardRow } from "../wire";
import { removePhotos } from "./photo-store";
import type { EntryKept, PhotoKept } from "./shapes";
import type { Cache, Core } from "./store";

const KEPT_FOR = 7 * 24 * 3_600_000; // ms

/** Deletes receipted acts and photos that a backup has covered for seven days. Returns how many of each went. */
export async function clean(core: Core, cache: Cache, horizon: string | null): Promise<{ entries: number; photos: number }> {
  const covered = Date.parse(horizon ?? "") - KEPT_FOR;
  if (Number.isNaN(covered)) return { entries: 0, photos: 0 };
  const closed = await closedCards(cache);
  return core.write(["outbox", "photos", "bytes", "previews"], async (t) => {
    const entries = await t.all("outbox");
    const photos = await t.all("photos");
    const unsent = new Set(entries.filter(({ verdict }) => !verdict).flatMap((entry) => entry.photos));
    const leaving = photos.filter((photo) => !unsent.has(photo.id) && stored(photo, covered));
    const staying = new Set(photos.filter((photo) => !leaving.includes(photo)).map(({ id }) => id));
    // An act stays as long as a photo of it: after a restore it is what says that the photo is wanted.
    const going = entries.filter((entry) => mayGo(entry, covered, closed) && !entry.photos.some((id) => staying.has(id)));
    for (const { id } of going) t.remove("outbox", id);
    await removePhotos(t, leaving);
    return { entries: going.length, photos: leaving.length };
  });
}

/** Receipted, covered, seven days old, and its card closed where it has one. */
function mayGo({ id, verdict }: EntryKept, covered: number, closed: ReadonlySet<string>): boolean {
  if (!verdict || !(Date.parse(verdict.at) < covered)) return false;
  return ["applied", "merged", "noop"].includes(verdict.status) || closed.has(id);
}

/** A draft's photos are never stored on the server, so they stay by this too. */
const stored = ({ named, stored_at }: PhotoKept, covered: number): boolean =>
  named !== null && stored_at !== null && Date.parse(stored_at) < covered;

/** Commands whose card was put away. A card that is not here counts as open. */
async function closedCards(cache: Cache): Promise<Set<string>> {
  const cards = await cache.read(["rows"], (t) => t.all("rows", { starts: ["card"] }));
  return new Set(cards.map(({ row }) => row as CardRow).filter(({ dismissed }) => dismissed).map(({ command }) => command));
}
