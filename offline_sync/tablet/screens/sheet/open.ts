/** Opens a draft with all that its screen needs: the checklist it was begun with, and what things are called. */
import { useLayoutEffect, useState } from "preact/hooks";
import type { Draft } from "../../model";
import { asTrouble, useTablet } from "../../parts/hooks";
import { type Checklist, readChecklist } from "../../rules/checklist";
import { type Tablet, Trouble } from "../../tablet";
import { SheetModel } from "./model";

export interface Opened { model: SheetModel | null; trouble: Trouble | null }

/** The sheet's model while its screen stands; saved and let go when it leaves. Another `turn` takes it over again. */
export function useOpenSheet(inspection: string, turn: number): Opened {
  const tablet = useTablet();
  const [state, set] = useState<Opened>({ model: null, trouble: null });
  useLayoutEffect(() => { // before the first frame: what was read ahead stands in it
    let gone = false;
    const opening = openSheet(tablet, inspection);
    opening.then((model) => !gone && set({ model, trouble: null }), (error: unknown) => !gone && set({ model: null, trouble: asTrouble(error) }));
    return () => {
      gone = true;
      void opening.then(leave).catch(() => undefined); // what finds no room is tried again, and an export has it
    };
  }, [tablet, inspection, turn]);
  return state;
}

async function leave(model: SheetModel): Promise<void> {
  model.stop();
  await model.open.close();
}

async function openSheet(tablet: Tablet, inspection: string): Promise<SheetModel> {
  const meanwhile = ahead.get(inspection) ?? readEarly(tablet, inspection);
  meanwhile.catch(() => undefined); // told below, when the draft itself is open
  const open = await tablet.drafts.open(inspection);
  try {
    const { draft } = open;
    const there = await meanwhile;
    const { checklist, village, round, me, assignment } = there?.checklist ? there : await readAround(tablet, draft);
    if (!checklist) throw noChecklist(draft.checklist.code, draft.checklist.version);
    const names = new Map(Object.entries(assignment?.with_names ?? {}).filter((pair): pair is [string, string] => pair[1] !== undefined));
    if (me) names.set(me.id, me.title);
    const model = new SheetModel(open, {
      checklist, village: village?.name ?? draft.village, round: round?.name ?? "",
      author: me?.title ?? "", names,
    });
    if (!draft.position) void whereabouts(tablet, model);
    return model;
  } catch (error) {
    await open.close();
    throw error;
  }
}

type Around = Awaited<ReturnType<typeof readAround>>;

async function readAround({ rows, people }: Tablet, draft: Draft) {
  const [checklist, village, round, me, assignment] = await Promise.all([
    checklistOf(rows, draft.checklist.sha256), rows.one("village", draft.village), rows.one("round", draft.round),
    people.current(), draft.assignment ? rows.one("assignment", draft.assignment) : null,
  ]);
  return { checklist, village, round, me, assignment };
}

async function readEarly(tablet: Tablet, inspection: string): Promise<Around | null> {
  const draft = (await tablet.drafts.list()).find((one) => one.inspection === inspection);
  return draft ? readAround(tablet, draft) : null;
}

/** What stands around the drafts that will likely be opened next. */
const ahead = new Map<string, Promise<Around | null>>();
let watched: Tablet["live"] | null = null;

/** Reads all that this draft's sheet needs, so that it is there when somebody opens it. */
export async function prepareSheet(tablet: Tablet, inspection: string): Promise<void> {
  if (watched !== tablet.live) tablet.live.on(["rows", "people"], () => ahead.clear());
  watched = tablet.live;
  const around = readEarly(tablet, inspection);
  ahead.set(inspection, around);
  around.catch(() => ahead.delete(inspection));
  await Promise.all([around, tablet.drafts.prepare(inspection)]);
}

/** Checklists read so far, by their hash: what a hash names never changes. */
const known = new Map<string, Checklist>();

async function checklistOf(rows: Tablet["rows"], sha256: string): Promise<Checklist | null> {
  const there = known.get(sha256);
  if (there) return there;
  const row = await rows.one("checklist", sha256);
  const read = row ? readChecklist(row.body) : null;
  if (read) known.set(sha256, read);
  return read;
}

const noChecklist = (code: string, version: string): Trouble => new Trouble("checklist_gone",
  `这台平板上没有检查单 ${code} ${version}，已填的内容都还在。请连网等数据收完，再打开这份检查。`);

/** Where the visit began, when the tablet finds out; no answer is an answer. */
async function whereabouts(tablet: Tablet, model: SheetModel): Promise<void> {
  const position = await tablet.where.now(20_000).catch(() => null);
  if (position && !model.open.draft.position && !model.open.trouble) model.open.set({ position });
}
