/** Small pictures that others took, last of all: so that before and after can be compared where there is no network. */
import { Halt, type Hand } from "./hand";

const WIDE = 480; // pixels; about 20 kB each
const AT_ONCE = 4;
const A_RUN = 240; // pictures; what is left comes with the next run

/** Where a small picture is given. */
export const small = (sha256: string): string => `/api/blobs/${sha256}?w=${WIDE}`;

/** Fetches until all are here, `meanwhile` says that there is something better to do, or the line gives out. None of it
 * is anybody's work, so it never makes a run fail. `gone`: pictures the server does not give; not asked for again. */
export async function fetchPictures(hand: Hand, gone: Set<string>, meanwhile: () => Promise<boolean>): Promise<void> {
  const wanted = (await hand.store.pictures()).filter((sha256) => !gone.has(sha256)).slice(0, A_RUN);
  for (let place = 0; place < wanted.length; place += AT_ONCE) {
    if (await meanwhile()) return;
    try {
      const kept = await Promise.all(wanted.slice(place, place + AT_ONCE).map((sha256) => fetchOne(hand, sha256, gone)));
      await hand.store.keepPictures(kept.flatMap((one) => one ?? []));
    } catch (error) {
      if (error instanceof Halt && (error.why === "unreachable" || error.why === "server")) return;
      throw error;
    }
  }
}

async function fetchOne(hand: Hand, sha256: string, gone: Set<string>): Promise<{ sha256: string; bytes: ArrayBuffer } | null> {
  const told = await hand.call<ArrayBuffer>("session", "GET", small(sha256));
  if (told.kind === "ok" && told.body instanceof ArrayBuffer) return { sha256, bytes: told.body };
  gone.add(sha256);
  return null;
}
