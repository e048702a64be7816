/** How much room there is: asked to be kept for good, measured, warned of in time. Text is never refused. */
import { type StorageState, Trouble } from "../tablet";

const MEGABYTE = 1024 * 1024;
const WARN = 300 * MEGABYTE;
const NO_PHOTOS = 60 * MEGABYTE;

/** What a browser offers of it; older ones less (estimate: iPadOS 17). */
export type Space = Partial<Pick<StorageManager, "estimate" | "persist" | "persisted">>;

const browsers = (): Space => (globalThis.navigator?.storage as Space | undefined) ?? {};

/** Asks the browser, without a question to the person, not to clear this away by itself. Some say no. */
export async function askToPersist(space: Space = browsers()): Promise<boolean | null> {
  try {
    if (await space.persisted?.()) return true;
    return (await space.persist?.()) ?? null;
  } catch {
    return null;
  }
}

export async function storageState(space: Space = browsers()): Promise<StorageState> {
  const [persisted, room] = await Promise.all([space.persisted?.().catch(() => null) ?? null, measured(space)]);
  const { free } = room;
  return { persisted, ...room, photos_allowed: free === null || free >= NO_PHOTOS, warning: warning(free) };
}

/** Raises storage_full when no more photos may be taken. */
export async function roomForPhotos(space: Space = browsers()): Promise<void> {
  const { photos_allowed, free } = await storageState(space);
  if (!photos_allowed) throw new Trouble("storage_full", fullWords(free ?? 0), { free });
}

/** Bytes; null where the browser does not say. */
async function measured(space: Space): Promise<Pick<StorageState, "used" | "quota" | "free">> {
  const { quota, usage } = (await space.estimate?.().catch(() => undefined)) ?? {};
  if (quota === undefined || usage === undefined) return { used: null, quota: null, free: null };
  return { used: usage, quota, free: Math.max(0, quota - usage) };
}

function warning(free: number | null): string | null {
  if (free === null || free >= WARN) return null;
  if (free < NO_PHOTOS) return fullWords(free);
  return `平板存储只剩 ${mega(free)} MB。请尽快连网上传，或删除平板里不用的文件；低于 60 MB 就不能再拍照。`;
}

const fullWords = (free: number): string =>
  `平板存储只剩 ${mega(free)} MB，不能再拍照；文字仍可照常填写。请先连网上传，或删除平板里不用的文件。`;
const mega = (bytes: number): number => Math.floor(bytes / MEGABYTE);
