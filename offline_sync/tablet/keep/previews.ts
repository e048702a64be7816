/** Small pictures of photos that others took, fetched by the sync and shown from the cache. */
import { worthSeeing } from "../rules/pictures";
import type { Cache, Core } from "./store";

const MOST = 3_000; // about 60 MB

/** What is worth having and not here yet: of a sheet that is put right, then the most wanted; pictures taken here need not be fetched. */
export async function wantedPictures(cache: Cache, core: Core): Promise<string[]> {
  const rows = await cache.read(["rows"], async (t) => ({
    tasks: await t.all("rows", { starts: ["task"] }), inspections: await t.all("rows", { starts: ["inspection"] }), photos: await t.all("rows", { starts: ["photo"] }), lookBacks: await t.all("rows", { starts: ["look_back"] }),
  }));
  const bare = <T>(kept: readonly { row: unknown }[]): T[] => kept.map(({ row }) => row as T);
  const wanted = worthSeeing({ tasks: bare(rows.tasks), lookBacks: bare(rows.lookBacks), inspections: bare(rows.inspections), photos: bare(rows.photos) });
  const { own, sheets } = await core.read(["drafts", "photos", "previews"], async (t) => {
    const amending = (await t.all("drafts")).filter((draft) => draft.amends);
    const photos = await Promise.all(amending.map(({ inspection }) => t.all("photos", { index: "about", is: ["inspection", inspection] })));
    return { own: new Set(await t.keys("previews")), sheets: photos.flat().map(({ sha256 }) => sha256) };
  });
  return lackingPreviews(cache, [...new Set([...sheets, ...wanted])].slice(0, MOST).filter((sha256) => !own.has(sha256)));
}

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
