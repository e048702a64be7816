/** The stores as the sync asks for them (sync/ports.ts): one person's pair, and the people known on this device. */
import type { Photo, Verdict } from "../model";
import type { DraftOffer, Known } from "../tablet";
import type { ServersVisit } from "./amend";
import {
  type Offered, type Unsent, forgetBacked, keepOffer, lackedCopies, listOffers, markBacked, nextRev, offered, takeBack, unsentCopies,
} from "./backups";
import { clean } from "./clean";
import {
  type Numbered, keptEntries, markEpoch, note, renumber, reopen, replicaOf, settle, waitingEntries,
} from "./log";
import { type Page, applyPage, cursors, dropCache, refetch } from "./pages";
import { amendPerson, listKnown, personKept, remember } from "./people";
import { type News, bytesOf, listPhotos, previewOf, tell } from "./photo-news";
import { keepPreview, wantedPictures } from "./previews";
import type { Entered, PersonKept } from "./shapes";
import type { Shelf } from "./shelf";
import { type ScopeSum, sums } from "./sums";

/** What this device knows of a person, and where their replica stands. */
export type Standing = PersonKept & { replica: string; epoch: string | null };

export class PersonStores {
  constructor(private readonly shelf: Shelf, readonly person: string) {}

  async standing(): Promise<Standing> {
    const [kept, { id: replica, epoch }] = await Promise.all([personKept(this.shelf, this.person), replicaOf(this.#core)]);
    if (!kept) throw new Error(`nobody known by ${this.person}`);
    return { ...kept, replica, epoch };
  }

  /** A new epoch is noted last: until then all that it asks for is done once more. */
  async mark({ replica: _replica, epoch, ...change }: Partial<Omit<Standing, "id">>): Promise<void> {
    if (Object.keys(change).length) await amendPerson(this.shelf, this.person, change);
    if (epoch === undefined) return;
    const before = (await replicaOf(this.#core)).epoch;
    if (before !== null && before !== epoch) await forgetBacked(this.#core); // every page of a pull names the epoch
    await markEpoch(this.#core, epoch);
  }

  waiting = (): Promise<Numbered[]> => waitingEntries(this.#core);
  kept = (): Promise<Numbered[]> => keptEntries(this.#core);
  settle = (verdicts: ReadonlyMap<string, Verdict>): Promise<void> =>
    this.#told(settle(this.#core, verdicts), "outbox", "photos", "rows");
  note = (ids: readonly string[], problem: string | null, tried: boolean): Promise<void> =>
    this.#told(note(this.#core, ids, problem, tried), "outbox");
  reopen = (ids: readonly string[]): Promise<void> => this.#told(reopen(this.#core, ids), "outbox", "photos", "rows");
  renumber = (order: readonly string[], first: number, replica: string | null): Promise<void> =>
    this.#told(renumber(this.#core, order, first, replica), "outbox");

  photos = (): Promise<Photo[]> => listPhotos(this.#core);
  bytes = (sha256: string): Promise<ArrayBuffer | null> => bytesOf(this.#core, sha256);
  preview = (sha256: string): Promise<ArrayBuffer | null> => previewOf(this.#core, sha256);
  told = (sha256s: readonly string[], news: News): Promise<void> => this.#told(tell(this.#core, sha256s, news), "photos");

  unsent = (): Promise<Unsent[]> => unsentCopies(this.#core);
  nextRev = (inspection: string): Promise<number> => nextRev(this.#core, inspection);
  backed = (copy: Unsent): Promise<void> => markBacked(this.#core, copy);
  lacking = (there: readonly { inspection: string; rev: number }[]): Promise<string[]> => lackedCopies(this.#core, this.#cache, there);
  keepOffer = (offer: Offered): Promise<void> => this.#told(keepOffer(this.#cache, offer), "drafts");
  offers = (): Promise<DraftOffer[]> => listOffers(this.shelf.of(this.person));
  offer = (inspection: string): Promise<Offered | null> => offered(this.#cache, inspection);
  amend = async (visit: ServersVisit): Promise<void> => void (await (await import("./amend")).amendServers(this.shelf.of(this.person), visit));
  takeBack = (offer: Offered, bytes: ReadonlyMap<string, ArrayBuffer>): Promise<void> => takeBack(this.shelf.of(this.person), offer, bytes);

  cursors = (): Promise<Record<string, number>> => cursors(this.#cache);
  async apply(asked: Readonly<Record<string, number>>, page: Page): Promise<boolean> {
    const done = await applyPage(this.#cache, asked, page);
    if (done && (page.changes.length || page.drop.length || page.gone?.length)) this.shelf.live.tell("rows");
    return done;
  }
  pictures = (): Promise<string[]> => wantedPictures(this.#cache, this.#core);
  async keepPictures(pictures: readonly { sha256: string; bytes: ArrayBuffer }[]): Promise<void> {
    for (const { sha256, bytes } of pictures) await keepPreview(this.#cache, sha256, bytes);
    if (pictures.length) this.shelf.live.tell("photos");
  }
  sums = (scopes: readonly string[]): Promise<Record<string, ScopeSum>> => sums(this.#cache, scopes);
  refetch = (scopes: readonly string[]): Promise<void> => refetch(this.#cache, scopes);
  dropCache = (): Promise<void> => this.#told(dropCache(this.#cache), "rows");
  async clean(): Promise<void> {
    const horizon = (await personKept(this.shelf, this.person))?.backup_horizon ?? null;
    const gone = await clean(this.#core, this.#cache, horizon);
    if (gone.entries || gone.photos) this.shelf.live.tell("outbox", "photos", "storage");
  }

  get #core() { return this.shelf.of(this.person).core; }
  get #cache() { return this.shelf.of(this.person).cache; }

  async #told(done: Promise<void>, ...topics: Parameters<Shelf["live"]["tell"]>): Promise<void> {
    await done;
    this.shelf.live.tell(...topics);
  }
}

/** The people known on this device. */
export class DeviceStores {
  constructor(private readonly shelf: Shelf) {}

  device = (): Promise<string> => this.shelf.deviceId();
  known = (): Promise<Known[]> => listKnown(this.shelf);
  current = (): Promise<string | null> => this.shelf.current();
  setCurrent = (id: string | null): Promise<void> => this.shelf.become(id);
  enter = (person: Entered): Promise<void> => remember(this.shelf, person);

  async people(): Promise<Standing[]> {
    const kept = await this.shelf.device.read(["people"], (t) => t.all("people"));
    return Promise.all(kept.map(async ({ id }) => (await this.of(id)).standing()));
  }

  async of(id: string): Promise<PersonStores> {
    return new PersonStores(this.shelf, id);
  }
}
