/** What the sync reads of photos, and what it tells of them. A picture shared by several photos is told of at once. */
import type { Photo } from "../model";
import { plainPhotos, waiting } from "./photo-store";
import type { PhotoKept } from "./shapes";
import type { Core } from "./store";

/** Only what is there changes. `stored_at` is the server's time. */
export interface News {
  stored_at?: string | null;
  preview_sent?: boolean;
  problem?: string | null;
}

export async function listPhotos(core: Core): Promise<Photo[]> {
  return plainPhotos(await core.read(["photos"], (t) => t.all("photos")));
}

export async function bytesOf(core: Core, sha256: string): Promise<ArrayBuffer | null> {
  return (await core.read(["bytes"], (t) => t.get("bytes", sha256)))?.bytes ?? null;
}

export async function previewOf(core: Core, sha256: string): Promise<ArrayBuffer | null> {
  return (await core.read(["previews"], (t) => t.get("previews", sha256)))?.bytes ?? null;
}

/** Notes the news of pictures. What became stored waits no longer; what the server lost waits again. */
export async function tell(core: Core, sha256s: readonly string[], news: News): Promise<void> {
  await core.write(["photos", "outbox"], async (t) => {
    const found = await Promise.all(sha256s.map((sha256) => t.all("photos", { index: "sha256", is: sha256 })));
    for (const photo of found.flat()) {
      const act = photo.named ? await t.get("outbox", photo.named) : undefined;
      t.put("photos", waiting({ ...photo, ...news } as PhotoKept, act?.verdict?.status !== "rejected"));
    }
  });
}
