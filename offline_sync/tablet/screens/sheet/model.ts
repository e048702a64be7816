/** The sheet as its screen sees it: the open draft with what follows from it, worked out once per change.
 *
 * Everything a selector may read keeps its identity until it changes, so a tap draws anew only what it touched.
 */
import type { Amends, Draft, DraftAnswer, DraftFinding, Photo } from "../../model";
import { partOf } from "../../rules/amending";
import type { Checklist, Item } from "../../rules/checklist";
import { cleared } from "../../rules/clearing";
import type { Change } from "../../rules/findings";
import { type Need, itemNeeds, photosMissing, sheetNeeds } from "../../rules/needs";
import type { ItemScore } from "../../rules/points";
import type { Answer } from "../../wire";
import { type Score, score } from "../../rules/scoring";
import type { OpenDraft } from "../../tablet";

/** What does not change while the sheet is open. */
export interface About {
  checklist: Checklist;
  village: string; // its name
  round: string; // its name
  author: string; // as stamped on photos
  names: ReadonlyMap<string, string>; // of the inspectors: id → name
}

/** How a section stands: what is left, and of how many. */
export interface Left { open: number; of: number; needs: number }

const NONE: readonly Need[] = [];
const NO_PHOTOS: readonly Photo[] = [];

export class SheetModel {
  score!: Score;
  needs: readonly Need[] = NONE; // of the whole sheet
  photosMissing = 0;
  #answers = new Map<string, DraftAnswer | undefined>();
  #photos: readonly Photo[] = [];
  #given: readonly Photo[] = []; // all that the draft has, with what a correction leaves out
  #draft: Draft;
  #byItem = new Map<string, readonly Photo[]>();
  #needs = new Map<string, readonly Need[]>();
  #left = new Map<string, Left>();
  #scored = new WeakMap<Answer, ItemScore>();
  #ears = new Set<() => void>();
  #stop: () => void;

  constructor(readonly open: OpenDraft, readonly about: About) {
    this.#draft = open.draft;
    this.#look(true);
    this.#stop = open.on(() => this.#look(false));
  }

  get checklist(): Checklist { return this.about.checklist; }
  get draft(): Draft { return this.open.draft; }
  get photos(): readonly Photo[] { return this.#photos; }

  item(code: string): Item | undefined { return this.checklist.by_code.get(code); }
  answer(code: string): DraftAnswer | undefined { return this.#answers.get(code); }
  earned(code: string): ItemScore | undefined { return this.score.items.get(code); }
  needsOf(code: string): readonly Need[] { return this.#needs.get(code) ?? NONE; }
  photosOf(code: string): readonly Photo[] { return this.#byItem.get(code) ?? NO_PHOTOS; }
  left(section: string): Left { return this.#left.get(section) ?? { open: 0, of: 0, needs: 0 }; }
  get unfilled(): number { return this.needs.filter((need) => need.kind === "unfilled").length; }

  /** A first tap also says where one stands: to go on there, not at the next open item. */
  change(code: string, change: Change): void {
    this.open.answer(code, change);
    if (!this.draft.at_item) this.open.set({ at_item: code });
  }

  /** 清空本项. */
  clear(code: string): void {
    const answer = this.open.answers.get(code);
    const left = answer && cleared(answer);
    if (left) this.open.answer(code, left);
    else if (answer) this.open.forget(code);
  }

  /** Of a correction: its reason, or which photos it leaves out. */
  amend(change: Partial<Amends>): void {
    const { amends } = this.draft;
    if (amends) this.open.set({ amends: { ...amends, ...change } });
  }

  /** Whether a photo is left out of the sheet and no more: what was handed in is nobody's to delete. */
  leavesOut(photo: string): boolean {
    const { amends } = this.draft;
    if (!amends?.sent.includes(photo)) return false;
    this.amend({ dropped: [...amends.dropped, photo] });
    return true;
  }

  /** A change of one finding, worked out from the finding as it stands at this moment. */
  finding(code: string, change: (answer: DraftAnswer) => Change): void {
    const answer = this.open.answers.get(code);
    if (answer) this.open.answer(code, change(answer));
  }

  findingOf(code: string, id: string): DraftFinding | undefined {
    return this.answer(code)?.findings.find((one) => one.id === id);
  }

  on(hear: () => void): () => void {
    this.#ears.add(hear);
    return () => this.#ears.delete(hear);
  }

  stop(): void {
    this.#stop();
    this.#ears.clear();
  }

  /** Something moved: work out what follows from what changed, and say so. */
  #look(first: boolean): void {
    const { open, checklist } = this;
    const touched = checklist.items.filter((item) => first || open.answers.get(item.code) !== this.#answers.get(item.code));
    const pictures = first || open.photos !== this.#given || open.draft.amends?.dropped !== this.#draft.amends?.dropped;
    const drafted = first || open.draft.signature !== this.#draft.signature || open.draft.inspectors !== this.#draft.inspectors;
    for (const item of touched) this.#answers.set(item.code, open.answers.get(item.code));
    if (pictures) this.#photos = partOf(open.photos, open.draft);
    this.#given = open.photos;
    this.#draft = open.draft;
    const moved = pictures ? this.#sortPhotos() : new Set<string>();
    if (touched.length || pictures || drafted) this.#follow(new Set([...touched.map((item) => item.code), ...moved]), drafted);
    for (const hear of [...this.#ears]) hear();
  }

  #follow(touched: ReadonlySet<string>, all: boolean): void {
    const [author = "", ...others] = this.#draft.inspectors;
    const { checklist } = this;
    this.score = score(checklist, this.open.answers.values(), { provisional: true, author, inspectors: this.#draft.inspectors, scored: this.#scored });
    const seconds = new Set(others);
    for (const item of checklist.items) {
      if (!all && !touched.has(item.code)) continue;
      const found = itemNeeds(item, this.answer(item.code), this.earned(item.code) ?? null, this.photosOf(item.code), seconds);
      this.#needs.set(item.code, found.length ? found : NONE);
    }
    for (const section of checklist.sections) this.#countLeft(section.code, section.items);
    this.needs = [...checklist.items.flatMap((item) => this.needsOf(item.code)), ...sheetNeeds(checklist, this.score, this.#draft)];
    this.photosMissing = photosMissing(this.needs);
  }

  #countLeft(code: string, items: readonly Item[]): void {
    const asked = items.filter((item) => !item.auto);
    const needs = asked.map((item) => this.needsOf(item.code));
    const now = {
      open: needs.filter((some) => some.some((need) => need.kind === "unfilled")).length, of: asked.length,
      needs: needs.filter((some) => some.some((need) => need.weight !== "note" && need.kind !== "unfilled")).length,
    };
    const was = this.#left.get(code);
    if (!was || was.open !== now.open || was.needs !== now.needs) this.#left.set(code, now);
  }

  /** Photos by item; the items whose photos are others than before. */
  #sortPhotos(): Set<string> {
    const sorted = new Map<string, Photo[]>();
    for (const photo of this.#photos) {
      const item = photo.about.kind === "inspection" ? photo.about.item : null;
      if (item) sorted.set(item, [...(sorted.get(item) ?? []), photo]);
    }
    const moved = new Set<string>();
    for (const code of new Set([...sorted.keys(), ...this.#byItem.keys()])) {
      const [was, now] = [this.#byItem.get(code) ?? [], sorted.get(code) ?? []];
      if (was.length === now.length && now.every((photo, at) => photo === was[at])) continue;
      this.#byItem.set(code, now);
      moved.add(code);
    }
    return moved;
  }
}
