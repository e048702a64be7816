/** What the list of villages is made of: read in two steps, so that the names stand before the photos are counted. */
type Rows<K extends "village" | "town" | "round" | "assignment" | "card"> = RowOf<K>[];

/** As read, before anything is made of it. */
export interface HomeRows {
  villages: Rows<"village">;
  towns: Rows<"town">;
  rounds: Rows<"round">;
  assignments: Rows<"assignment">;
  cards: Rows<"card">;
  drafts: Draft[];
  outbox: Entry[];
}

import type { Draft, Entry } from "../model";
import type { RowOf } from "../rows";
import { plainNames } from "../rules/search";
import { openCards, visits } from "../rules/state";
import type { Visit } from "../rules/state";
import type { Tablet } from "../tablet";

export interface MyVillage {
  code: string;
  name: string;
  plain: string; // with its town where the name alone would not do
  town: string;
  search: string;
  at: { lat: number; lng: number } | null;
  visits: Visit[];
}

export interface MyRound { row: RowOf<"round">; visits: Visit[] }

export interface HomeData {
  villages: MyVillage[];
  towns: RowOf<"town">[];
  rounds: MyRound[]; // under way, the one that closes first first
  drafts: Draft[]; // the one worked on last first
  loose: Draft[]; // begun on something that is no longer assigned, or in a village that is no longer shown to me
  cards: number;
}

/** Photo counts, read after the list stands. */
export type Counted = Pick<Parameters<typeof visits>[1], "inspections" | "photos">;

export const NOTHING_COUNTED: Counted = { inspections: [], photos: new Map() };

export async function readHome(tablet: Tablet): Promise<HomeRows> {
  const [villages, towns, rounds, assignments, cards, drafts, outbox] = await Promise.all([
    tablet.rows.all("village"), tablet.rows.all("town"), tablet.rows.all("round"), tablet.rows.all("assignment"),
    tablet.rows.all("card"), tablet.drafts.list(), tablet.outbox.list(),
  ]);
  return { villages, towns, rounds, assignments, cards, drafts, outbox };
}

export function homeOf({ villages, towns, rounds, assignments, cards, drafts, outbox }: HomeRows, counted: Counted): HomeData {
  const open = openRounds(rounds, assignments, drafts, outbox);
  const mine = assignedOpen(rounds, assignments, drafts, outbox);
  const all = visits(mine, { drafts, outbox, ...counted });
  const townNames = new Map(towns.map(({ code, name }) => [code, name]));
  const names = plainNames(villages, townNames);
  const by = grouped(all, (visit) => visit.village);
  return {
    villages: villages
      .map((row) => ({
        code: row.code, name: row.name, plain: names.get(row.code) ?? row.name, town: townNames.get(row.town) ?? "",
        search: row.search, at: row.location, visits: by.get(row.code) ?? [],
      }))
      .sort((a, b) => (a.code < b.code ? -1 : 1)),
    towns: [...towns].sort((a, b) => (a.code < b.code ? -1 : 1)),
    rounds: open
      .map((row) => ({ row, visits: all.filter((visit) => visit.round === row.id && names.has(visit.village)) }))
      .filter((round) => round.visits.length > 0)
      .sort((a, b) => (a.row.closes < b.row.closes ? -1 : 1)),
    loose: drafts.filter((draft) => !names.has(draft.village) || !all.some((visit) => visit.inspection === draft.inspection)),
    drafts: [...drafts].sort((a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at)),
    cards: openCards(cards, outbox).length,
  };
}

type Work = [rounds: HomeRows["rounds"], assignments: HomeRows["assignments"], drafts: readonly Draft[], outbox: readonly Entry[]];

const openRounds = (...[rounds, assignments, drafts, outbox]: Work): HomeRows["rounds"] => rounds.filter((round) =>
  round.stage === "started" || (round.stage === "closed" && unfinished(round.id, assignments, drafts, outbox)));

function assignedOpen(...work: Work): HomeRows["assignments"] {
  const open = new Set(openRounds(...work).map(({ id }) => id));
  return work[1].filter((one) => one.stage !== "withdrawn" && open.has(one.round));
}

/** A round that was closed while something of mine is not finished: it can still be handed in, late. */
function unfinished(round: string, assignments: readonly RowOf<"assignment">[], drafts: readonly Draft[], outbox: readonly Entry[]): boolean {
  return assignments.some((one) => one.round === round && one.stage === "open") || drafts.some((draft) => draft.round === round)
    || outbox.some((entry) => !entry.verdict && (entry.args as { round?: string } | null)?.round === round);
}

const CALM = 300; // ms that the list has to itself once it stands

/** What was received of my visits under way, and which of its photos are not there yet. Village by village: a year of a
 * town's visits in one piece would keep the screen from answering. */
export async function countPhotos(tablet: Tablet, listed: () => HomeRows | null): Promise<Counted> {
  await new Promise((calm) => setTimeout(calm, CALM));
  const home = listed(); // as it is by now
  if (!home) return NOTHING_COUNTED;
  const { rounds, assignments, drafts, outbox } = home;
  const mine = assignedOpen(rounds, assignments, drafts, outbox);
  const open = new Set(mine.map(({ round }) => round));
  const inspections: Counted["inspections"][number][] = [];
  for (const village of new Set(mine.map((one) => one.village))) {
    for (const row of await tablet.rows.of("inspection", village)) if (open.has(row.round)) inspections.push(row);
  }
  const photos = inspections.some((row) => row.photos.length > 0) ? await tablet.rows.all("photo") : [];
  return { inspections, photos: new Map(photos.map(({ id, state }) => [id, state])) };
}

export function grouped<T, K>(things: readonly T[], key: (thing: T) => K): Map<K, T[]> {
  const found = new Map<K, T[]>();
  for (const thing of things) {
    const at = key(thing);
    found.get(at)?.push(thing) ?? found.set(at, [thing]);
  }
  return found;
}
