/** How long to wait after a run that failed: 2 s, twice as long each time, at most 5 min, never all tablets at once. */
const FIRST = 2_000;
const MOST = 5 * 60_000;

export class Backoff {
  #failures = 0;

  constructor(private readonly chance: () => number = Math.random) {}

  /** ms until the next try; a server that names its own time is heard, up to an hour. */
  failed(asked_ms: number | null = null): number {
    const whole = Math.min(MOST, FIRST * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 20);
    const own = whole * (0.5 + this.chance() / 2);
    return Math.round(asked_ms === null ? own : Math.max(own, Math.min(asked_ms, 3_600_000)));
  }

  succeeded(): void {
    this.#failures = 0;
  }
}
