/** Puts a page of a pull in place, whole, with its cursors; or not at all when somebody else was quicker (sync.md §5).
 *
 * A row is kept as long as some scope tells it. A scope that is fetched anew doubts what it told before: such a row is
 * replaced whatever its rev, and leaves the scope when the new reading has come to its end without it.
 */
import type { RowKind } from "../rows";
import type { PullOut } from "../wire";
import type { CacheShape, RowKept, ScopeKept } from "./shapes";
import { belowFloor } from "./floor";
import type { Cache, Writer } from "./store";

type Change = PullOut["changes"][number];
type Left = { scope: string; kind: string; id: string };
/** What of a page is put in place. */
export type Page = Pick<PullOut, "head" | "drop" | "floor" | "scopes" | "changes"> & { gone?: readonly Left[] };

/** The cursor of every scope that is held. */
export async function cursors(cache: Cache): Promise<Record<string, number>> {
  const held = await cache.read(["scopes"], (t) => t.all("scopes"));
  return Object.fromEntries(held.map(({ scope, cursor }) => [scope, cursor]));
}

/** False when the page does not fit and is to be asked for again: the cursors are no longer those that it was asked with,
 * or a scope slept past its floor. What was finished there meanwhile is told to nobody, so it begins anew. */
export function applyPage(cache: Cache, asked: Readonly<Record<string, number>>, page: Page): Promise<boolean> {
  return cache.write(["rows", "scopes"], async (t) => {
    const held = new Map((await t.all("scopes")).map((scope) => [scope.scope, scope]));
    if (!same(asked, held)) return false;
    const slept = [...held.values()].filter((one) => one.whole && !one.doubted && one.cursor > 0 && one.cursor < (page.floor[one.scope] ?? 0));
    slept.forEach((one) => t.put("scopes", anew(one)));
    if (slept.length) return false;
    const desk = new Desk(t, held);
    for (const scope of page.drop) await desk.drop(scope, Object.keys(page.scopes));
    for (const scope of Object.keys(page.scopes)) desk.hold(scope);
    await desk.look([...(page.gone ?? []), ...page.changes]);
    for (const row of page.gone ?? []) desk.leave(row.scope, row.kind, row.id);
    for (const change of page.changes) desk.place(change);
    for (const [scope, cursor] of Object.entries(page.scopes)) {
      await desk.read(scope, cursor ?? 0, page.head, page.floor[scope] ?? 0);
    }
    desk.write();
    return true;
  });
}

/** What these scopes told is doubted, and fetched anew from the start; until then it stays to be seen. */
export async function refetch(cache: Cache, scopes: readonly string[]): Promise<void> {
  await cache.write(["scopes"], async (t) => {
    for (const one of await Promise.all(scopes.map((scope) => t.get("scopes", scope)))) {
      if (one) t.put("scopes", anew(one));
    }
  });
}

const anew = (scope: ScopeKept): ScopeKept => ({ ...scope, cursor: 0, since: scope.since + 1, doubted: true });

const TOWN = /^\d{9}$/;
export const townsHeld = async (cache: Cache): Promise<string[]> => Object.keys(await cursors(cache)).filter((scope) => TOWN.test(scope));

/** Which towns a district post carries: those no longer wanted go with their rows, new ones are asked for from the start. */
export async function carryTowns(cache: Cache, towns: readonly string[]): Promise<void> {
  await cache.write(["rows", "scopes"], async (t) => {
    const held = new Map((await t.all("scopes")).map((scope) => [scope.scope, scope]));
    const desk = new Desk(t, held);
    for (const scope of [...held.keys()]) if (TOWN.test(scope) && !towns.includes(scope)) await desk.drop(scope, []);
    for (const town of towns) desk.hold(town, true); // asked for by hand: nothing else waits for it
    desk.write();
  });
}

/** Rows, cursors and previews go. */
export async function dropCache(cache: Cache): Promise<void> {
  await cache.write(["rows", "scopes", "previews", "meta"], async (t) => {
    (["rows", "scopes", "previews", "meta"] as const).forEach((store) => t.clear(store));
  });
}

function same(asked: Readonly<Record<string, number>>, held: ReadonlyMap<string, ScopeKept>): boolean {
  const names = Object.keys(asked);
  return names.length === held.size && names.every((name) => held.get(name)?.cursor === asked[name]);
}

/** The rows that a page touches, as they will be; written in one go at the end. */
class Desk {
  #rows = new Map<string, RowKept | undefined>(); // undefined: not there
  #before = new Map<string, RowKept>();

  constructor(private readonly t: Writer<CacheShape>, private readonly held: Map<string, ScopeKept>) {}

