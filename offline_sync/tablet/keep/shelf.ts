/** Whose stores are in use: one pair for each person, never shared (sync.md §5). */
import { newId } from "../rules/ids";
import { type Live, Trouble } from "../tablet";
import { type Cache, type Core, openCache, openCore, openDevice } from "./store";

export interface Mine {
  person: string;
  core: Core;
  cache: Cache;
}

export class Shelf {
  readonly device = openDevice();
  #pairs = new Map<string, Mine>();
  #current: Promise<string | null> | null = null;

  constructor(readonly live: Live) {
    live.on(["people"], () => void (this.#current = null));
  }

  /** The stores of a person known here, whoever is signed in (a deposit hands in A's work while B works). */
  of(person: string): Mine {
    let pair = this.#pairs.get(person);
    if (!pair) this.#pairs.set(person, (pair = { person, core: openCore(person), cache: openCache(person) }));
    return pair;
  }

  /** Who works now, or null. */
  current(): Promise<string | null> {
    const asked = (this.#current ??= this.device.read(["meta"], async (t) =>
      ((await t.get("meta", "current"))?.value as string | undefined) ?? null));
    asked.catch(() => this.#current === asked && (this.#current = null));
    return asked;
  }

  /** The stores of whoever works now. Raises signed_out. */
  async mine(): Promise<Mine> {
    const person = await this.current();
    if (!person) throw new Trouble("signed_out", "还没有登录。请先登录。");
    return this.of(person);
  }

  /** Opens the stores of whoever works now before anybody asks: each opening is a wait of its own. */
  async warm(): Promise<void> {
    const { core, cache } = await this.mine();
    await Promise.all([core.warm(), cache.warm()]);
  }

  async become(person: string | null): Promise<void> {
    await this.device.write(["meta"], async (t) => t.put("meta", { name: "current", value: person }));
    this.#current = null;
    this.live.tell("people");
  }

  /** This device's id: made once, the same for everybody who uses it. */
  deviceId(): Promise<string> {
    const fresh = newId();
    return this.device.write(["meta"], async (t) => {
      const there = await t.get("meta", "device");
      if (!there) t.put("meta", { name: "device", value: fresh });
      return (there?.value as string | undefined) ?? fresh;
    });
  }

  /** The same without making one: empty before anybody signed in. */
  knownDevice(): Promise<string> {
    return this.device.read(["meta"], async (t) => ((await t.get("meta", "device"))?.value as string | undefined) ?? "");
  }

  close(): void {
    this.device.close();
    for (const { core, cache } of this.#pairs.values()) [core, cache].forEach((store) => store.close());
  }
}
