/** An act on a task as it travels: what it carries, what it still lacks, and which last act can be taken back. Pure. */
import type { Entry } from "../model";
import type { PhotoIn, TaskArgs, TaskRow } from "../wire";
import { BESIDE, type Held, type Move, RULES, may } from "./moves";
import { dayNumber } from "./when";

/** What a person filled in. `until`: a day, `2026-11-30`. `shots`: ids of before-photos. */
export interface Carried { text: string; until: string; unit: string; place: string; shots: readonly string[]; photos: readonly PhotoIn[] }

/** Acts whose form takes photos. */
export const WITH_PHOTOS: ReadonlySet<Move> = new Set(["submit", "close_on_site", "reject", "look_back", "reopen", "split", "sweep_answer", "note"]);

type Task = Pick<TaskRow, "id" | "village" | "unit" | "place" | "photos" | "steps">;
const DONE: readonly string[] = ["applied", "merged"];
const TAKE_BACK = 10 * 60_000; // ms (dispatch/aside.py)
const SYSTEM = "系统";

/** The first thing that is missing; empty: it can go. `written`: what its words are called. */
export function lacking(move: Move, carried: Carried, task: Pick<Task, "photos">, written: string, now: number): string {
  const rule = RULES[move];
  const said = carried.text.trim() !== "";
  if (rule.photo && !carried.photos.length) return "还要拍一张现场照片。";
  if (rule.text && !said) return `还要写明${written}。`;
  if (move === "note" && !said && !carried.photos.length) return "写一句话，或拍一张照片。";
  if (rule.unit && !carried.unit) return "还要选责任单位。";
  if (rule.shots && !carried.shots.length && !carried.photos.length && task.photos.some(({ role }) => role === "before")) {
    return "还要选出哪几张照片是它的，或拍一张新的。";
  }
  if (rule.until && !(Date.parse(endOf(carried.until)) > now)) return "还要选一个今天以后的日期。";
  return "";
}

/** The `args` of the act. `rev`: of the task as the person saw it. */
export function argsOf(move: Move, task: Pick<Task, "id"> & { rev: number }, carried: Carried): TaskArgs {
  const rule = RULES[move];
  return {
    task: task.id, base_rev: task.rev, text: carried.text.trim(), photos: [...carried.photos],
    ...(rule.until ? { until: endOf(carried.until) } : {}),
    ...(rule.unit ? { unit: carried.unit, place: carried.place.trim() } : {}),
    ...(rule.shots ? { shots: [...carried.shots] } : {}),
  };
}

/** The last second of a Beijing day. */
const endOf = (day: string): string => `${day}T23:59:59+08:00`;

/** Who a part of the task can go to, its present unit first: a town sends inside itself, the office to departments too. */
export function unitsFor(move: Move, posts: readonly Held[], task: Pick<Task, "unit" | "village">, departments: readonly string[]): string[] {
  const wide = posts.some((post) => post.role !== "town_operator" && may(move, post, task));
  return [...new Set([task.unit, task.village, task.village.slice(0, 9), ...(wide ? departments : [])])];
}

/** Whether somebody has urged by hand today: by the task's steps, or here and not yet sent. */
export function urgedToday({ id, steps }: Pick<Task, "id" | "steps">, outbox: readonly Entry[], now: number): boolean {
  const today = (at: string) => dayNumber(Date.parse(at)) === dayNumber(now);
  return steps.some(({ verb, by, at, verdict }) => verb === "urge" && by !== SYSTEM && DONE.includes(verdict) && today(at))
    || outbox.some(({ verb, about, verdict }) => verb === "task.urge" && about.id === id && (!verdict || (DONE.includes(verdict.status) && today(verdict.at))));
}

/** Whether what I did last to this task can be taken back: signed for or passed, here, not ten minutes ago by the server's
 * clock, and nobody after me. Who read of it the server alone knows.
 */
export function undoable({ id, steps }: Pick<Task, "id" | "steps">, outbox: readonly Entry[], now: number): boolean {
  const stands = ({ verdict }: Entry) => !verdict || DONE.includes(verdict.status);
  const last = outbox.filter((one) => one.about.id === id && stands(one) && !BESIDE.has(one.verb.replace("task.", ""))).pop();
  if (last?.verb !== "task.accept" && last?.verb !== "task.pass") return false;
  const { verdict } = last;
  return !verdict || (now - Date.parse(verdict.at) <= TAKE_BACK && steps.every(({ rev }) => rev <= verdict.rev));
}