  /** Takes out the rows that will be asked for. */
  async look(wanted: readonly { kind: string; id: string }[]): Promise<void> {
    const unseen = wanted.filter(({ kind, id }) => !this.#rows.has(key(kind, id)));
    const found = await Promise.all(unseen.map(({ kind, id }) => this.t.get("rows", [kind, id])));
    found.forEach((row, place) => this.#take(unseen[place]!, row));
  }

  /** Lets a scope go. What a wider one will tell again stays to be seen until then, under doubt. */
  async drop(scope: string, others: readonly string[]): Promise<void> {
    const heir = others.find((other) => /^\d+$/.test(other) && scope.startsWith(other) && scope !== other);
    if (heir !== undefined) this.hold(heir);
    for (const row of await this.#of(scope)) {
      this.leave(scope, row.kind, row.id);
      if (heir !== undefined && !row.scopes.includes(heir)) this.#join(row, heir, 0);
    }
    const wider = heir === undefined ? undefined : this.held.get(heir);
    if (wider?.cursor === 0) wider.doubted = true;
    this.held.delete(scope);
    this.t.remove("scopes", scope);
  }

  hold(scope: string, whole = false): void {
    if (!this.held.has(scope)) this.held.set(scope, { scope, cursor: 0, floor: 0, whole, since: 1, doubted: false });
  }

  leave(scope: string, kind: string, id: string): void {
    const row = this.#rows.get(key(kind, id));
    const place = row ? row.scopes.indexOf(scope) : -1;
    if (!row || place < 0) return;
    const without = <T>(list: T[]): T[] => list.filter((_, at) => at !== place);
    this.#rows.set(key(kind, id), { ...row, scopes: without(row.scopes), gens: without(row.gens) });
  }

  place(change: Change): void {
    const { since } = this.held.get(change.scope) ?? { since: 1 };
    const there = this.#rows.get(key(change.kind, change.id));
    const gen = there?.gens[there.scopes.indexOf(change.scope)];
    const doubted = gen !== undefined && gen < since;
    if (!there || doubted || change.rev > there.rev) {
      const { kind, id, rev, row } = change;
      const { village } = row as { village?: unknown };
      const { scopes = [], gens = [] } = there ?? {};
      this.#rows.set(key(kind, id), {
        kind: kind as RowKind, id, rev, row, scopes, gens, ...(typeof village === "string" ? { village } : {}),
      });
    }
    this.#join(this.#rows.get(key(change.kind, change.id))!, change.scope, since);
  }

  /** How far a scope was read; at its end, and when its floor rises, what is no longer in it leaves. */
  async read(scope: string, cursor: number, head: number, floor: number): Promise<void> {
    const held = this.held.get(scope)!;
    const ended = cursor >= head;
    if (ended && held.doubted) {
      for (const row of await this.#of(scope)) {
        if (row.gens[row.scopes.indexOf(scope)]! < held.since) this.leave(scope, row.kind, row.id);
      }
    }
    const rises = ended && floor > held.floor;
    if (rises) belowFloor(await this.#of(scope), floor).forEach((row) => this.leave(scope, row.kind, row.id));
    this.held.set(scope, {
      ...held, cursor, floor: rises ? floor : held.floor, whole: held.whole || ended, doubted: held.doubted && !ended,
    });
  }

  write(): void {
    for (const [name, row] of this.#rows) {
      const before = this.#before.get(name);
      if (row && row !== before && row.scopes.length) this.t.put("rows", row);
      if (before && !row?.scopes.length) this.t.remove("rows", [before.kind, before.id]);
    }
    for (const scope of this.held.values()) this.t.put("scopes", scope);
  }

  /** Every row of a scope as it will be. */
  async #of(scope: string): Promise<RowKept[]> {
    for (const row of await this.t.all("rows", { index: "scopes", is: scope })) {
      if (!this.#rows.has(key(row.kind, row.id))) this.#take(row, row);
    }
    return [...this.#rows.values()].filter((row) => row?.scopes.includes(scope)) as RowKept[];
  }

  #take({ kind, id }: { kind: string; id: string }, row: RowKept | undefined): void {
    this.#rows.set(key(kind, id), row);
    if (row) this.#before.set(key(kind, id), row);
  }

  #join({ kind, id }: RowKept, scope: string, gen: number): void {
    const row = this.#rows.get(key(kind, id))!;
    const place = row.scopes.indexOf(scope);
    if (place >= 0 && row.gens[place] === gen) return;
    const scopes = place < 0 ? [...row.scopes, scope] : row.scopes;
    const gens = place < 0 ? [...row.gens, gen] : row.gens.map((old, at) => (at === place ? gen : old));
    this.#rows.set(key(kind, id), { ...row, scopes, gens });
  }
}

const key = (kind: string, id: string): string => `${kind}|${id}`;
