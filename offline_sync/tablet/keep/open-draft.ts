/** A draft on the screen: memory first, every tap on its way to the disk at once, and always said how far it is.
 *
 * Only the window that opened the draft last may write: `holder` is checked in every write, so two windows never mix
 * their answers; the older one is told at once.
 */
import type { Draft, DraftAnswer, Photo } from "../model";
import { newId } from "../rules/ids";
import { type Live, type OpenDraft, Trouble } from "../tablet";
import { now } from "./clock";
import { plainPhotos } from "./photo-store";
import { Saver } from "./saver";
import type { CoreShape, DraftKept } from "./shapes";
import type { Core, Reader } from "./store";

const CHANNEL = "xuncun-drafts";
const HEAD = ""; // the draft itself, beside its items; it goes with every write

export const elsewhere = (): Trouble => new Trouble("draft_elsewhere",
  "这份检查表已在另一个窗口打开，这里不能再填。请到那个窗口继续填，或点“在这里接着填”。");
export const gone = (): Trouble => new Trouble("draft_gone",
  "这份检查表已提交或已删除，这里不能再填。请返回村庄列表查看。");

const blank = (item: string): DraftAnswer => ({
  item, counts: null, level: null, yes: null, value: null, points: null, drawn: null, failed: null, na: false,
  note: "", veto: null, findings: [],
});

/** The draft as this window may write it. Raises draft_gone, draft_elsewhere. */
export async function heldDraft(t: Reader<CoreShape>, inspection: string, holder: string): Promise<DraftKept> {
  const draft = await t.get("drafts", inspection);
  if (!draft) throw gone();
  if (draft.holder !== holder) throw elsewhere();
  return draft;
}

export class OpenSheet implements OpenDraft {
  photos: readonly Photo[] = [];
  #draft: Draft;
  #answers: Map<string, DraftAnswer>;
  #saver = new Saver((items) => this.#save(items), () => this.#say(),
    ({ code }) => code === "draft_gone" || code === "draft_elsewhere");
  #ears = new Set<() => void>();
  #channel: BroadcastChannel | null = null;
  #deaf: () => void = () => undefined;

  private constructor(
    readonly core: Core, private readonly live: Live, { draft, answers }: Kept, readonly holder: string,
  ) {
    this.#draft = draft;
    this.#answers = answers;
    this.#saver.savedAt = draft.updated_at;
  }

  /** Opens a draft and takes it over from any other window. Raises draft_gone. */
  static async open(core: Core, inspection: string, live: Live): Promise<OpenSheet> {
    const holder = newId();
    const sheet = new OpenSheet(core, live, await take(core, inspection, holder), holder);
    sheet.#tellOthers();
    await sheet.#look();
    sheet.#deaf = live.on(["photos"], () => void sheet.#look().catch(() => undefined));
    return sheet;
  }

  get draft(): Draft { return this.#draft; }
  get answers(): ReadonlyMap<string, DraftAnswer> { return this.#answers; }
  get saving(): boolean { return this.#saver.saving; }
  get savedAt(): string | null { return this.#saver.savedAt; }
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
      act();
      this.#draft = { ...this.#draft, updated_at: now() };
      this.#saver.touch(key);
    }
    this.#say();
  }

  /** Reads again which photos this visit has. */
  async #look(): Promise<void> {
    const kept = await this.core.read(["photos"], (t) =>
      t.all("photos", { index: "about", is: ["inspection", this.#draft.inspection] }));
    this.photos = plainPhotos(kept);
    this.#say();
  }

  #tellOthers(): void {
    if (typeof BroadcastChannel === "undefined") return;
    const { holder } = this;
    const { inspection } = this.#draft;
    this.#channel = new BroadcastChannel(CHANNEL);
    this.#channel.postMessage({ inspection, holder });
    this.#channel.onmessage = ({ data }: MessageEvent<{ inspection: string; holder: string }>) => {
      if (data.inspection === inspection && data.holder !== holder) this.end(elsewhere());
    };
  }

  #say(): void {
    for (const hear of [...this.#ears]) hear();
  }

  async #save(items: string[]): Promise<void> {
    const draft = this.#draft;
    const { inspection } = draft;
    const answers = items.filter((item) => item !== HEAD).map((item) => [item, this.#answers.get(item)] as const);
    await this.core.write(["drafts", "answers"], async (t) => {
      await heldDraft(t, inspection, this.holder);
      t.put("drafts", { ...draft, holder: this.holder });
      for (const [item, answer] of answers) {
        if (answer) t.put("answers", { inspection, item, answer });
        else t.remove("answers", [inspection, item]);
      }
    });
    this.live.tell("answers");
  }
}

interface Kept { draft: Draft; answers: Map<string, DraftAnswer> }

function take(core: Core, inspection: string, holder: string): Promise<Kept> {
  return core.write(["drafts", "answers"], async (t) => {
    const there = await t.get("drafts", inspection);
    if (!there) throw gone();
    t.put("drafts", { ...there, holder });
    const kept = await t.all("answers", { starts: [inspection] });
    const { holder: _holder, ...draft } = there;
    return { draft, answers: new Map(kept.map(({ item, answer }) => [item, answer])) };
  });
}
