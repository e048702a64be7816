/** The person's own log of acts. An entry gets the next number in the transaction that makes it, and never changes. */
import type { Entry } from "../model";
import { newId } from "../rules/ids";
import type { Outbox } from "../tablet";
import { BOOT, mono, now } from "./clock";
import { waiting } from "./photo-store";
import type { CoreShape, EntryKept, ReplicaKept } from "./shapes";
import type { Shelf } from "./shelf";
import type { Core, Writer } from "./store";

export type Wanted = Parameters<Outbox["add"]>[0];
export const ENTRY_STORES: ("meta" | "outbox" | "photos")[] = ["meta", "outbox", "photos"];

/** An entry without its number, and the id for the replica should there be none. Made outside of any transaction. */
export interface Unnumbered {
  entry: Omit<Entry, "seq">;
  replica: string;
}

export function prepare(wanted: Wanted): Unnumbered {
  return {
    replica: newId(),
    entry: {
      id: newId(), verb: wanted.verb, v: 1, at: now(), mono: mono(), boot: BOOT,
      args: JSON.parse(JSON.stringify(wanted.args)), // exactly what will travel
      replaces: wanted.replaces ?? null, about: wanted.about, photos: [...wanted.photos],
      verdict: null, tries: 0, problem: null,
    },
  };
}

/** Gives the entry its number and marks its photos, within a write over ENTRY_STORES (and more). */
export async function enter(t: Writer<CoreShape>, { entry, replica }: Unnumbered): Promise<Entry> {
  const there = await t.get("outbox", entry.id); // the work ran before and did reach the disk
  if (there) return shown(there);
  const state = await replicaIn(t, replica);
  const kept: EntryKept = { ...entry, seq: state.seq + 1, nth: state.made + 1, replica: state.id, waits: 1 };
  for (const id of entry.photos) {
    const photo = await t.get("photos", id);
    if (photo) t.put("photos", waiting({ ...photo, named: entry.id }, true));
  }
  t.put("meta", { name: "replica", value: { ...state, seq: kept.seq, made: kept.nth } });
  t.put("outbox", kept);
  return shown(kept);
}

/** This store's replica; `fresh` becomes its id when there is none yet. */
export async function replicaIn(t: Pick<Writer<CoreShape>, "get">, fresh: string): Promise<ReplicaKept> {
  const there = (await t.get("meta", "replica"))?.value as ReplicaKept | undefined;
  return there ?? { id: fresh, seq: 0, made: 0, epoch: null };
}

export async function addEntry(core: Core, wanted: Wanted): Promise<Entry> {
  const fresh = prepare(wanted);
  return core.write(ENTRY_STORES, (t) => enter(t, fresh));
}

/** Every entry still kept, in the order of making. */
export async function listEntries(core: Core): Promise<Entry[]> {
  const kept = await core.read(["outbox"], (t) => t.all("outbox"));
  return kept.sort((a, b) => a.nth - b.nth).map(shown);
}

/** Without what only the store knows. */
export function shown(kept: EntryKept): Entry {
  const { replica: _replica, waits: _waits, nth: _nth, ...entry } = kept;
  return entry;
}

/** The outbox of whoever works now. */
export function makeOutbox(shelf: Shelf): Outbox {
  return {
    list: async () => listEntries((await shelf.mine()).core),
    add: async (wanted) => {
      const entry = await addEntry((await shelf.mine()).core, wanted);
      shelf.live.tell("outbox", "rows");
      return entry;
    },
  };
}
