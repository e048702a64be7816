/** Visits being filled in: begun once for an assignment, opened, and turned into one immutable act. */
import type { Draft, Entry } from "../model";
import { handsIn } from "../rules/amending";
import { newId } from "../rules/ids";
import type { Drafts, OpenDraft } from "../tablet";
import { now } from "./clock";
import type { DraftCopy } from "./draft-copy";
import { type Kept, checklistName, heldDraft, plainDraft, readDraft } from "./draft-store";
import { OpenSheet } from "./open-draft";
import { ENTRY_STORES, type Unnumbered, enter, prepare, shown } from "./outbox";
import { removePhotos } from "./photo-store";
import type { DraftKept } from "./shapes";
import type { Shelf } from "./shelf";
import type { Core } from "./store";

/** One sheet for all who look at it on this page; the last to close it lets it go. */
interface Shared { sheet: Promise<OpenSheet>; here: OpenSheet | null; users: number }

export class KeptDrafts implements Drafts {
  #open = new Map<string, Shared>();
  #ahead = new Map<string, Promise<Kept | undefined>>();

  constructor(private readonly shelf: Shelf) {
    shelf.live.on(["people", "drafts", "answers", "photos"], () => this.#ahead.clear());
  }

  /** The newest first. */
  async list(): Promise<Draft[]> {
    const { core } = await this.shelf.mine();
    const kept = await core.read(["drafts"], (t) => t.all("drafts"));
    return kept.map(plainDraft).sort((a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at));
  }

  /** The draft of this assignment, begun now if there was none. Its checklist is kept beside it: the server's rows may go
   * (the round, the post, the whole cache), the draft must still be finished. */
  async begin(wanted: Parameters<Drafts["begin"]>[0]): Promise<Draft> {
    const { core, cache } = await this.shelf.mine();
    const at = now();
    const list = await cache.read(["rows"], (t) => t.get("rows", ["checklist", wanted.checklist.sha256]));
    const fresh: DraftKept = {
      ...wanted, inspection: newId(), started_at: at, updated_at: at, signature: null, village_remarks: "",
      at_item: null, holder: null,
    };
    const draft = await core.write(["drafts", "meta"], async (t) => {
      const there = (await t.all("drafts")).find((other) => sameVisit(other, fresh));
      if (!there) t.put("drafts", fresh);
      if (!there && list) t.put("meta", { name: checklistName(list.id), value: list });
      return plainDraft(there ?? fresh);
    });
    this.shelf.live.tell("drafts");
    return draft;
  }

  /** What was handed in, back among the drafts. Raises amend_gone. */
  async amend(inspection: string): Promise<Draft> {
    const mine = await this.shelf.mine();
    const draft = await (await import("./amend")).amendDraft(mine, inspection);
    this.shelf.live.tell("drafts", "answers");
    return draft;
  }

  /** Reads a draft that will likely be opened next, so that it then stands at once. Forgotten when any draft changes. */
  async prepare(inspection: string): Promise<void> {
    const reading = this.shelf.mine().then(({ core }) => readDraft(core, inspection)).catch(() => undefined);
    this.#ahead.set(inspection, reading);
    await reading;
  }

  async open(inspection: string): Promise<OpenDraft> {
    const there = this.#open.get(inspection);
    const shared = there && !there.here?.ended ? there : this.#fresh(inspection);
    shared.users += 1;
    try {
      shared.here = await shared.sheet;
      return lent(shared.here, () => this.#leave(inspection, shared));
    } catch (error) {
      this.#drop(inspection, shared);
      throw error;
    }
  }

  /** Draft and answers become an entry of the outbox in one transaction. Called twice, it answers the same entry. */
  async finish(inspection: string, args: unknown, photos: string[], title: string): Promise<Entry> {
    const sheet = await this.#mine(inspection);
    await sheet?.flush(); // and with it the taking over: only who holds the draft may end it
    const core = sheet?.core ?? (await this.shelf.mine()).core;
    const entry = await move(core, inspection, sheet?.holder ?? null, prepare({
      verb: "inspection.submit", args, photos, about: { kind: "inspection", id: inspection, village: null, title },
    }));
    sheet?.end();
    this.shelf.live.tell("drafts", "answers", "photos", "outbox", "rows");
    return entry;
  }

  /** Draft, answers and photos go for good. */
  async discard(inspection: string): Promise<void> {
    const sheet = await this.#mine(inspection);
    const core = sheet?.core ?? (await this.shelf.mine()).core;
    sheet?.end();
    await core.write(["drafts", "answers", "photos", "bytes", "previews"], async (t) => {
      const photos = await t.all("photos", { index: "about", is: ["inspection", inspection] });
      await removePhotos(t, photos.filter((photo) => photo.named === null));
      t.remove("drafts", inspection);
      for (const key of await t.keys("answers", { starts: [inspection] })) t.remove("answers", key);
    });
    this.shelf.live.tell("drafts", "answers", "photos");
  }

  /** Sheets of this store that are open on this page, as they stand in memory: with what could not be written, too. */
  inMemory(core: Core): DraftCopy[] {
    const here = [...this.#open.values()].flatMap((shared) => shared.here ?? []).filter((sheet) => sheet.core === core && !sheet.ended);
    return here.map(({ draft, answers, photos }) => ({ format: 1, draft, answers: [...answers.values()], photos: [...photos] }));
  }

  #fresh(inspection: string): Shared {
    const ahead = this.#ahead.get(inspection);
    this.#ahead.delete(inspection); // memory of one moment: good for one opening
    const sheet = this.shelf.mine().then(async ({ core }) => OpenSheet.open(core, inspection, this.shelf.live, await ahead));
    const shared: Shared = { sheet, here: null, users: 0 };
    this.#open.set(inspection, shared);
    return shared;
  }

  /** The sheet open on this page, if it may still write. */
  async #mine(inspection: string): Promise<OpenSheet | undefined> {
    const sheet = await this.#open.get(inspection)?.sheet.catch(() => undefined);
    return sheet?.ended ? undefined : sheet;
  }

  async #leave(inspection: string, shared: Shared): Promise<void> {
    shared.users -= 1;
    const sheet = await shared.sheet;
    if (!sheet.ended) await sheet.flush();
    if (shared.users > 0) return;
    this.#drop(inspection, shared);
    sheet.end();
  }

