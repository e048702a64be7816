/** Photo rows and their bytes within a transaction. Photos may share a picture: its bytes go with the last of them. */
import type { Photo } from "../model";
import type { CoreShape, PhotoKept } from "./shapes";
import type { Writer } from "./store";

/** Removes photos; their bytes and previews too unless another photo still shows them. Over photos, bytes, previews. */
export async function removePhotos(t: Writer<CoreShape>, photos: PhotoKept[]): Promise<void> {
  const going = new Set(photos.map((photo) => photo.id));
  for (const { id, sha256 } of photos) {
    t.remove("photos", id);
    const others = await t.keys("photos", { index: "sha256", is: sha256 });
    if (others.some((other) => !going.has(other))) continue;
    t.remove("bytes", sha256);
    t.remove("previews", sha256);
  }
}

/** As others know photos, in the order they were taken. */
export function plainPhotos(kept: PhotoKept[]): Photo[] {
  return kept.map(({ named: _named, waits: _waits, ...photo }) => photo).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The photo with its mark of waiting set as it must be: named by an act that stands, and not yet on the server. */
export function waiting({ waits: _waits, ...photo }: PhotoKept, stands: boolean): PhotoKept {
  return { ...photo, ...(stands && photo.named && !photo.stored_at ? { waits: 1 } : {}) };
}
