/** What is told of the sync: one state, changed in one place, heard at most four times a second. */
import type { Live, SyncState } from "../tablet";
import { passed } from "./passed";

const REST_MS = 250;

export const QUIET: SyncState = {
  online: false, running: false, stage: "idle", waiting: 0, photos: { waiting: 0, bytes: 0, now: null, rate: null, waits: null },
  last_ok: null, next_try: null, problem: null, needs: null, skew_ms: null,
};

export class Board {
  #state: SyncState;
  #told = 0;
  #later: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly live: Pick<Live, "tell">, skew_ms: number | null = null) {
    this.#state = { ...QUIET, skew_ms };
  }

  get state(): SyncState {
    return this.#state;
  }

  set(change: Partial<SyncState>): void {
    const keys = Object.keys(change) as (keyof SyncState)[];
    if (keys.every((key) => this.#state[key] === change[key])) return;
    this.#state = { ...this.#state, ...change };
    clearTimeout(this.#later);
    const rest = REST_MS - passed(this.#told);
    if (rest <= 0 || keys.some((key) => key !== "photos")) this.#tell();
    else this.#later = setTimeout(() => this.#tell(), rest);
  }

  close(): void {
    clearTimeout(this.#later);
  }

  #tell(): void {
    this.#told = Date.now();
    this.live.tell("sync");
  }
}
