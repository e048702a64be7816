/** Small pictures of photos that others took, fetched by the sync and shown from the cache. */
import type { Cache } from "./store";

const MOST = 3_000; // about 60 MB

/** Keeps one. When there are too many, some go: any can be fetched again. */
export async function keepPreview(cache: Cache, sha256: string, bytes: ArrayBuffer): Promise<void> {
  await cache.write(["previews"], async (t) => {
    const keys = await t.keys("previews");
    keys.slice(0, Math.max(0, keys.length + 1 - MOST)).forEach((key) => t.remove("previews", key));
    t.put("previews", { sha256, bytes });
  });
}

/** Which of these pictures the cache does not have. */
export async function lackingPreviews(cache: Cache, sha256s: readonly string[]): Promise<string[]> {
  const there = new Set(await cache.read(["previews"], (t) => t.keys("previews")));
  return sha256s.filter((sha256) => !there.has(sha256));
}
