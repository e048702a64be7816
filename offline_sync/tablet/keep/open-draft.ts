/** A draft on the screen: memory first, every tap on its way to the disk at once, and always said how far it is.
 *
 * Only the window that took the draft over last may write: `holder` is checked in every write, so two windows never mix
 * their answers; the older one is told at once. A draft is read first and drawn; taking it over is a write, which waits
 * for the disk, so it goes on beside that. What the older window wrote in between is taken in, and what was tapped here
 * meanwhile is done over on top of it.
 */
import type { Draft, DraftAnswer, Photo } from "../model";
import { newId } from "../rules/ids";
import { type Live, type OpenDraft, Trouble } from "../tablet";
import { now } from "./clock";
import { type Kept, gone, heldDraft, keptDraft, photosIn, readDraft, steady } from "./draft-store";
import { Saver } from "./saver";
import type { Core } from "./store";

const CHANNEL = "xuncun-drafts";
const HEAD = ""; // the draft itself, beside its items; it goes with every write
const TAKE = " "; // nothing but that it is this window's

const blank = (item: string): DraftAnswer => ({
  item, counts: null, level: null, yes: null, value: null, points: null, drawn: null, failed: null, na: false,
  note: "", veto: null, findings: [],
});

export class OpenSheet implements OpenDraft {
  photos: readonly Photo[];
  #draft: Draft;
  #answers: Map<string, DraftAnswer>;
  #saver = new Saver((items) => this.#save(items), () => this.#say(),
    ({ code }) => code === "draft_gone" || code === "draft_elsewhere");
  #ears = new Set<() => void>();
  #channel: BroadcastChannel | null = null;
  #deaf: () => void;
  #taken = false;
  #tapped = false;
  #early: { key: string; act: () => void }[] = []; // what was tapped before the draft was this window's

  private constructor(
    readonly core: Core, private readonly live: Live, { draft, answers, photos }: Kept, readonly holder: string, later: boolean,
  ) {
    this.#draft = draft;
    this.#answers = answers;
    this.photos = photos;
    this.#deaf = live.on(["photos"], () => void this.#look().catch(() => undefined));
    this.#listen();
    if (later) setTimeout(() => this.#take());
    else this.#take();
  }

  /** Opens a draft as it stands, or as it was read `ahead` (then it is drawn first); it is taken over from any other window
   * at once, and `flush` waits for it. Raises draft_gone. */
  static async open(core: Core, inspection: string, live: Live, ahead?: Kept): Promise<OpenSheet> {
    return new OpenSheet(core, live, ahead ?? (await readDraft(core, inspection)), newId(), ahead !== undefined);
  }

  get draft(): Draft { return this.#draft; }
  get answers(): ReadonlyMap<string, DraftAnswer> { return this.#answers; }
  get saving(): boolean { return this.#tapped && this.#saver.saving; }
  get savedAt(): string | null { return (this.#tapped && this.#saver.savedAt) || this.#draft.updated_at; }
  get trouble(): Trouble | null { return this.#saver.trouble; }
  get ended(): boolean { return this.#saver.ended; }

  answer(item: string, change: Partial<Omit<DraftAnswer, "item">>): void {
    this.#change(item, () => this.#answers.set(item, { ...(this.#answers.get(item) ?? blank(item)), ...change, item }));
  }

  forget(item: string): void {
    this.#change(item, () => this.#answers.delete(item));
  }

  set(change: Parameters<OpenDraft["set"]>[0]): void {
    this.#change(HEAD, () => void (this.#draft = { ...this.#draft, ...change }));
  }

  flush(): Promise<void> {
    this.#take();
    return this.#saver.flush();
  }

  on(hear: () => void): () => void {
    this.#ears.add(hear);
    return () => this.#ears.delete(hear);
  }

  /** Saves what is left and lets the draft go. */
  async close(): Promise<void> {
    if (!this.ended) await this.flush();
    this.end();
  }

  /** No more writing here: submitted, discarded, closed, or opened elsewhere (`why` is then said). */
  end(why: Trouble | null = null): void {
    this.#saver.end(why);
    this.#deaf();
    this.#channel?.close();
    this.#channel = null;
    this.#say();
  }

  #change(key: string, act: () => void): void {
    if (this.ended) {
      this.#saver.trouble ??= gone(); // never quietly: this tap will not be kept
    } else {
      const at = now();
      const touch = (): void => {
        act();
        this.#draft = { ...this.#draft, updated_at: at };
      };
      if (!this.#taken) this.#early.push({ key, act: touch });
      touch();
      this.#tapped = true;
      this.#saver.touch(key);
    }
    this.#say();
  }

  /** Reads again which photos this visit has. */
  async #look(): Promise<void> {
    const { inspection } = this.#draft;
    this.photos = await this.core.read(["photos"], (t) => photosIn(t, inspection));
    this.#say();
  }

  #take(): void {
    if (!this.#taken && !this.ended) this.#saver.touch(TAKE);
  }

  #listen(): void {
    if (typeof BroadcastChannel === "undefined") return;
    const { inspection } = this.#draft;
    this.#channel = new BroadcastChannel(CHANNEL);
    this.#channel.onmessage = ({ data }: MessageEvent<{ inspection: string; holder: string }>) => {
      // Before or after us? Word may come late: the store knows.
      if (data.inspection === inspection && data.holder !== this.holder && !this.ended) this.#saver.touch(TAKE);
    };
  }

  #say(): void {
    for (const hear of [...this.#ears]) hear();
  }

  async #save(keys: string[]): Promise<void> {
    const { inspection } = this.#draft;
    const taking = !this.#taken;
    await this.core.write(["drafts", "answers"], async (t) => {
      if (taking) this.#catchUp(await keptDraft(t, inspection));
      else await heldDraft(t, inspection, this.holder);
      if (taking || keys.some((key) => key !== TAKE)) t.put("drafts", { ...this.#draft, holder: this.holder });
      for (const item of new Set(taking ? this.#early.map(({ key }) => key) : keys)) {
        if (item === HEAD || item === TAKE) continue;
        const answer = this.#answers.get(item);
        if (answer) t.put("answers", { inspection, item, answer });
        else t.remove("answers", [inspection, item]);
      }
    });
    if (taking) {
      this.#taken = true;
      this.#early = [];
      this.#channel?.postMessage({ inspection, holder: this.holder });
    }
    if (keys.some((key) => key !== TAKE)) this.live.tell("answers");
  }

  /** The store's word, and on top of it what was tapped here since the sheet was drawn. What is as it was stays the very
   * same object: nothing is drawn anew for it. */
  #catchUp({ draft, answers }: Pick<Kept, "draft" | "answers">): void {
    this.#draft = steady(this.#draft, draft);
    this.#answers = new Map([...answers].map(([item, answer]) => [item, steady(this.#answers.get(item), answer)]));
    for (const { act } of this.#early) act();
  }
}
