/** One village as it is known here: what was found last time, what is open, what is to be done. */
import type { RowOf } from "../rows";
import { amendable, amendableElsewhere, handedIn } from "../rules/amending";
import { readChecklist } from "../rules/checklist";
import { postsNow } from "../rules/moves";
import { notInRow, onItsWay, visits } from "../rules/state";
import type { Visit } from "../rules/state";
import { OPEN_STAGES, today } from "../rules/when";
import type { Tablet } from "../tablet";
import type { FindingIn } from "../wire";

export interface Lost { item: string; text: string; points: string; weight: string; veto: boolean; findings: FindingIn[]; note: string }

/** `waits`: what was done to it here and is not in its row yet. `voidable`: by this person, now. */
export interface PastVisit { row: RowOf<"inspection">; checklist: string; round: string; lost: Lost[]; waits: "amend" | "void" | null; voidable: boolean }

export interface MyVisit extends Visit { round_row: RowOf<"round"> | null; checklist_row: RowOf<"checklist"> | null; partners: string[]; amends: Amends }
/** `can`: it may be put right now, from what was handed in `here` or from what the `server` has; `open`: that is going on; `at`: when it was last handed in put right. */
interface Amends { can: "here" | "server" | null; open: boolean; at: string | null }

export interface VillageData {
  row: RowOf<"village">;
  town: string;
  mine: MyVisit[];
  past: PastVisit[]; // newest first
  tasks: RowOf<"task">[]; // open ones, the most urgent first
  on_way: Map<string, string[]>; // task → acts without a receipt
}

export async function readVillage(tablet: Tablet, code: string, now: number): Promise<VillageData | null> {
  const row = await tablet.rows.one("village", code);
  if (!row) return null;
  const [town, inspections, tasks, rounds, assignments, checklists, photos, drafts, outbox, me] = await Promise.all([
    tablet.rows.one("town", row.town), tablet.rows.of("inspection", code), tablet.rows.of("task", code), tablet.rows.all("round"),
    tablet.rows.all("assignment"), tablet.rows.all("checklist"), tablet.rows.all("photo"), tablet.drafts.list(), tablet.outbox.list(), tablet.people.current(),
  ]);
  const states = new Map(photos.map(({ id, state }) => [id, state]));
  const under = assignments.filter((one) => one.village === code && one.stage !== "withdrawn" && rounds.some((round) => round.id === one.round && round.stage !== "published"));
  const amendsOf = ({ inspection, sign }: Visit, round: RowOf<"round"> | null): Amends => {
    const sent = handedIn(outbox, inspection ?? "");
    const row = inspections.find((one) => one.id === inspection) ?? null;
    const last = sent[sent.length - 1];
    return {
      can: sign === "draft" ? null : amendable(sent, row, round, now) ? "here" : amendableElsewhere(sent, row, round, me?.id ?? "", now), open: drafts.some((one) => one.inspection === inspection && !!one.amends),
      at: last?.verb === "inspection.amend" ? last.at : null,
    };
  };
  const mine = visits(under, { drafts, outbox, inspections, photos: states }).map((visit, at): MyVisit => {
    const round_row = rounds.find((one) => one.id === visit.round) ?? null;
    const ref = round_row?.checklists.find((one) => one.code === visit.checklist);
    const checklist_row = checklists.find((one) => one.sha256 === ref?.sha256) ?? null;
    return { ...visit, round_row, checklist_row, amends: amendsOf(visit, round_row), partners: Object.values<string | undefined>(under[at]?.with_names ?? {}).filter((name) => name !== undefined) };
  });
  const office = postsNow(me?.posts ?? [], today(now), [], new Map(), []).some(({ role, place }) => role === "district_office" && code.startsWith(place));
  const open = tasks.filter((task) => OPEN_STAGES.has(task.stage)).sort((a, b) => Date.parse(a.deadline) - Date.parse(b.deadline));
  const lately = (one: RowOf<"inspection">): Pick<PastVisit, "waits" | "voidable"> => {
    const waits = notInRow(one, "inspection.void", outbox) ? "void" : notInRow(one, "inspection.amend", outbox) ? "amend" : null;
    return { waits, voidable: office && one.stage === "submitted" && waits !== "void" };
  };
  return {
    row, town: town?.name ?? "", mine, tasks: open,
    past: inspections
      .filter((one) => one.stage !== "void")
      .sort((a, b) => Date.parse(b.finished_at) - Date.parse(a.finished_at))
      .map((one) => ({ ...past(one, checklists, rounds), ...lately(one) })),
    on_way: new Map(open.map((task) => [task.id, onItsWay(task.id, outbox)])),
  };
}

function past(row: RowOf<"inspection">, checklists: readonly RowOf<"checklist">[], rounds: readonly RowOf<"round">[]): Omit<PastVisit, "waits" | "voidable"> {
  const checklist = checklists.find((one) => one.sha256 === row.checklist.sha256);
  return { row, checklist: checklist?.title ?? row.checklist.code, round: rounds.find((one) => one.id === row.round)?.name ?? "", lost: lostIn(row, checklist?.body) };
}

/** The items that lost points, as they stood in the list of that time; the dearest first. */
export function lostIn(row: Pick<RowOf<"inspection">, "answers">, body: unknown): Lost[] {
  const texts = itemTexts(body);
  return row.answers
    .filter((answer) => !answer.na && answer.weight !== undefined && (Number(answer.weight) > Number(answer.points) || !!answer.veto))
    .map((answer) => ({
      item: answer.item, text: texts.get(answer.item) ?? "", points: answer.points ?? "", weight: answer.weight ?? "",
      veto: !!answer.veto, findings: answer.findings ?? [], note: answer.note ?? "",
    }))
    .sort((a, b) => lostPoints(b) - lostPoints(a));
}

/** For ordering only; what is shown is the server's own decimal text. */
const lostPoints = ({ weight, points }: Lost): number => Number(weight) - Number(points);

export function itemTexts(body: unknown): Map<string, string> {
  try {
    return new Map(readChecklist(body).items.map(({ code, text }) => [code, text]));
  } catch {
    return new Map(); // a list this build cannot read, or one that is not here: its codes stand alone
  }
}
