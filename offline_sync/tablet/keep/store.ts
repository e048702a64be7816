/** The only file that knows IndexedDB. A store is read and written through work that is all or nothing.
 *
 * Browsers close databases under one's feet (WebKit in the background, another tab with a newer version, a full disk):
 * the handle is then thrown away, opened again and the work done once more; after that a Trouble says so. Work may
 * therefore run twice and must give the same result twice: ids are made outside of it.
 */
import { type IDBPDatabase, type IDBPTransaction, openDB } from "idb";
import { Trouble } from "../tablet";
import { isLost, lost, told } from "./failures";
import {
  CACHE_STEPS, CORE_STEPS, DEVICE_STEPS, type CacheShape, type CoreShape, type DeviceShape, type Step,
} from "./shapes";

export type Shape = Record<string, { key: Key; value: object }>;
type Key = string | number | readonly (string | number)[];
type Name<S> = Extract<keyof S, string>;

/** Which rows: all, one key of an index, or every key that starts so (text, or the first parts of a compound key). */
export interface Where {
  index?: string;
  is?: Key;
  starts?: string | readonly (string | number)[];
  limit?: number; // `all` only
}

export interface Reader<S extends Shape> {
  get<N extends Name<S>>(store: N, key: S[N]["key"]): Promise<S[N]["value"] | undefined>;
  all<N extends Name<S>>(store: N, where?: Where): Promise<S[N]["value"][]>;
  keys<N extends Name<S>>(store: N, where?: Where): Promise<S[N]["key"][]>;
  count(store: Name<S>, where?: Where): Promise<number>;
}
/** Writes are carried out together when the work has ended, so the work does not see them. */
export interface Writer<S extends Shape> extends Reader<S> {
  put<N extends Name<S>>(store: N, value: S[N]["value"]): void;
  remove<N extends Name<S>>(store: N, key: S[N]["key"]): void;
  clear(store: Name<S>): void;
}

const OPENS_WITHIN = 10_000; // ms; WebKit sometimes never answers
const quiet = (): void => undefined;

export class Store<S extends Shape> {
  #opening: Promise<IDBPDatabase> | null = null;

  constructor(
    readonly name: string,
    private readonly steps: readonly Step[],
    private readonly durability: "strict" | "relaxed",
  ) {}

  /** Reads from one snapshot. */
  read<T>(stores: Name<S>[], work: (t: Reader<S>) => Promise<T>): Promise<T> {
    return this.#tried((db) => this.#reading(db, stores, work));
  }

  /** Resolves when everything is on the disk; when the work throws or a write fails, nothing has happened.
   *
   * The work may await the reader only: a transaction left idle ends by itself (and then nothing is written).
   */
  write<T>(stores: Name<S>[], work: (t: Writer<S>) => Promise<T>): Promise<T> {
    return this.#tried((db) => this.#writing(db, stores, work));
  }

  /** Opens it, so that the first to use it need not wait. */
  async warm(): Promise<void> {
    await this.#open();
  }

  /** Lets the handle go; the next use opens it again. */
  close(): void {
    const opening = this.#opening;
    this.#opening = null;
    opening?.then((db) => db.close(), quiet);
  }

  async #tried<T>(act: (db: IDBPDatabase) => Promise<T>): Promise<T> {
    try {
      return await act(await this.#open());
    } catch (error) {
      if (!isLost(error)) throw told(error);
      this.close();
    }
    try {
      return await act(await this.#open());
    } catch (again) {
      throw isLost(again) ? lost(again) : told(again);
    }
  }

  async #reading<T>(db: IDBPDatabase, stores: Name<S>[], work: (t: Reader<S>) => Promise<T>): Promise<T> {
    const t = db.transaction(stores as string[], "readonly");
    t.done.catch(quiet); // what failed is told by the read itself
    return work(reader<S>(t));
  }

  async #writing<T>(db: IDBPDatabase, stores: Name<S>[], work: (t: Writer<S>) => Promise<T>): Promise<T> {
    const t = db.transaction(stores as string[], "readwrite", { durability: this.durability });
    t.done.catch(quiet);
    const acts: (() => Promise<unknown>)[] = [];
    let result: T;
    try {
      result = await work({
        ...reader<S>(t),
        put: (store, value) => void acts.push(() => t.objectStore(store).put(value)),
        remove: (store, key) => void acts.push(() => t.objectStore(store).delete(key as IDBValidKey)),
        clear: (store) => void acts.push(() => t.objectStore(store).clear()),
      });
      for (const act of acts) act().catch(quiet); // a failed one aborts the transaction, and `done` says why
    } catch (error) {
      abort(t);
      throw error;
    }
    await t.done;
    return result;
  }

  #open(): Promise<IDBPDatabase> {
    if (this.#opening) return this.#opening;
    const mine = this.#fresh(() => {
      if (this.#opening === mine) this.#opening = null;
    });
    mine.catch(() => this.#opening === mine && this.close());
    return (this.#opening = mine);
  }

  async #fresh(gone: () => void): Promise<IDBPDatabase> {
    const opening = openDB(this.name, this.steps.length, {
      upgrade: (db, from, _to, t) => this.steps.slice(from).forEach((step) => take(step, db, t)),
      terminated: gone,
      // Another tab brings a newer version: make way, politely and at once.
      blocking: (_now, _wanted, event) => {
        gone();
        (event.target as IDBDatabase).close();
      },
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Trouble("store_stuck",
        "本机的存储没有响应。请关闭本程序的其他窗口，再重新打开。")), OPENS_WITHIN);
    });
    try {
      return await Promise.race([opening, late]);
    } catch (error) {
      opening.then((db) => db.close(), quiet);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

function take(step: Step, db: IDBPDatabase, t: Open<"versionchange">): void {
  for (const [name, keyPath] of Object.entries(step.stores ?? {})) db.createObjectStore(name, { keyPath });
  for (const [store, name, keyPath, each] of step.indexes ?? []) {
    t.objectStore(store).createIndex(name, keyPath, { multiEntry: each === "each" });
  }
}

type Open<Mode extends IDBTransactionMode> = IDBPTransaction<unknown, string[], Mode>;

function reader<S extends Shape>(t: Open<"readonly"> | Open<"readwrite">): Reader<S> {
  const from = (store: string, where?: Where) => {
    const whole = t.objectStore(store);
    return where?.index ? whole.index(where.index) : whole;
  };
  return {
    get: (store, key) => t.objectStore(store).get(key as IDBValidKey),
    all: (store, where) => from(store, where).getAll(range(where), where?.limit),
    keys: (store, where) => from(store, where).getAllKeys(range(where)) as Promise<never[]>,
    count: (store, where) => from(store, where).count(range(where)),
  };
}

function range(where?: Where): IDBKeyRange | undefined {
  if (where?.is !== undefined) return IDBKeyRange.only(where.is);
  if (where?.starts === undefined) return undefined;
  const { starts } = where;
  return IDBKeyRange.bound(starts, typeof starts === "string" ? `${starts}\uffff` : [...starts, []]);
}

function abort(t: Open<"readwrite">): void {
  try {
    t.abort();
  } catch {
    // It has ended by itself; nothing had been asked of it.
  }
}

export type Device = Store<DeviceShape>;
export type Core = Store<CoreShape>;
export type Cache = Store<CacheShape>;

export const openDevice = (): Device => new Store("device", DEVICE_STEPS, "strict");
export const openCore = (person: string): Core => new Store(`core-${person}`, CORE_STEPS, "strict");
export const openCache = (person: string): Cache => new Store(`cache-${person}`, CACHE_STEPS, "relaxed");
