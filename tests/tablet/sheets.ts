/** A draft of the RE sheet and its parts, for tests of the rules. */
import type { Draft, DraftAnswer, DraftFinding, Photo } from "../../offline_sync/tablet/model";
import { readChecklist } from "../../offline_sync/tablet/rules/checklist";
import { score } from "../../offline_sync/tablet/rules/scoring";
import type { Answer } from "../../offline_sync/tablet/wire";
import shared from "../shared/scoring.json";

export const RE = readChecklist(shared.checklists.RE);
export const ALL = readChecklist(shared.checklists.ALL);
export const id = (n: number): string => `0193a000-0000-7000-8000-${String(n).padStart(12, "0")}`;
export const [VISIT, AUTHOR, SECOND] = [id(1), id(2), id(3)];

export function blank(item: string, change: Partial<DraftAnswer> = {}): DraftAnswer {
  return {
    item, counts: null, level: null, yes: null, value: null, points: null, drawn: null, failed: null, na: false, note: "",
    veto: null, findings: [], ...change,
  };
}

export const draft: Draft = {
  inspection: VISIT, round: id(9), village: "110109105210", checklist: { code: "RE", version: "1.0", sha256: shared.sha256.RE },
  assignment: id(8), inspectors: [AUTHOR, SECOND], started_at: "2026-11-20T08:00:00+08:00", updated_at: "2026-11-20T09:00:00+08:00",
  position: { lat: 39.97, lng: 116.01, accuracy: 12 }, signature: null, village_remarks: "", at_item: null,
};

export function found(n: number, change: Partial<DraftFinding> = {}): DraftFinding {
  return {
    id: id(n), place: "村委会东侧", text: "成堆垃圾", rule: "each", count: 1, position: null, photos: [], after: [],
    action: "dispatch", unit: "110109105210", severity: "minor", days: 1, ...change,
  };
}

export function photo(n: number, item: string | null, finding: string | null, change: Partial<Photo> = {}): Photo {
  return {
    id: id(n), sha256: String(n).padStart(64, "0"), size: 1000 + n, mime: "image/jpeg", width: 1600, height: 1200,
    taken_at: `2026-11-20T08:${String(n % 60).padStart(2, "0")}:00+08:00`, position: { lat: 39.97, lng: 116.01, accuracy: 8 },
    pairs: null, role: "before", about: { kind: "inspection", id: VISIT, item, finding }, stored_at: null, preview_sent: false,
    kept_at: "2026-11-20T08:30:00+08:00", ...change,
  };
}

/** Every item answered, nothing wrong. */
export function filled(...changes: DraftAnswer[]): Map<string, DraftAnswer> {
  const whole = new Map((shared.full.RE as unknown as Answer[]).map((one) => [one.item, blank(one.item, one as Partial<DraftAnswer>)]));
  for (const one of changes) whole.set(one.item, one);
  return whole;
}

export const scored = (answers: ReadonlyMap<string, DraftAnswer>) => score(RE, answers.values(), { provisional: true });
