/** Which moves of a task a person may make here: the twin of dispatch/stages.py, held to it by tests/shared/moves.json.
 *
 * Only what is done on a tablet stands here. The server judges again when the act arrives. Pure.
 */
import type { AssignmentRow, LookBackRow, RoundRow, TaskRow } from "../wire";
import type { Post } from "../tablet";

export type Move = "accept" | "return" | "submit" | "reject" | "pass" | "close" | "close_on_site" | "look_back" | "reopen"
  | "urge" | "split" | "sweep" | "sweep_answer" | "take_back" | "note";
type Reach = "unit" | "unit_or_town" | "place" | "inside" | "seen";

interface Rule {
  froms: readonly TaskRow["stage"][];
  roles: readonly string[];
  reach: Reach;
  photo?: true; // at least one new photo
  text?: true; // a reason, or what was done
  by_other?: true; // never by somebody who submitted it
  drawn?: true; // only by whom the look-back was drawn for
  unit?: true; // the unit it goes to
  until?: true; // a date in the future
  shots?: true; // chosen before-photos, as far as there are any, or a new photo
  daily?: true; // by hand once a day
  sweeps?: true; // opens a request to look elsewhere; one at a time
  swept?: true; // answers one
  undoes?: true; // takes back one's own last move, while nobody has acted on it
}

const UNITS = ["village_committee", "line_department", "town_operator"];
const REVIEWERS = ["town_operator", "inspector", "district_office"];
const STAGES: readonly TaskRow["stage"][] =
  ["dispatched", "accepted", "submitted", "checked", "closed", "returned", "deferred", "cancelled"];
const OPEN: readonly TaskRow["stage"][] = ["dispatched", "accepted", "submitted", "checked", "returned"];
const OVER = ["town_operator", "district_office"];
const LOOKED_FOR = STAGES.filter((stage) => stage !== "cancelled");

export const RULES: Readonly<Record<Move, Rule>> = {
  accept: { froms: ["dispatched"], roles: UNITS, reach: "unit_or_town" },
  return: { froms: ["dispatched", "accepted"], roles: UNITS, reach: "unit", text: true },
  submit: { froms: ["dispatched", "accepted"], roles: UNITS, reach: "unit_or_town", photo: true, text: true },
  reject: { froms: ["submitted", "checked"], roles: REVIEWERS, reach: "place", text: true, by_other: true },
  pass: { froms: ["submitted"], roles: REVIEWERS, reach: "place", by_other: true },
  close: { froms: ["checked"], roles: ["district_office"], reach: "place", by_other: true },
  close_on_site: { froms: ["dispatched", "accepted", "submitted"], roles: ["inspector"], reach: "place", photo: true, by_other: true },
  look_back: { froms: ["closed"], roles: ["inspector"], reach: "place", photo: true, by_other: true, drawn: true },
  reopen: { froms: ["closed"], roles: ["inspector", "district_office"], reach: "place", photo: true, text: true },
  urge: { froms: OPEN, roles: OVER, reach: "place", daily: true },
  split: { froms: ["dispatched", "accepted"], roles: OVER, reach: "inside", text: true, unit: true, shots: true },
  sweep: { froms: LOOKED_FOR, roles: OVER, reach: "inside", text: true, until: true, sweeps: true },
  sweep_answer: { froms: LOOKED_FOR, roles: UNITS, reach: "unit_or_town", text: true, swept: true },
  take_back: { froms: ["accepted", "checked", "closed"], roles: [...UNITS, "inspector", "district_office"], reach: "seen", undoes: true },
  note: { froms: STAGES, roles: [...UNITS, "inspector", "district_office"], reach: "seen" },
};

export const MOVES = Object.keys(RULES) as Move[];

/** Acts that leave the task where it is: while one waits for the server, the task can be worked on. */
export const BESIDE: ReadonlySet<string> = new Set<Move>(["note", "urge", "split", "sweep", "sweep_answer"]);

type Task = Pick<TaskRow, "stage" | "unit" | "village" | "submitted_by" | "sweep_until">;
export type Held = Pick<Post, "role" | "place">;

/** What a move rests on beside the task itself. */
export interface Circumstances {
  drawn?: boolean; // its look-back is this person's
  urged?: boolean; // somebody has urged by hand today
  undo?: boolean; // this person's own last move can still be taken back
}

/** Whether a post is one for the move on this task, whatever its stage. */
export function may(move: Move, post: Held, task: Pick<Task, "unit" | "village">): boolean {
  const rule = RULES[move];
  return rule.roles.includes(post.role) && reaches(rule.reach, post, task);
}

/** Whether this person, by any of these posts, can make the move on the task as it stands. */
export function can(move: Move, person: string, posts: readonly Held[], task: Task, now: Circumstances): boolean {
  const rule = RULES[move];
  if ((rule.drawn && !now.drawn) || (rule.daily && now.urged) || (rule.undoes && !now.undo)) return false;
  if ((rule.sweeps && task.sweep_until) || (rule.swept && !task.sweep_until)) return false;
  if (!rule.froms.includes(task.stage) || (rule.by_other && task.submitted_by.includes(person))) return false;
  return posts.some((post) => may(move, post, task));
}

/** The moves this person can make on the task as it stands. */
export const movesOf = (person: string, posts: readonly Held[], task: Task, now: Circumstances): Move[] =>
  MOVES.filter((move) => can(move, person, posts, task, now));

function reaches(reach: Reach, { role, place }: Held, { unit, village }: Pick<Task, "unit" | "village">): boolean {
  if (reach === "unit") return place === unit;
  if (reach === "unit_or_town") return place === unit || (role === "town_operator" && unit.startsWith(place));
  if (reach === "inside") return village.startsWith(place) && (role !== "town_operator" || unit.startsWith(place)); // a department's task is not the town's
  if (reach === "seen") return place === unit || village.startsWith(place);
  return village.startsWith(place);
}

/** A person's posts in force on a day, with the villages lent to an inspector by rounds under way and look-backs to be done.
 *
 * An assignment lends a place, never a role (dispatch/look_backs.py `posts_lent`). `today`: `2026-11-20`.
 */
export function postsNow(
  posts: readonly Post[], today: string, assignments: readonly Pick<AssignmentRow, "round" | "village" | "stage">[],
  rounds: ReadonlyMap<string, Pick<RoundRow, "stage">>, lookBacks: readonly Pick<LookBackRow, "village" | "outcome">[],
): Held[] {
  const held: Held[] = posts.filter((post) => post.from <= today && (!post.until || post.until >= today));
  if (!held.some((post) => post.role === "inspector")) return held;
  const lent = assignments.filter(({ round, stage }) => stage !== "withdrawn" && (rounds.get(round)?.stage ?? "published") !== "published");
  const again = lookBacks.filter(({ outcome }) => !outcome);
  return [...held, ...[...lent, ...again].map(({ village }) => ({ role: "inspector", place: village }))];
}
