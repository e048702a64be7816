/** 更正: a visit that was handed in, opened again as a sheet by its author within a day (inspections/amend.py). Pure.
 *
 * It stays the same visit: village, round, checklist, inspectors and its times do not change. What was sent before is kept
 * by the server; photos that were sent can be left out of the sheet, never deleted.
 */
import type { Draft, Entry, Photo } from "../model";
import type { InspectionRow, RoundRow } from "../wire";

const WINDOW = 24 * 3_600_000; // ms after the server heard of the visit
const TAKEN: readonly string[] = ["applied", "merged", "noop"];
const HANDING_IN: readonly string[] = ["inspection.submit", "inspection.amend"];

export const handsIn = (verb: string): boolean => HANDING_IN.includes(verb);

/** What was handed in of a visit, in order: the visit itself, then each time it was put right. */
export const handedIn = (outbox: readonly Entry[], inspection: string): Entry[] =>
  outbox.filter(({ verb, about }) => handsIn(verb) && about.id === inspection);

const stands = ({ verdict }: Entry): boolean => !verdict || TAKEN.includes(verdict.status);

/** The newest that was handed in, where it may be put right now; null where not. By the server's clock. `row`, `round`: as
 * far as they are known here. One that the office still has to look at is not put right over its head. */
export function amendable(
  sent: readonly Entry[], row: Pick<InspectionRow, "stage"> | null, round: Pick<RoundRow, "stage"> | null, now: number,
): Entry | null {
  const [first, last] = [sent[0], sent[sent.length - 1]];
  if (!first || !last || first.verb !== "inspection.submit" || !sent.every(stands)) return null;
  if ((row && row.stage !== "submitted") || round?.stage === "published") return null;
  return !first.verdict || now - Date.parse(first.verdict.at) < WINDOW ? last : null;
}

/** Whether it may be put right here though it was handed in on another tablet: from what the server has, or from `here`
 * where a correction made here is still on its way. */
export function amendableElsewhere(
  sent: readonly Entry[], row: Pick<InspectionRow, "stage" | "author" | "heard_at" | "finished_at"> | null, round: Pick<RoundRow, "stage"> | null,
  me: string, now: number,
): "server" | "here" | null {
  if (!row || row.author !== me || row.stage !== "submitted" || round?.stage === "published" || !sent.every(stands)) return null;
  const heard = (row as { heard_at?: string }).heard_at ?? row.finished_at; // rows of older servers do not say
  if (now - Date.parse(heard) >= WINDOW) return null;
  return sent.some(({ verdict }) => !verdict) ? "here" : "server";
}

/** The visit's photos that are part of its sheet: all, or those that a correction has not left out. */
export function partOf(photos: readonly Photo[], { amends }: Pick<Draft, "amends">): readonly Photo[] {
  return amends ? photos.filter(({ id }) => !amends.dropped.includes(id)) : photos;
}
