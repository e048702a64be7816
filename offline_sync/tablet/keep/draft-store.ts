/** A draft with its answers and photos within a transaction, and who may write it. */
import type { Draft, DraftAnswer, Photo } from "../model";
import { Trouble } from "../tablet";
import { plainPhotos } from "./photo-store";
import type { CoreShape, DraftKept } from "./shapes";
import type { Core, Reader } from "./store";

export const elsewhere = (): Trouble => new Trouble("draft_elsewhere",
  "这份检查表已在另一个窗口打开，这里不能再填。请到那个窗口继续填，或点“在这里接着填”。");
export const gone = (): Trouble => new Trouble("draft_gone",
  "这份检查表已提交或已删除，这里不能再填。请返回村庄列表查看。");

/** Under what name a checklist lies beside the drafts that were begun with it. */
export const checklistName = (sha256: string): string => `checklist ${sha256}`;

export const plainDraft = ({ holder: _holder, ...draft }: DraftKept): Draft => draft;

export interface Kept { draft: Draft; answers: Map<string, DraftAnswer>; photos: Photo[] }

/** All of a draft at one moment. Raises draft_gone. */
export const readDraft = (core: Core, inspection: string): Promise<Kept> =>
  core.read(["drafts", "answers", "photos"], async (t) => ({ ...(await keptDraft(t, inspection)), photos: await photosIn(t, inspection) }));

/** A draft and its answers, whoever holds it. Raises draft_gone. */
export async function keptDraft(t: Reader<CoreShape>, inspection: string): Promise<Pick<Kept, "draft" | "answers">> {
  const [there, answers] = await Promise.all([t.get("drafts", inspection), t.all("answers", { starts: [inspection] })]);
  if (!there) throw gone();
  return { draft: plainDraft(there), answers: new Map(answers.map(({ item, answer }) => [item, answer])) };
}

export const photosIn = async (t: Reader<CoreShape>, inspection: string): Promise<Photo[]> =>
  plainPhotos(await t.all("photos", { index: "about", is: ["inspection", inspection] }));

/** The draft as this window may write it. Raises draft_gone, draft_elsewhere. */
export async function heldDraft(t: Reader<CoreShape>, inspection: string, holder: string): Promise<DraftKept> {
  const draft = await t.get("drafts", inspection);
  if (!draft) throw gone();
  if (draft.holder !== holder) throw elsewhere();
  return draft;
}

/** `now`, made of what `was` there wherever that is the same. */
export function steady<T extends object>(was: T | undefined, now: T): T {
  if (!was) return now;
  const keys = Object.keys(now) as (keyof T)[];
  const same = keys.filter((key) => JSON.stringify(was[key]) === JSON.stringify(now[key]));
  return same.length === keys.length ? was : { ...now, ...Object.fromEntries(same.map((key) => [key, was[key]])) };
}
