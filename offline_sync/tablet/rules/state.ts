/** How a piece of work stands: what a village's signs show, and what is still on its way to the server. Pure. */
import type { Draft, Entry } from "../model";
import { handsIn } from "./amending";
import type { AssignmentRow, CardRow, InspectionRow } from "../wire";

/** 未检, 草稿, 待传, 已传, 照片缺 n, 已收到待批, 已撤回. */
export type VisitSign = "todo" | "draft" | "waiting" | "sent" | "missing" | "held" | "withdrawn";

export interface Visit {
  assignment: string;
  round: string;
  village: string;
  checklist: string;
  sign: VisitSign;
  missing: number; // photos that the server still waits for
  inspection: string | null; // the draft, what waits, or what was received
}

/** All that a visit's state is seen from. */
export interface Known {
  drafts: readonly Draft[];
  outbox: readonly Entry[];
  inspections: readonly Pick<InspectionRow, "id" | "round" | "village" | "checklist" | "stage" | "photos">[];
  photos: ReadonlyMap<string, string>; // photo id → expected, stored, waived
}

interface Submitted { entry: Entry; inspection: string; round: string; village: string; checklist: string; photos: number }

/** What each of my assignments has come to. */
export function visits(assignments: readonly AssignmentRow[], known: Known): Visit[] {
  const drafts = new Map(known.drafts.map((draft) => [key(draft.round, draft.village, draft.checklist.code), draft]));
  const sent = new Map<string, Submitted>();
  const made_void = new Set(known.inspections.filter(({ stage }) => stage === "void").map(({ id }) => id));
  for (const one of known.outbox.map(submitted)) if (one && !made_void.has(one.inspection)) sent.set(key(one.round, one.village, one.checklist), one);
  const there = new Map<string, Known["inspections"][number]>();
  for (const row of known.inspections) if (row.stage !== "void") there.set(key(row.round, row.village, row.checklist.code), row);
  return assignments.map((assignment) => {
    const at = key(assignment.round, assignment.village, assignment.checklist);
    const plain = { assignment: assignment.id, round: assignment.round, village: assignment.village, checklist: assignment.checklist };
    return { ...plain, ...stateOf(assignment, drafts.get(at), sent.get(at), there.get(at), known.photos) };
  });
}

function stateOf(
  assignment: AssignmentRow, draft: Draft | undefined, sent: Submitted | undefined,
  row: Known["inspections"][number] | undefined, photos: ReadonlyMap<string, string>,
): Pick<Visit, "sign" | "missing" | "inspection"> {
  if (draft) return { sign: "draft", missing: 0, inspection: draft.inspection };
  if (sent && !sent.entry.verdict) return { sign: "waiting", missing: 0, inspection: sent.inspection };
  if (row) {
    const missing = row.photos.filter((photo) => photos.get(photo.id) === "expected").length;
    return { sign: missing ? "missing" : "sent", missing, inspection: row.id };
  }
  if (sent) return { sign: sent.entry.verdict?.status === "held" ? "held" : "sent", missing: 0, inspection: sent.inspection };
  const sign = { open: "todo", done: "sent", withdrawn: "withdrawn" } as const;
  return { sign: sign[assignment.stage], missing: 0, inspection: null };
}

/** Which sign a village shows for all its visits together: what most wants doing. */
const PRESSING: readonly VisitSign[] = ["draft", "missing", "waiting", "todo", "held", "sent", "withdrawn"];
export const pressing = (of: readonly Visit[]): VisitSign =>
  PRESSING.find((sign) => of.some((visit) => visit.sign === sign)) ?? "todo";

const key = (round: string, village: string, checklist: string): string => `${round} ${village} ${checklist}`;

/** The visit that an outbox entry hands in; null for every other act. */
function submitted(entry: Entry): Submitted | null {
  if (!handsIn(entry.verb)) return null;
  const args = entry.args as Partial<{ inspection: string; round: string; village: string; checklist: { code?: string } }> | null;
  const { inspection = "", round = "", village = "" } = args ?? {};
  return { entry, inspection, round, village, checklist: args?.checklist?.code ?? "", photos: entry.photos.length };
}

/** Whether such an act on a visit made here is not yet in its row: on its way, or its receipt newer than the row. */
export const notInRow = (row: { id: string; rev: number }, verb: string, outbox: readonly Entry[]): boolean =>
  outbox.some(({ verb: one, about, verdict }) => one === verb && about.id === row.id
    && (!verdict || (verdict.rev > row.rev && ["applied", "merged", "noop"].includes(verdict.status))));

/** Acts on a task that have no receipt yet, newest last: their verbs without `task.`. */
export function onItsWay(task: string, outbox: readonly Entry[]): string[] {
  return outbox
    .filter((entry) => !entry.verdict && entry.about.kind === "task" && entry.about.id === task && entry.verb.startsWith("task."))
    .map((entry) => entry.verb.slice("task.".length));
}

/** Cards that still want their person, newest first; those being put away right now are gone already. */
export function openCards<T extends CardRow>(cards: readonly T[], outbox: readonly Entry[]): T[] {
  const leaving = new Set(outbox.filter((entry) => entry.verb === "card.dismiss" && !entry.verdict).map((entry) => entry.about.id));
  return cards
    .filter((card) => !card.dismissed && !leaving.has(card.id))
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

/** `3 项、照片 8 张待传`; empty when nothing waits. */
export function waitingWords(commands: number, photos: number): string {
  const parts = [commands ? `${commands} 项` : "", photos ? `照片 ${photos} 张` : ""].filter(Boolean);
  return parts.length ? `${parts.join("、")}待传` : "";
}
