/** A sheet as it was sent, made a draft again. Pure. */
import type { Draft, DraftAnswer, DraftFinding, Photo, PhotoRole } from "../model";
import type { Answer, FindingIn, PhotoIn, Submission } from "../wire";

/** A sheet as it was sent, and the revision it got; null while nothing was heard of it. */
export interface SentSheet { args: unknown; verdict: { rev: number } | null }

/** The sheet as it was sent, to be filled in again. `pictures`: all photos of the visit that are here. */
export function reopened(
  sent: SentSheet, assignment: string | null, pictures: readonly Pick<Photo, "id">[], at: string,
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

/** The photos of such a sheet where another tablet took them: what was announced of each, and what it shows. */
export function picturesOf(args: Submission): Omit<Photo, "stored_at" | "preview_sent" | "kept_at">[] {
  const places = new Map<string, { item: string; finding: string; role: PhotoRole }>();
  for (const { item, findings = [] } of args.answers) {
    for (const { id, photos = [], after = [] } of findings) {
      photos.forEach((one) => places.set(one, { item, finding: id, role: "before" }));
      after.forEach((one) => places.set(one, { item, finding: id, role: "after" }));
    }
  }
  return (args.photos ?? []).map((photo) => {
    const { item = null, finding = null, role = photo.id === args.signature?.photo ? "signature" : "scene" } = places.get(photo.id) ?? {};
    return { ...announcedOf(photo, args.finished_at), role, about: { kind: "inspection", id: args.inspection, item, finding } };
  });
}

/** What another program left out of it is given some value that the wire takes. */
function announcedOf({ id, sha256, size, mime = "image/jpeg", width, height, taken_at, position, pairs = null }: PhotoIn, at: string): Omit<Photo, "stored_at" | "preview_sent" | "kept_at" | "role" | "about"> {
  return { id, sha256, size, mime, width: width ?? 1, height: height ?? 1, taken_at: taken_at ?? at, position: position ? { ...position, accuracy: position.accuracy ?? null } : null, pairs };
}
