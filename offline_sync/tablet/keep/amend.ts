/** A visit that was handed in, back among the drafts to be put right; what was sent stays in the outbox as it is. */
import type { Draft } from "../model";
import type { AssignmentRow, Submission } from "../wire";
import { handedIn } from "../rules/amending";
import { type SentSheet, picturesOf, reopened } from "../rules/reopened";
import { Trouble } from "../tablet";
import { now } from "./clock";
import { checklistName, plainDraft } from "./draft-store";
import { listEntries } from "./outbox";
import type { PhotoKept } from "./shapes";
import type { Mine } from "./shelf";

/** A visit as the server has it (offline_sync/own_visits.py). */
export interface ServersVisit { rev: number; args: Submission }

/** The draft, begun now if there was none. Raises amend_gone where nothing was handed in from this tablet. */
export async function amendDraft(mine: Mine, inspection: string): Promise<Draft> {
  const sent = handedIn(await listEntries(mine.core), inspection).pop();
  if (!sent) throw new Trouble("amend_gone", "这次检查不是在这台平板上提交的，或已超过七天，这里不能更正。请联系区级办公室。");
  return begin(mine, sent, []);
}

/** The same of a visit that another tablet handed in. Its photos are known here and lie on the server, or on their way
 * there from that tablet: they are never asked of this one. */
export async function amendServers(mine: Mine, { rev, args }: ServersVisit): Promise<Draft> {
  const at = now();
  const photos = picturesOf(args).map((photo): PhotoKept => ({ ...photo, stored_at: at, preview_sent: true, kept_at: photo.taken_at, named: null }));
  return begin(mine, { args, verdict: { rev } }, photos);
}

async function begin({ core, cache }: Mine, sent: SentSheet, elsewhere: readonly PhotoKept[]): Promise<Draft> {
  const { inspection, round, village, checklist } = sent.args as Submission;
  const [list, assignments] = await cache.read(["rows"], (t) =>
    Promise.all([t.get("rows", ["checklist", checklist.sha256]), t.all("rows", { starts: ["assignment"] })]));
  const mine = assignments.map(({ row }) => row as AssignmentRow)
    .find((one) => one.round === round && one.village === village && one.checklist === checklist.code);
  const at = now();
  return core.write(["drafts", "answers", "photos", "meta"], async (t) => {
    const there = await t.get("drafts", inspection);
    if (there) return plainDraft(there);
    const photos = await t.all("photos", { index: "about", is: ["inspection", inspection] });
    const named = photos.filter((photo) => photo.named !== null); // one that was just taken goes along
    const { draft, answers } = reopened(sent, mine?.id ?? null, named, at);
    t.put("drafts", { ...draft, holder: null });
    for (const answer of answers) t.put("answers", { inspection, item: answer.item, answer });
    for (const photo of elsewhere) if (!photos.some(({ id }) => id === photo.id)) t.put("photos", photo);
    if (list) t.put("meta", { name: checklistName(list.id), value: list });
    return draft;
  });
}
