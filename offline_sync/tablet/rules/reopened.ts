/** A sheet as it was sent, made a draft again. Pure. */
import type { Draft, DraftAnswer, DraftFinding, Entry, Photo } from "../model";
import type { Answer, FindingIn, Submission } from "../wire";

/** The sheet as it was sent, to be filled in again. `pictures`: all photos of the visit that are here. */
export function reopened(
  sent: Pick<Entry, "args" | "verdict">, assignment: string | null, pictures: readonly Pick<Photo, "id">[], at: string,
): { draft: Draft; answers: DraftAnswer[] } {
  const args = sent.args as Submission;
  const own = (args.photos ?? []).map(({ id }) => id);
  const { inspection, round, village, checklist, inspectors, started_at, finished_at } = args;
  const draft: Draft = {
    inspection, round, village, checklist: { ...checklist }, assignment, inspectors: [...inspectors], started_at, updated_at: at,
    position: args.position ? { ...args.position, accuracy: args.position.accuracy ?? null } : null,
    signature: args.signature ? { name: args.signature.name ?? "", photo: args.signature.photo ?? null, refused: args.signature.refused ?? null } : null,
    village_remarks: args.village_remarks ?? "", at_item: null,
    amends: {
      base_rev: sent.verdict?.rev ?? null, finished_at, reason: "", sent: own,
      dropped: pictures.map(({ id }) => id).filter((id) => !own.includes(id)), // a partner's, added as evidence
    },
  };
  return { draft, answers: args.answers.map(answerOf) };
}

function answerOf(one: Answer): DraftAnswer {
  const { counts = null, level = null, yes = null, value = null, points = null, drawn = null, failed = null } = one;
  return {
    item: one.item, counts: counts && ({ ...counts } as Record<string, number>), level, yes, value, points, drawn: drawn && [...drawn], failed: failed && [...failed],
    na: one.na ?? false, note: one.note ?? "", veto: one.veto ? { text: one.veto.text, second: one.veto.second ?? null } : null,
    findings: (one.findings ?? []).map(findingOf),
  };
}

function findingOf(one: FindingIn): DraftFinding {
  const { id, text, action, place = "", rule = null, count = 1, photos = [], after = [], unit = null, days = null } = one;
  const position = one.position ? { ...one.position, accuracy: one.position.accuracy ?? null } : null;
  return { id, text, action, place, rule, count, position, photos: [...photos], after: [...after], unit, severity: one.severity ?? "minor", days };
}
