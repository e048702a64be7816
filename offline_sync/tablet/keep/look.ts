/** Drafts of somebody whose account or tablet was ended: to be looked at, never written. Others' stay closed until they
 * come themselves.
 */
import type { RowOf } from "../rows";
import { type LeftDraft, Trouble } from "../tablet";
import { copies } from "./draft-copy";
import { checklistName } from "./draft-store";
import { personKept } from "./people";
import { bytesOf, previewOf } from "./photo-news";
import type { RowKept } from "./shapes";
import type { Shelf } from "./shelf";

export async function look(shelf: Shelf, person: string): Promise<LeftDraft[]> {
  if (!(await personKept(shelf, person))?.disabled) throw new Trouble("look_own", "这些草稿要本人登录后才能看。");
  const { core } = shelf.of(person);
  return Promise.all((await copies(core)).map(async ({ draft, answers, photos }): Promise<LeftDraft> => {
    const kept = await core.read(["meta"], (t) => t.get("meta", checklistName(draft.checklist.sha256)));
    const list = (kept?.value as RowKept | undefined)?.row as RowOf<"checklist"> | undefined;
    return {
      draft, answers, photos, checklist: list?.body ?? null,
      bytes: async (sha256, preview) => (preview && (await previewOf(core, sha256))) || bytesOf(core, sha256),
    };
  }));
}
