/** When the tablet speaks to the server, and what is told of it. One run at a time, for everybody whose work waits. */
import { type Live, type StorageState, type Sync, type SyncState, Trouble } from "../tablet";
import { Backoff } from "./backoff";
import { NowAndThen } from "./backups";
import { Board } from "./board";
import { countWaiting } from "./counts";
import { Crew } from "./crew";
import { Halt } from "./hand";
import type { Link } from "./link";
import { withLock } from "./lock";
import { byChoice, links } from "./photo-link";
import type { Stores } from "./ports";
import { Reporter } from "./report";
import { type Memory, newMemory } from "./run";
import type { Running } from "./sessions";

export interface EngineParts {
  stores: Stores;
  link: Link;
  live: Live;
  build: string;
  platform: string;
  backoff?: Backoff;
  storage?: () => Promise<StorageState>; // for the report of how this device stands
  copy_ms?: number; // between two copies of a draft that is being filled in
  calm_ms?: number; // how long the first sync leaves a starting app to itself
}

/** ms to the next run after one that went well: soon while another window or a dying line holds something. */
const NEXT = { soon: 15_000, later: 60_000, calm: 5 * 60_000 };

export class Engine implements Sync, Running {
  readonly #board: Board;
  readonly #backoff: Backoff;
  #memory: Memory = newMemory();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stop: AbortController | null = null;
  #run: Promise<void> | null = null;
  readonly #copying: NowAndThen;
  #waits = false; // a failed run waits for its time
  #again = false; // somebody asked while a run was under way
  #apart = 0; // people come and go: no run meanwhile
  #anyway = false; // photos by hand, whatever the link, until a run went well
  readonly #reporter: Reporter;
  #closed = true;
  #off: (() => void)[] = [];

  constructor(private readonly parts: EngineParts) {
    this.#board = new Board(parts.live, parts.link.skew_ms);
    this.#backoff = parts.backoff ?? new Backoff();
    this.#copying = new NowAndThen(() => (this.#run ? "later" : void (this.#waits || this.#begin())), parts.copy_ms); // a run may have looked before the last tap
    this.#reporter = new Reporter(parts);
  }

  get state(): SyncState {
    return this.#board.state;
  }

  /** Begin listening for reasons to sync, and sync. */
  start(): void {
    this.#closed = false;
    const { live } = this.parts;
    this.#off.push(live.on(["outbox", "photos", "people"], () => void this.#count()));
    this.#off.push(live.on(["outbox"], () => void this.#handIn()));
    this.#off.push(live.on(["answers", "drafts"], () => this.#copying.soon()));
    this.#listen(globalThis, "online", () => this.#urge());
    if (typeof document !== "undefined") {
      this.#listen(document, "visibilitychange", () => document.visibilityState === "visible" && this.#urge());
    }
    this.#listen(links(), "change", () => this.#urge());
    void this.#count();
    if (this.parts.calm_ms) this.#timer = setTimeout(() => this.#urge(), this.parts.calm_ms);
    else this.#urge();
  }

  /** By hand: at once, whatever the backoff; photos and tokens that were given up are tried once more. */
  now(photos = false): void {
    this.#anyway ||= photos;
    const { greeted } = this.#memory;
    this.#memory = { ...newMemory(), greeted };
    this.#urge();
  }

  async apart<T>(work: () => Promise<T>): Promise<T> {
    this.#apart += 1;
    try {
      await this.#ended();
      return await work();
    } finally {
      this.#apart -= 1;
      this.now();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#off.splice(0).forEach((off) => off());
    await this.#ended();
    this.#board.close();
  }

  async #ended(): Promise<void> {
    this.#stop?.abort();
    await this.#run;
    clearTimeout(this.#timer);
    this.#copying.stop();
  }

  #listen(target: Partial<EventTarget>, name: string, hear: () => void): void {
    target.addEventListener?.(name, hear);
    this.#off.push(() => target.removeEventListener?.(name, hear));
  }

  /** A reason to try although the last run failed. */
  #urge(): void {
    this.#backoff.succeeded();
    this.#begin();
  }

  /** Somebody acted: hand it in, unless the server is known to be out of reach. */
  async #handIn(): Promise<void> {
    if (this.#run || this.#waits) return; // a run under way looks for itself before it ends
    const { stores } = this.parts;
    const id = await stores.current();
    if (id === null) return;
    const waiting = await (await stores.of(id)).waiting();
    if (waiting.some((entry) => !this.#memory.unfit.has(entry.id))) this.#begin();
  }

  #begin(): void {
    if (this.#closed || this.#apart) return;
    clearTimeout(this.#timer);
    if (this.#run) return void (this.#again = true);
    this.#waits = false;
    this.#again = false;
    this.#run = this.#once().then((well) => {
      this.#run = null;
      if (this.#again) this.#begin();
      else if (well) void this.#handIn(); // written in its last moments
    });
  }

  /** True when it went well. Never rejects. */
  async #once(): Promise<boolean> {
    this.#board.set({ running: true, next_try: null });
    const { across } = this.#memory.photos;
    try {
      const { signal } = (this.#stop = new AbortController());
      const photosWait = (): "wifi" | "unsure" | null => (this.#anyway ? null : byChoice());
      const crew = new Crew({ ...this.parts, board: this.#board, memory: this.#memory, signal, reporter: this.#reporter, photosWait });
      const held = await withLock(() => crew.everybody());
      if (held) this.#backoff.succeeded();
      if (held && !this.#again) this.#anyway = false;
      this.#plan(NEXT[held ? await crew.next() : "soon"]);
      return held;
    } catch (error) {
      if (this.#memory.photos.across > across) this.#backoff.succeeded(); // cut again, but it carries something each time
      this.#failed(error);
      return false;
    } finally {
      this.#board.set({ running: false, stage: "idle", skew_ms: this.parts.link.skew_ms });
      await this.#count();
    }
  }

  #failed(error: unknown): void {
    if (error instanceof Halt && error.why === "stopped") return;
    const halt = error instanceof Halt ? error : null;
    const needs = halt?.why === "sign_in" || halt?.why === "password" ? halt.why : null;
    this.#board.set({ problem: sentenceOf(error), ...(needs ? { needs } : {}) });
    this.#waits = needs === null; // without a session words still go, by the deposit
    this.#plan(this.#backoff.failed(halt?.retry_ms ?? null));
  }

  #plan(ms: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#begin(), ms);
    this.#board.set({ next_try: new Date(Date.parse(this.parts.link.serverNow()) + ms).toISOString() });
  }

  async #count(): Promise<void> {
    try {
      const { waiting, photos, bytes, last_ok } = await countWaiting(this.parts.stores);
      const now = this.#board.state.photos;
      this.#board.set({ waiting, last_ok });
      if (now.waiting !== photos || now.bytes !== bytes) this.#board.set({ photos: { ...now, waiting: photos, bytes } });
    } catch (error) {
      this.#board.set({ problem: sentenceOf(error) });
    }
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof Halt) return error.sentence;
  if (error instanceof Trouble) return error.message;
  console.error(error);
  return "上传时程序出错，内容都在本机，稍后自动重试；多次出现请告诉管理员。";
}
