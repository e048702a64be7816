/** Copies of drafts: sent whenever there is signal, offered where they are lacking, taken back by their author. None of it
 * is anybody's submission, so it never makes a run fail; what failed is counted.
 */
import type { ServersVisit } from "../keep/amend";
import { type Backups, type DraftOffer, type Live, Trouble } from "../tablet";
import { Halt, type Hand } from "./hand";
import type { Link } from "./link";
import { passed } from "./passed";
import { small } from "./pictures";
import type { Offered, PersonStore, Stores, Unsent } from "./ports";

/** What outlives a run: how often a copy did not arrive, which are refused as they are, and when was asked last. */
export interface BackupMemory { failed: number; refused: Map<string, string>; asked: Map<string, number> }
export const freshBackups = (): BackupMemory => ({ failed: 0, refused: new Map(), asked: new Map() });

const ASKED = 60 * 60_000; // ms between two looks at what the server has
const SMALL_AT_ONCE = 3; // pictures; a weak link has words to carry beside them
const PASSED: readonly string[] = ["unreachable", "server", "refused"];

/** Every copy that changed; after the words and small pictures, before the originals. */
export async function sendCopies(hand: Hand, memory: BackupMemory): Promise<void> {
  for (const copy of await hand.store.unsent()) {
    if (memory.refused.get(copy.inspection) === copy.hash) continue;
    if (!(await quietly(memory, () => sendOne(hand, copy, memory)))) return;
  }
}

async function sendOne(hand: Hand, copy: Unsent, memory: BackupMemory): Promise<void> {
  const rev = await hand.store.nextRev(copy.inspection);
  const doc: unknown = copy.text === null ? null : JSON.parse(copy.text);
  const told = await hand.call("any", "PUT", `/api/drafts/${copy.inspection}`, { json: { rev, doc } });
  if (told.kind === "ok") return hand.store.backed(copy);
  memory.failed += 1;
  memory.refused.set(copy.inspection, copy.hash); // as it is; the next tap makes it another
}

/** Which copies this tablet lacks: asked after a start, by hand, and once an hour. */
export async function fetchOffers(hand: Hand, memory: BackupMemory): Promise<void> {
  const { person } = hand.store;
  if (passed(memory.asked.get(person) ?? 0) < ASKED) return;
  await quietly(memory, async () => {
    const { drafts } = await hand.must<{ drafts: { inspection: string; rev: number }[] }>("session", "GET", "/api/drafts");
    for (const inspection of await hand.store.lacking(drafts)) {
      const told = await hand.call<Omit<Offered, "inspection" | "copy"> & { doc: unknown }>("session", "GET", `/api/drafts/${inspection}`);
      if (told.kind === "ok" && isCopy(told.body.doc)) await hand.store.keepOffer({ inspection, rev: told.body.rev, heard_at: told.body.heard_at, copy: told.body.doc });
    }
    memory.asked.set(person, Date.now());
  });
}

/** Another build's documents are left to it. */
const isCopy = (doc: unknown): doc is Offered["copy"] => (doc as { format?: unknown } | null)?.format === 1;

/** False when the line is the reason. What ends a run whoever asks (the account, a new password) is passed on. */
async function quietly(memory: BackupMemory, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof Halt) || !PASSED.includes(error.why)) throw error;
    memory.failed += 1;
    return error.why === "refused";
  }
}

/** Does something some time after it was asked for, once for all who asked meanwhile; `later`: once more after that time. */
export class NowAndThen {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly act: () => "later" | void, private readonly rest_ms = 60_000) {}

  soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.act() === "later") this.soon();
    }, this.rest_ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** What screens ask of it. */
export class DraftBackups implements Backups {
  constructor(private readonly stores: Stores, private readonly link: Link, private readonly live: Live) {}

  async offers(): Promise<DraftOffer[]> {
    const id = await this.stores.current();
    return id === null ? [] : (await this.stores.of(id)).offers();
  }

  async take(inspection: string): Promise<{ lacking: number }> {
    const id = await this.stores.current();
    const store = id === null ? null : await this.stores.of(id);
    const offer = await store?.offer(inspection);
    if (!store || !offer) throw new Trouble("draft_gone", "服务器上的这份草稿已不在，可能已在另一台平板上提交。请联网同步后再看。");
    const { session } = await store.standing();
    const bytes = new Map<string, ArrayBuffer>();
    for (const sha256 of new Set(offer.copy.photos.map((photo) => photo.sha256))) {
      const found = await this.#photo(sha256, session);
      if (found) bytes.set(sha256, found);
    }
    await store.takeBack(offer, bytes);
    this.live.tell("drafts", "answers", "photos");
    return { lacking: offer.copy.photos.filter((photo) => !bytes.has(photo.sha256)).length };
  }

  async amend(inspection: string): Promise<void> {
    const id = await this.stores.current();
    if (id === null) throw new Trouble("signed_out", "还没有登录。请先登录。");
    const store = await this.stores.of(id);
    const { session } = await store.standing();
    const told = await this.link.call<ServersVisit>("GET", `/api/inspections/${inspection}`, { token: session });
    if (told.kind === "unreachable") throw new Trouble("unreachable", "这次检查是在另一台平板上提交的，要连上服务器取回才能更正。请到有信号的地方再试。");
    if (told.kind === "refused") throw told.status === 404 ? new Trouble("amend_gone", "这次检查已发布或已作废，不能更正。请联系区级办公室。") : new Trouble(told.code, told.sentence);
    await store.amend(told.body);
    this.live.tell("drafts", "answers", "photos");
    const wanted = new Set((told.body.args.photos ?? []).map(({ sha256 }) => sha256));
    void this.#fetchSmall(store, (await store.pictures()).filter((sha256) => wanted.has(sha256)), session).catch(() => undefined);
  }

  /** Small pictures, shown as they come: none is needed to fill in the sheet. What a line that dies leaves behind comes
   * with the next sync. */
  async #fetchSmall(store: PersonStore, left: string[], token: string | null): Promise<void> {
    let over = false;
    const some = async (): Promise<void> => {
      for (let sha256 = left.shift(); sha256 && !over; sha256 = left.shift()) {
        const told = await this.link.call<ArrayBuffer>("GET", small(sha256), { token });
        over ||= told.kind === "unreachable" || (await store.standing()).session !== token; // signed out, or ended
        if (!over && told.kind === "ok" && told.body instanceof ArrayBuffer) await store.keepPictures([{ sha256, bytes: told.body }]);
      }
    };
    await Promise.all(Array.from({ length: SMALL_AT_ONCE }, some));
  }

  /** Null when the server does not have it: photos of drafts stay on their tablet, unless a rescue brought them. */
  async #photo(sha256: string, token: string | null): Promise<ArrayBuffer | null> {
    const told = await this.link.call<ArrayBuffer>("GET", `/api/blobs/${sha256}`, { token });
    if (told.kind === "unreachable") throw new Trouble("unreachable", "现在连不上服务器，草稿没有取回，请到有信号的地方再试。");
    if (told.kind === "refused" && told.status !== 404) throw new Trouble(told.code, told.sentence);
    if (told.kind === "refused" || !(told.body instanceof ArrayBuffer)) return null;
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", told.body));
    return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("") === sha256 ? told.body : null; // else a small one
  }
}
