/** Brings what was touched to the disk: one write at a time, taking all that was touched meanwhile.
 *
 * What could not be written stays touched, is said (`trouble`), and is tried again by itself, by the next touch and
 * by `flush`. A trouble named in `final` ends it: then nothing more will be written here.
 */
import type { Trouble } from "../tablet";
import { now } from "./clock";
import { asTrouble } from "./failures";

const AGAIN = 2_000; // ms until a failed write is tried again

export class Saver {
  trouble: Trouble | null = null;
  savedAt: string | null = null;
  ended = false;
  #dirty = new Set<string>();
  #running: Promise<void> | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly save: (keys: string[]) => Promise<void>,
    private readonly say: () => void,
    private readonly final: (trouble: Trouble) => boolean,
  ) {}

  get saving(): boolean {
    return this.#running !== null || this.#dirty.size > 0;
  }

  touch(key: string): void {
    this.#dirty.add(key);
    void this.#pump();
  }

  /** Resolves when all that was touched is durable. Raises the trouble that stands in the way. */
  async flush(): Promise<void> {
    if (this.#running) await this.#running;
    if (this.#dirty.size && !this.ended) await this.#pump();
    if (this.#dirty.size) throw this.trouble ?? asTrouble("ended with unsaved work");
  }

  /** Nothing more is written from here on. */
  end(why: Trouble | null): void {
    this.ended = true;
    this.trouble = why;
    clearTimeout(this.#again);
  }

  #pump(): Promise<void> {
    clearTimeout(this.#again);
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
      this.say();
    });
    return this.#running;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // touches of one moment go together
    while (this.#dirty.size && !this.ended) {
      const keys = [...this.#dirty];
      this.#dirty.clear();
      try {
        await this.save(keys);
      } catch (error) {
        keys.forEach((key) => this.#dirty.add(key));
        return this.#failed(asTrouble(error));
      }
      if (!this.ended) this.trouble = null;
      this.savedAt = now();
      this.say();
    }
  }

  #failed(trouble: Trouble): void {
    if (this.ended) return;
    if (this.final(trouble)) return this.end(trouble);
    this.trouble = trouble;
    this.#again = setTimeout(() => void this.#pump(), AGAIN);
  }
}
