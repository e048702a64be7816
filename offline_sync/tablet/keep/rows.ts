/** The rows the server gave, as screens read them: from the cache, with this person's own acts on top. */
import type { RowKind, RowOf } from "../rows";
import type { Rows } from "../tablet";
import { checklistName } from "./draft-store";
import { OVERLAID, overlaid, pending } from "./overlay";
import type { EntryKept, RowKept } from "./shapes";
import type { Mine, Shelf } from "./shelf";
import type { Where } from "./store";

export function makeRows(shelf: Shelf): Rows {
  async function read<K extends RowKind>(kind: K, where: Where, about?: string): Promise<RowOf<K>[]> {
    const mine = await shelf.mine();
    // Acts first: a row that comes between the two readings knows them already, and says so by its rev.
    const acts = await actsOn(mine, kind, about);
    const kept = await mine.cache.read(["rows"], (t) => t.all("rows", where));
    const rows = kept.map((row) => shown<K>(row));
    return acts.length ? rows.map((row) => overlaid(kind, row, acts, mine.person)) : rows;
  }
  /** The checklist that a draft was begun with, when the server's row of it is gone. */
  async function begunWith<K extends RowKind>(sha256: string): Promise<RowOf<K> | null> {
    const { core } = await shelf.mine();
    const kept = await core.read(["meta"], (t) => t.get("meta", checklistName(sha256)));
    return kept ? shown<K>(kept.value as RowKept) : null;
  }
  return {
    all: (kind) => read(kind, { starts: [kind] }),
    of: (kind, village) => read(kind, { index: "village", is: [kind, village] }),
    one: async (kind, id) => (await read(kind, { is: [kind, id] }, id))[0] ?? (kind === "checklist" ? await begunWith(id) : null),
    async complete() {
      const { cache } = await shelf.mine();
      const scopes = await cache.read(["scopes"], (t) => t.all("scopes"));
      return scopes.length > 0 && scopes.every(({ whole }) => whole);
    },
  };
}

/** The acts that rows of a kind may not know yet, in the order of making. */
async function actsOn({ core, cache }: Mine, kind: RowKind, id?: string): Promise<EntryKept[]> {
  if (!OVERLAID.includes(kind)) return [];
  const where = id === undefined ? { index: "about", starts: [kind] } : { index: "about", is: [kind, id] };
  const acts = await core.read(["outbox"], (t) => t.all("outbox", where));
  if (!acts.length) return [];
  const scopes = await cache.read(["scopes"], (t) => t.all("scopes"));
  const passed = Math.min(...scopes.map(({ cursor }) => cursor));
  return acts.filter((act) => pending(act, passed)).sort((a, b) => a.nth - b.nth);
}

const shown = <K extends RowKind>({ row, rev }: RowKept): RowOf<K> => Object.assign(row as RowOf<K>, { rev });
