/** One task with all that its page says and asks. */
import type { Photo } from "../model";
import type { Picture } from "../parts/photos";
import type { RowOf } from "../rows";
import { undoable, unitsFor, urgedToday } from "../rules/acts";
import { movesOf, postsNow } from "../rules/moves";
import type { Move } from "../rules/moves";
import { onItsWay } from "../rules/state";
import { date, today } from "../rules/when";
import type { Known, Tablet } from "../tablet";
import { itemTexts } from "./village-data";

export interface TaskData {
  task: RowOf<"task">;
  village: string;
  unit: string;
  units: { value: string; words: string }[]; // who a part of it can be sent to, its present unit first
  item: string; // the item's text in the list of that visit
  me: Known;
  moves: Move[];
  again: RowOf<"look_back"> | null; // this person was drawn to look at it again
  on_way: string[];
  pictures: Picture[]; // before, then after, then what waits here
  loose: Photo[]; // taken for this task and not yet handed in with anything
}

export async function readTask(tablet: Tablet, id: string, now: number): Promise<TaskData | null> {
  const [task, me] = await Promise.all([tablet.rows.one("task", id), tablet.people.current()]);
  if (!task || !me) return null;
  const [village, units, rounds, assignments, inspection, checklists, lookBacks, outbox, taken, states] = await Promise.all([
    tablet.rows.one("village", task.village), tablet.rows.all("unit"), tablet.rows.all("round"), tablet.rows.all("assignment"),
    tablet.rows.one("inspection", task.inspection), tablet.rows.all("checklist"), tablet.rows.all("look_back"), tablet.outbox.list(), tablet.pictures.of("task", id),
    Promise.all(task.photos.map((photo) => tablet.rows.one("photo", photo.id))),
  ]);
  const town = await tablet.rows.one("town", task.village.slice(0, 9));
  const posts = postsNow(me.posts, today(now), assignments, new Map(rounds.map((round) => [round.id, round])), lookBacks);
  const again = lookBacks.find((one) => one.task === id && !one.outcome) ?? null;
  const named = new Set(outbox.flatMap((entry) => entry.photos));
  const there = new Set(task.photos.map((photo) => photo.id));
  const checklist = checklists.find((one) => one.sha256 === inspection?.checklist.sha256);
  const departments = units.filter(({ kind, active }) => kind === "department" && active).map(({ code }) => code);
  const unitName = (code: string): string => units.find((one) => one.code === code)?.name
    ?? (code === task.village ? `${village?.name ?? ""}村委会`.replace("村村委会", "村委会") : code === task.village.slice(0, 9) ? town?.name ?? code : code);
  const beside = { drawn: again !== null, urged: urgedToday(task, outbox, now), undo: undoable(task, outbox, now) };
  return {
    task, me, unit: unitName(task.unit), village: [town?.name, village?.name].filter(Boolean).join(" "),
    item: checklist ? itemTexts(checklist.body).get(task.item) ?? "" : task.category ?? "",
    units: unitsFor("split", posts, task, departments).map((value) => ({ value, words: unitName(value) })),
    moves: movesOf(me.id, posts, task, beside), again, on_way: onItsWay(id, outbox),
    pictures: [
      ...task.photos.map((photo, at) => pictureOf(photo, states[at] ?? null, now)),
      ...taken.filter((photo) => named.has(photo.id) && !there.has(photo.id)).map((photo) => ({ id: photo.id, sha256: photo.sha256, words: photo.stored_at ? "本机所拍，已传" : "本机所拍，待传", pairs: photo.pairs })),
    ],
    loose: taken.filter((photo) => !named.has(photo.id) && !there.has(photo.id)),
  };
}

function pictureOf(photo: RowOf<"task">["photos"][number], row: RowOf<"photo"> | null, now: number): Picture {
  const role = photo.role === "after" ? "整改后" : "整改前";
  return { id: photo.id, sha256: photo.sha256, pairs: photo.pairs, words: row?.taken_at ? `${role} ${date(row.taken_at, now)}` : role, missing: row?.state === "expected" };
}