  #drop(inspection: string, shared: Shared): void {
    if (this.#open.get(inspection) === shared) this.#open.delete(inspection);
  }
}

/** One assignment, or one village, round and checklist. */
export function sameVisit(a: Draft, b: Draft): boolean {
  if (a.assignment !== null && b.assignment !== null) return a.assignment === b.assignment;
  return a.round === b.round && a.village === b.village && a.checklist.code === b.checklist.code;
}

/** The move of `finish`. `holder` null: nobody has it open on this page. */
function move(core: Core, inspection: string, holder: string | null, fresh: Unnumbered): Promise<Entry> {
  return core.write([...ENTRY_STORES, "drafts", "answers"], async (t) => {
    const before = (await t.all("outbox", { index: "about", is: ["inspection", inspection] }))
      .filter((entry) => handsIn(entry.verb)).sort((a, b) => a.nth - b.nth).pop();
    const draft = await t.get("drafts", inspection);
    if (!draft && before) return shown(before);
    if (holder !== null || !draft) await heldDraft(t, inspection, holder ?? "");
    const { about } = fresh.entry;
    const verb = draft?.amends ? "inspection.amend" : fresh.entry.verb;
    const placed = { ...fresh.entry, verb, about: { ...about, village: draft?.village ?? null } };
    const entry = await enter(t, { ...fresh, entry: placed });
    t.remove("drafts", inspection);
    for (const key of await t.keys("answers", { starts: [inspection] })) t.remove("answers", key);
    return entry;
  });
}

/** The sheet as lent to one user: its `close` counts once. */
function lent(sheet: OpenSheet, leave: () => Promise<void>): OpenDraft {
  let left: Promise<void> | null = null;
  return {
    get draft() { return sheet.draft; },
    get answers() { return sheet.answers; },
    get photos() { return sheet.photos; },
    get saving() { return sheet.saving; },
    get savedAt() { return sheet.savedAt; },
    get trouble() { return sheet.trouble; },
    answer: (item, change) => sheet.answer(item, change),
    forget: (item) => sheet.forget(item),
    set: (change) => sheet.set(change),
    flush: () => sheet.flush(),
    on: (hear) => sheet.on(hear),
    close: () => (left ??= leave()),
  };
}
