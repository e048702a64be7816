/** The outbox as its page shows it: what has no receipt, what lacks only photos, what was received lately. */
import type { Entry, Photo } from "../model";
import type { Tablet } from "../tablet";

export interface EntryData { entry: Entry; photos: Photo[]; left: number }
export interface OutboxData { waiting: EntryData[]; photos: EntryData[]; sent: EntryData[] }

const SHOWN = 30; // of what has its receipt

export async function readOutbox(tablet: Tablet): Promise<OutboxData> {
  const entries = await tablet.outbox.list();
  const all = await Promise.all(entries.map(async (entry): Promise<EntryData> => {
    const { kind, id } = entry.about;
    if (!entry.photos.length || (kind !== "inspection" && kind !== "task")) return { entry, photos: [], left: 0 };
    const named = new Set(entry.photos);
    const photos = (await tablet.pictures.of(kind, id)).filter((photo) => named.has(photo.id));
    return { entry, photos, left: photos.filter((photo) => !photo.stored_at).length };
  }));
  return {
    waiting: all.filter(({ entry }) => !entry.verdict),
    photos: all.filter(({ entry, left }) => entry.verdict && left > 0),
    sent: all.filter(({ entry, left }) => entry.verdict && !left).reverse().slice(0, SHOWN),
  };
}
