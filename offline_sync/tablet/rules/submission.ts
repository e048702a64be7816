/** A finished draft as it travels: the `args` of `inspection.submit` or `inspection.amend` (inspections/answers.py), exactly. */
import type { Draft, DraftAnswer, DraftFinding, Photo } from "../model";
import type { Amendment, Answer, FindingIn, PhotoIn, Signature, Submission } from "../wire";
import { partOf } from "./amending";
import type { Checklist, Item } from "./checklist";
import { decimal, plain } from "./decimal";
import { photosOf } from "./needs";

/** What `Drafts.finish` wants: the args, the photos they name, and how the entry is called in the outbox. */
export interface Finished {
  args: Submission & Partial<Pick<Amendment, "base_rev" | "reason">>;
  photos: string[];
}

/** Build it. `finished_at`: RFC 3339. Answers go in the order of the sheet; what says nothing stays behind. */
export function submissionOf(
  checklist: Checklist, draft: Draft, answers: ReadonlyMap<string, DraftAnswer>, photos: readonly Photo[], finished_at: string,
): Finished {
  const [author, ...others] = draft.inspectors;
  const { amends } = draft;
  const mine = partOf(photos, draft).filter((photo) => photo.about.kind === "inspection" && photo.about.id === draft.inspection && stands(photo, draft));
  mine.sort((a, b) => Date.parse(a.taken_at) - Date.parse(b.taken_at) || (a.id < b.id ? -1 : 1));
  const args: Finished["args"] = {
    inspection: draft.inspection, round: draft.round, village: draft.village, checklist: { ...draft.checklist },
    inspectors: [author ?? "", ...others], started_at: draft.started_at, finished_at: amends?.finished_at ?? finished_at,
    answers: checklist.items.flatMap((item) => {
      const answer = answers.get(item.code);
      return answer && !item.auto && says(answer) ? [answerOf(item, answer, mine)] : [];
    }),
    position: draft.position, signature: signatureOf(draft, mine), village_remarks: draft.village_remarks.trim(),
    photos: mine.map(announced),
    ...(amends ? { base_rev: amends.base_rev, reason: amends.reason.trim() } : {}),
  };
  return { args, photos: mine.map((photo) => photo.id) };
}

/** A signature that was done over, or that a refusal replaced, is no evidence of the visit. */
const stands = (photo: Photo, { signature }: Draft): boolean =>
  photo.role !== "signature" || (photo.id === signature?.photo && !signature.refused?.trim());

/** Whether anything was said: a note, a finding and a veto are worth keeping even where the item itself is open. */
export function says(answer: DraftAnswer): boolean {
  const { counts, level, yes, value, points, drawn, na, note, veto, findings } = answer;
  return [counts, level, yes, value, points, drawn, veto].some((one) => one !== null) || na || note.trim() !== "" || findings.length > 0;
}

/** Of the method's fields only its own travels. */
function answerOf(item: Item, answer: DraftAnswer, photos: readonly Photo[]): Answer {
  const shared = {
    item: item.code, na: answer.na, note: answer.note.trim(), veto: answer.veto && { ...answer.veto, text: answer.veto.text.trim() },
    findings: answer.findings.map((finding) => findingOf(item, finding, photos)),
  };
  return answer.na ? shared : { ...shared, ...said(item, answer) };
}

function said(item: Item, answer: DraftAnswer): Partial<Answer> {
  switch (item.scoring.kind) {
    case "deduct": return { counts: answer.counts && { ...answer.counts } };
    case "levels": return { level: answer.level };
    case "yes_no": return { yes: answer.yes };
    case "measure": return { value: figure(answer.value) };
    case "range":
    case "bonus": return { points: figure(answer.points) };
    case "sample": return { drawn: answer.drawn, failed: answer.failed };
  }
}

/** A figure in its one spelling; what is none (`8.`) does not travel as one. */
function figure(text: string | null): string | null {
  const value = decimal(text);
  return value && plain(value);
}

function findingOf(item: Item, finding: DraftFinding, photos: readonly Photo[]): FindingIn {
  const rules = item.scoring.kind === "deduct" ? item.scoring.rules.map((rule) => rule.key) : [];
  return {
    id: finding.id, place: finding.place.trim(), text: finding.text.trim(),
    rule: finding.rule !== null && rules.includes(finding.rule) ? finding.rule : null,
    count: finding.count, position: finding.position,
    photos: photosOf(finding, photos, "before").map((photo) => photo.id),
    after: photosOf(finding, photos, "after").map((photo) => photo.id),
    action: finding.action, unit: finding.action === "dispatch" ? finding.unit : null, severity: finding.severity,
    days: finding.action === "dispatch" ? finding.days : null,
  };
}

function signatureOf(draft: Draft, photos: readonly Photo[]): Signature | null {
  const { signature } = draft;
  if (!signature) return null;
  const photo = photos.some((one) => one.id === signature.photo) ? signature.photo : null;
  const refused = signature.refused?.trim() ?? "";
  return { name: signature.name.trim(), photo: refused ? null : photo, refused: refused || null };
}

/** A photo announced: its bytes follow by hash. */
export function announced(photo: Photo): PhotoIn {
  const { id, sha256, size, mime, width, height, taken_at, position, pairs } = photo;
  return { id, sha256, size, mime, width, height, taken_at, position, pairs };
}
