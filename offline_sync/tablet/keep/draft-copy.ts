/** A draft as a document of its own: what is backed up on the server and what a rescue carries. Photos by their facts;
 * their bytes stay where they are.
 */
import type { Draft, DraftAnswer, Photo } from "../model";
import { plainPhotos } from "./photo-store";
import type { CoreShape } from "./shapes";
import type { Core, Reader } from "./store";

export interface DraftCopy {
  format: 1;
  draft: Draft;
  answers: DraftAnswer[];
  photos: Photo[];
}

/** How far a draft's backup has come: the counter and the hash of what the server has. `gone`: the server knows it ended. */
export interface Backed { rev: number; hash: string; gone?: true }
export const backedName = (inspection: string): string => `backup ${inspection}`;

export const COPY_STORES: ("drafts" | "answers" | "photos" | "meta")[] = ["drafts", "answers", "photos", "meta"];

/** The draft as it lies in the store; null when it is no longer there. */
export async function copyOf(t: Reader<CoreShape>, inspection: string): Promise<DraftCopy | null> {
  const kept = await t.get("drafts", inspection);
  if (!kept) return null;
  const { holder: _holder, ...draft } = kept;
  const [answers, photos] = await Promise.all([
    t.all("answers", { starts: [inspection] }), t.all("photos", { index: "about", is: ["inspection", inspection] }),
  ]);
  return { format: 1, draft, answers: answers.map(({ answer }) => answer), photos: plainPhotos(photos) };
}

/** Every draft of this store. */
export async function copies(core: Core): Promise<DraftCopy[]> {
  const ids = await core.read(["drafts"], (t) => t.keys("drafts"));
  const all = await Promise.all(ids.map((id) => core.read(COPY_STORES, (t) => copyOf(t, id))));
  return all.flatMap((copy) => copy ?? []);
}

/** The counter of the last backup; 0 before the first. Backups count in twos: between two of them is room for a rescue. */
export async function backedOf(t: Reader<CoreShape>, inspection: string): Promise<Backed> {
  return ((await t.get("meta", backedName(inspection)))?.value as Backed | undefined) ?? { rev: 0, hash: "" };
}
