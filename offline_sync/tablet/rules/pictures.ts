/** Which pictures that others took are worth having here before there is no network: what a reviewer compares first. Pure. */
import type { InspectionRow, LookBackRow, PhotoRow, TaskRow } from "../wire";
import { OPEN_STAGES } from "./when";

export interface Seen {
  tasks: readonly Pick<TaskRow, "id" | "stage" | "deadline" | "photos">[];
  lookBacks: readonly Pick<LookBackRow, "task" | "outcome">[];
  inspections: readonly Pick<InspectionRow, "village" | "checklist" | "finished_at" | "stage" | "photos">[];
  photos: readonly Pick<PhotoRow, "id" | "state" | "has_preview">[];
}

/** Hashes, most wanted first: tasks to review, those to look back at, other open tasks by deadline, then what each village lost on last time. */
export function worthSeeing({ tasks, lookBacks, inspections, photos }: Seen): string[] {
  const there = new Set(photos.filter((photo) => photo.state === "stored" || photo.has_preview).map((photo) => photo.id));
  const open = tasks.filter((task) => OPEN_STAGES.has(task.stage)).sort((a, b) => Date.parse(a.deadline) - Date.parse(b.deadline));
  const drawn = new Set(lookBacks.filter(({ outcome }) => !outcome).map(({ task }) => task));
  const again = tasks.filter((task) => drawn.has(task.id));
  const review = open.filter((task) => task.stage === "submitted");
  const newest = new Map<string, Seen["inspections"][number]>();
  for (const visit of inspections) {
    const key = `${visit.village} ${visit.checklist.code}`;
    const other = newest.get(key);
    if (visit.stage !== "void" && !(other && Date.parse(other.finished_at) >= Date.parse(visit.finished_at))) newest.set(key, visit);
  }
  const found = [...newest.values()].flatMap((visit) => visit.photos.filter((photo) => photo.finding !== null));
  const wanted = [...[...review, ...again, ...open].flatMap((task) => task.photos), ...found];
  return [...new Set(wanted.filter((photo) => there.has(photo.id)).map((photo) => photo.sha256))];
}
