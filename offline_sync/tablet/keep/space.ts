/** How much room there is: asked to be kept for good, measured, warned of in time. Text is never refused. */
import { type StorageState, Trouble } from "../tablet";

const MEGABYTE = 1024 * 1024;
const WARN = 300 * MEGABYTE;
const NO_PHOTOS = 60 * MEGABYTE;

/** What a browser offers of it; older ones less (estimate: iPadOS 17). */
export type Space = Partial<Pick<StorageManager, "estimate" | "persist" | "persisted">>;

/** How long a browser may think about it, ms. Some never answer; nobody's photo and nobody's sync waits for that. */
const PATIENCE = 1_500;
const silent = new WeakSet<Space>(); // asked, and not heard of since

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

export async function storageState(space: Space = browsers(), patience_ms = PATIENCE): Promise<StorageState> {
  const [persisted, room] = await heard(space, patience_ms, () =>
    Promise.all([space.persisted?.().catch(() => null) ?? null, measured(space)]));
  const { free } = room;
  return { persisted, ...room, photos_allowed: free === null || free >= NO_PHOTOS, warning: warning(free) };
}

/** Raises storage_full when no more photos may be taken. */
export async function roomForPhotos(space: Space = browsers(), patience_ms = PATIENCE): Promise<void> {
  const { photos_allowed, free } = await storageState(space, patience_ms);
  if (!photos_allowed) throw new Trouble("storage_full", fullWords(free ?? 0), { free });
}

type Said = [persisted: boolean | null, room: Pick<StorageState, "used" | "quota" | "free">];
const NOTHING_SAID: Said = [null, { used: null, quota: null, free: null }];

/** What the browser says in time, else nothing. As long as it owes an answer it is not asked again. */
async function heard(space: Space, patience_ms: number, ask: () => Promise<Said>): Promise<Said> {
  if (silent.has(space)) return NOTHING_SAID;
  const asked = ask().finally(() => silent.delete(space));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Said>((give_up) => {
    timer = setTimeout(() => {
      silent.add(space);
      give_up(NOTHING_SAID);
    }, patience_ms);
  });
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
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
