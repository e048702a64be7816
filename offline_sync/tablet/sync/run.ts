/** One run for one person: words first, then previews, then originals, then what others did. */
import type { Stage } from "../tablet";
import { type BackupMemory, fetchOffers, freshBackups, sendCopies } from "./backups";
import type { Board } from "./board";
import { Hand } from "./hand";
import type { Link } from "./link";
import { freshMemory, type PhotoMemory, sendOriginals, sendPreviews, stillWanted } from "./photos";
import { passed } from "./passed";
import { fetchPictures } from "./pictures";
import type { PersonStore } from "./ports";
import { type Pulled, pullAll } from "./pull";
import { Push } from "./push";
import { hello, type Self, startOver } from "./replica";
import type { Reporter } from "./report";
import { stayAwake } from "./wake";

const PULL_BETWEEN = 10 * 60_000; // ms; a long queue of photos must not keep a tablet from hearing
const GREETED = 60 * 60_000; // ms; hello tells of a server that was restored, and what limits are in force
const GREETED_APART = 5 * 60_000; // ms; where nothing is pulled, only hello tells it

/** What outlives a run, but not the page: asked anew after a start, or by hand. */
export interface Memory {
  dead: Set<string>; // tokens the server no longer takes
  unfit: Map<string, string>; // command → why no push takes it
  greeted: Map<string, number>; // replicas that said hello, and when
  photos: PhotoMemory;
  backups: BackupMemory;
  pictures: Set<string>; // hashes that the server does not give
}

export const newMemory = (): Memory => ({ dead: new Set(), unfit: new Map(), greeted: new Map(), photos: freshMemory(), backups: freshBackups(), pictures: new Set() });

export interface Around {
  link: Link;
  board: Board;
  memory: Memory;
  self: Self;
  signal: AbortSignal;
  reporter?: Reporter | undefined;
  photosWait(): "wifi" | "unsure" | null; // whether originals wait for another link, by choice
  reached(answered: boolean): void;
}

export class Run {
  readonly #hand: Hand;
  #pulled_at = 0;
  #owed = false; // photos of what was handed in after this round of them had begun
  min_build = "";
  held = false; // a line that died still holds some photo on the server's side

  constructor(private readonly around: Around, private readonly store: PersonStore, private readonly pulls: boolean) {
    const { link, memory, signal, reached } = around;
    this.#hand = new Hand(link, store, memory.dead, signal, reached);
  }

  /** Halts when it cannot go on; whatever was handed in until then is receipted. */
  async all(): Promise<void> {
    this.#pulled_at = Date.now();
    do {
      await this.#words();
      this.#owed = false;
      await this.#photos();
      if (this.pulls) await this.#pull();
      // Written meanwhile, or lost by the server and waiting again.
    } while (this.#owed || (await this.#sendable()));
    await this.store.clean();
    await this.#report();
    if (this.pulls) await fetchOffers(this.#hand, this.around.memory.backups);
    if (this.pulls) await fetchPictures(this.#hand, this.around.memory.pictures, () => this.#sendable());
  }

  /** What the office has to know first. */
  async #words(): Promise<void> {
    this.#stage("text");
    await this.#greet();
    const push = new Push(this.#hand, this.around.memory.unfit);
    await push.all();
    if (push.settled) this.#owed = true; // their photos
  }

  async #sendable(): Promise<boolean> {
    return (await this.store.waiting()).some((entry) => !this.around.memory.unfit.has(entry.id));
  }

  async #greet(): Promise<void> {
    const { memory, self } = this.around;
    const before = await this.store.standing();
    const often = this.pulls ? GREETED : GREETED_APART;
    if (passed(memory.greeted.get(before.replica) ?? 0) < often && before.epoch !== null) return;
    const told = await hello(this.#hand, self);
    this.min_build = told.min_build;
    if (before.epoch !== null && before.epoch !== told.epoch) await startOver(this.#hand, self);
    memory.greeted.set((await this.store.standing()).replica, Date.now());
  }

  async #photos(): Promise<void> {
    this.#stage("previews");
    const wanted = await stillWanted(this.#hand);
    await sendPreviews(this.#hand, wanted.photos, this.around.memory.photos);
    await this.#copies();
    if (!wanted.photos.length) return;
    await this.#report();
    if (this.#waits()) return;
    this.#stage("photos");
    const sleep = stayAwake();
    try {
      this.held = !(await sendOriginals(this.#hand, wanted, this.around.memory.photos,
        ({ sha256, size }, sent) => this.#show({ sha256, size, sent: Math.min(sent, size) }), () => this.#between()));
    } finally {
      sleep();
      this.#show(null);
    }
  }

  async #copies(): Promise<void> {
    const { backups } = this.around.memory;
    await sendCopies(this.#hand, backups);
    if (backups.failed) this.around.board.set({ copies_failed: backups.failed });
  }

  /** Before each original: words that were written meanwhile go first, and news come in now and then.
   *
   * False when the link has become another meanwhile, one that originals shall not take. */
  async #between(): Promise<boolean> {
    if (await this.#sendable()) await this.#words();
    if (this.pulls && passed(this.#pulled_at) > PULL_BETWEEN) await this.#pull();
    this.#stage("photos");
    return !this.#waits();
  }

  #waits(): boolean {
    const { board, photosWait } = this.around;
    const waits = photosWait();
    if (board.state.photos.waits !== waits) board.set({ photos: { ...board.state.photos, waits } });
    return waits !== null;
  }

  async #report(): Promise<void> {
    await this.around.reporter?.say(this.#hand, this.around.memory.photos.pieces.rate);
  }

  async #pull(): Promise<void> {
    this.#stage("pulling");
    const told: Pulled = await pullAll(this.#hand, this.around.self);
    this.min_build = told.min_build;
    this.#pulled_at = Date.now();
  }

  #stage(stage: Stage): void {
    this.around.board.set({ stage });
  }

  #show(now: { sha256: string; sent: number; size: number } | null): void {
    const { board, memory } = this.around;
    board.set({ photos: { ...board.state.photos, now, rate: memory.photos.pieces.rate } });
  }
}
