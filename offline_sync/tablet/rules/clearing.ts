/** What stays of an answer that is cleared, left out as 不适用, or taken up again. How often homes were drawn stays on
 * record whatever is done with the item: the next draw is a further one, and asks for its reason.
 */
import type { DraftAnswer } from "../model";
import type { Item } from "./checklist";
import { drawn, drawNote } from "./homes";

type Change = Partial<Omit<DraftAnswer, "item">>;

const NOTHING: Change = {
  counts: null, level: null, yes: null, value: null, points: null, drawn: null, failed: null, na: false, veto: null, findings: [],
};

/** What 清空本项 leaves; null: nothing, the item is as if it had never been touched. */
export function cleared(answer: DraftAnswer): Change | null {
  const record = drawn(answer.note);
  return record ? { ...NOTHING, note: drawNote(record.homes, record.turn, record.reason) } : null;
}

/** Whether there is anything to clear: the record of a draw alone is not. */
export function clearable(answer: DraftAnswer | undefined): boolean {
  if (!answer) return false;
  const { counts, level, yes, value, points, drawn: homes, na, veto } = answer;
  return na || [counts, level, yes, value, points, homes, veto].some((one) => one !== null) || !drawn(answer.note);
}

/** 不适用, with its reason; a draw that was made is told behind it. A veto cannot stand on what does not apply. */
export function leftOut(item: Item, answer: DraftAnswer | undefined, reason: string): Change {
  const record = drawn(answer?.note ?? "");
  const homes = item.scoring.kind === "sample" ? { drawn: null, failed: null } : {};
  return { na: true, note: reason.trim() + (record ? `（此前${drawNote(record.homes, record.turn, record.reason)}）` : ""), veto: null, ...homes };
}

/** 改为适用. */
export function takenUp(answer: DraftAnswer | undefined): Change {
  const record = drawn(answer?.note ?? "");
  return { na: false, note: record ? drawNote(record.homes, record.turn, record.reason) : "" };
}

/** The reason alone. */
export const naReason = (note: string): string => note.replace(/（此前共\d{1,4}户，第\d{1,3}次抽取.*$/s, "");
