/** What the sync does with the outbox: verdicts kept, numbers given anew, acts that the server lost opened again. */
import type { Entry, Verdict } from "../model";
import { newId } from "../rules/ids";
import { ENTRY_STORES, replicaIn, shown } from "./outbox";
import { waiting } from "./photo-store";
import type { CoreShape, EntryKept, ReplicaKept } from "./shapes";
import type { Core, Writer } from "./store";

/** An entry with the replica under which its `seq` counts. */
export type Numbered = Entry & { replica: string };

const numbered = (kept: EntryKept): Numbered => ({ ...shown(kept), replica: kept.replica });

/** This store's replica, made when it is first asked for. */
export async function replicaOf(core: Core): Promise<ReplicaKept> {
  const there = (await core.read(["meta"], (t) => t.get("meta", "replica")))?.value as ReplicaKept | undefined;
  if (there) return there;
  const fresh = newId();
  return core.write(["meta"], async (t) => {
    const state = await replicaIn(t, fresh);
    putReplica(t, state);
    return state;
  });
}

export async function markEpoch(core: Core, epoch: string | null): Promise<void> {
  const fresh = newId();
  await core.write(["meta"], async (t) => putReplica(t, { ...(await replicaIn(t, fresh)), epoch }));
}

/** Entries without a verdict, by number. */
export async function waitingEntries(core: Core): Promise<Numbered[]> {
  return (await core.read(["outbox"], (t) => t.all("outbox", { index: "queue" }))).map(numbered);
}

/** All that are still here, in the order of making. */
export async function keptEntries(core: Core): Promise<Numbered[]> {
  const kept = await core.read(["outbox"], (t) => t.all("outbox"));
  return kept.sort((a, b) => a.nth - b.nth).map(numbered);
}

/** Keeps the server's words on entries, by their ids. A word that is there already stands. */
export function settle(core: Core, verdicts: ReadonlyMap<string, Verdict>): Promise<void> {
  return change(core, [...verdicts.keys()], ({ waits: _waits, ...entry }) =>
    entry.verdict ? null : { ...entry, verdict: verdicts.get(entry.id) ?? null, problem: null });
}

/** Why no answer came. */
export function note(core: Core, ids: readonly string[], problem: string | null, tried: boolean): Promise<void> {
  return change(core, ids, (entry) => ({ ...entry, problem, tries: entry.tries + Number(tried) }));
}

/** The server lost them: their verdicts go, they wait again. */
export function reopen(core: Core, ids: readonly string[]): Promise<void> {
  return change(core, ids, (entry) => ({ ...entry, verdict: null, waits: 1 }));
}

/** Numbers the waiting entries anew from `first`: those of `order` in this order, the others after them.
 *
 * The next new entry follows them. `replica`: the id of a new replica, or null to stay with this one.
 */
export async function renumber(core: Core, order: readonly string[], first: number, replica: string | null): Promise<void> {
  const fresh = newId();
  await core.write(["outbox", "meta"], async (t) => {
    const state = await replicaIn(t, fresh);
    const rank = new Map(order.map((id, place) => [id, place]));
    const last = order.length;
    const queue = (await t.all("outbox", { index: "queue" }))
      .sort((a, b) => (rank.get(a.id) ?? last) - (rank.get(b.id) ?? last) || a.seq - b.seq);
    const id = replica ?? state.id;
    queue.forEach((entry, place) => t.put("outbox", { ...entry, seq: first + place, replica: id }));
    putReplica(t, { ...state, id, seq: first + queue.length - 1 });
  });
}

/** Changes entries by their ids (null: stays), and marks their photos as waiting or not. Others are passed over. */
async function change(
  core: Core, ids: readonly string[], act: (entry: EntryKept) => EntryKept | null,
): Promise<void> {
  await core.write(ENTRY_STORES, async (t) => {
    for (const entry of await Promise.all(ids.map((id) => t.get("outbox", id)))) {
      const changed = entry && act(entry);
      if (!changed) continue;
      t.put("outbox", changed);
      await markPhotos(t, changed);
    }
  });
}

/** Photos of a refused act wait for nobody until another act names them. */
async function markPhotos(t: Writer<CoreShape>, entry: EntryKept): Promise<void> {
  for (const photo of await Promise.all(entry.photos.map((id) => t.get("photos", id)))) {
    if (photo?.named === entry.id) t.put("photos", waiting(photo, entry.verdict?.status !== "rejected"));
  }
}

function putReplica(t: Writer<CoreShape>, state: ReplicaKept): void {
  t.put("meta", { name: "replica", value: state });
}
