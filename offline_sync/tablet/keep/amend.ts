/** A visit that was handed in, back among the drafts to be put right; what was sent stays in the outbox as it is. */
import type { Draft } from "../model";
import type { AssignmentRow, Submission } from "../wire";
import { handedIn } from "../rules/amending";
import { reopened } from "../rules/reopened";
import { Trouble } from "../tablet";
import { now } from "./clock";
import { checklistName, plainDraft } from "./drafts";
import { listEntries } from "./outbox";
import type { Mine } from "./shelf";

/** The draft, begun now if there was none. Raises amend_gone where nothing was handed in from this tablet. */
export async function amendDraft({ core, cache }: Mine, inspection: string): Promise<Draft> {
  const sent = handedIn(await listEntries(core), inspection).pop();
  if (!sent) throw new Trouble("amend_gone", "这次检查不是在这台平板上提交的，或已超过七天，这里不能更正。请联系区级办公室。");
  const { round, village, checklist } = sent.args as Submission;
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
    if (list) t.put("meta", { name: checklistName(list.id), value: list });
    return draft;
  });
}
