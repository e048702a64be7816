/** What a scope's floor lets go, as the server counts it (offline_sync/feed.py `above`). */
import type { InspectionRow, TaskRow } from "../wire";
import type { RowKept } from "./shapes";

const FINISHED: Partial<Record<string, readonly string[]>> = {
  inspection: ["published", "void"], task: ["closed", "cancelled"],
};

/** The rows of one scope that may leave: finished at or below the floor, and photos that nothing which stays shows. */
export function belowFloor(rows: readonly RowKept[], floor: number): RowKept[] {
  if (!floor) return [];
  const needed = new Set<string>();
  for (const { kind, rev, row } of rows) {
    if ((kind === "task" || kind === "inspection") && (rev > floor || !finished(kind, row))) {
      (row as TaskRow | InspectionRow).photos.forEach((photo) => needed.add(photo.id));
    }
  }
  return rows.filter(({ kind, id, rev, row }) => rev <= floor && (kind === "photo" ? !needed.has(id) : finished(kind, row)));
}

function finished(kind: string, row: unknown): boolean {
  return FINISHED[kind]?.includes((row as { stage: string }).stage) ?? false;
}
