/** What a person's own acts will make of a row, shown until the rows themselves know it. Pure.
 *
 * An act counts from its making; refused, held or set aside it no longer does; done, it does until the row has come.
 */
import type { RowKind, RowOf } from "../rows";
import type { CardRow, TaskRow, VillageRow } from "../wire";
import type { EntryKept } from "./shapes";

/** The stage that a move leads to. A pass may mean the end or one more check: the server draws. */
const LEADS: Partial<Record<string, TaskRow["stage"]>> = {
  "task.accept": "accepted", "task.return": "returned", "task.submit": "submitted", "task.reject": "accepted",
  "task.pass": "checked", "task.close": "closed", "task.close_on_site": "closed", "task.cancel": "cancelled",
  "task.reassign": "dispatched", "task.reopen": "accepted",
};
const DONE: readonly string[] = ["applied", "merged", "noop"];

/** Kinds of rows that acts can change before the server has. */
export const OVERLAID: readonly RowKind[] = ["task", "card", "village"];

/** Whether an act may still have to be shown. `passed`: the number up to which every held scope was read. */
export function pending({ verdict }: EntryKept, passed: number): boolean {
  return !verdict || (DONE.includes(verdict.status) && verdict.rev > passed);
}

/** The row with the acts about it on top, in their order. `acts` are pending and about this kind. */
export function overlaid<K extends RowKind>(kind: K, row: RowOf<K>, acts: readonly EntryKept[], person: string): RowOf<K> {
  let shown = row;
  for (const act of acts) {
    if (act.about.id !== idOf(kind, row) || (act.verdict && row.rev >= act.verdict.rev)) continue;
    const change = changed(kind, shown, act, person);
    if (change) shown = { ...shown, ...change, provisional: [...(shown.provisional ?? []), act.verb] };
  }
  return shown;
}

function changed(kind: RowKind, row: unknown, { verb, args }: EntryKept, person: string): object | null {
  if (kind === "card") return verb === "card.dismiss" ? ({ dismissed: true } satisfies Partial<CardRow>) : null;
  if (kind === "village") return located(verb, args);
  if (kind !== "task") return null;
  const { submitted_by, stage: now } = row as TaskRow;
  if (verb === "task.sweep" || verb === "task.sweep_answer") return sweeping(verb, args);
  const stage = verb === "task.take_back" ? (now === "accepted" ? "dispatched" : "submitted") : LEADS[verb];
  if (!stage) return null;
  // Who hands in may not review: from this moment on, not only when the server has heard.
  const mine = verb === "task.submit" && !submitted_by.includes(person);
  return { stage, ...(mine ? { submitted_by: [...submitted_by, person] } : {}) } satisfies Partial<TaskRow>;
}

/** Asked to look elsewhere, or answered. */
const sweeping = (verb: string, args: unknown): Partial<TaskRow> =>
  ({ sweep_until: verb === "task.sweep" ? (args as { until?: string } | null)?.until ?? null : null });

function located(verb: string, args: unknown): Partial<VillageRow> | null {
  const position = (args as { position?: { lat: number; lng: number } } | null)?.position;
  if (verb !== "village.locate" || !position) return null;
  return { location: { lat: position.lat, lng: position.lng } };
}

function idOf(kind: RowKind, row: unknown): string {
  return kind === "village" ? (row as VillageRow).code : (row as { id: string }).id;
}
