/** Drafts beside the server's copies of them: which to send, which the server has and this tablet lacks, taking one back.
 *
 * A copy counts in twos, and takes its number before it travels: an answer that was lost must not let a newer copy go
 * under a number that is taken. Nothing of a draft that is here is ever overwritten.
 */
import type { Draft, DraftFinding, Photo } from "../model";
import { type DraftOffer, Trouble } from "../tablet";
import { type Backed, COPY_STORES, type DraftCopy, backedName, backedOf, copyOf } from "./draft-copy";
import { checklistName } from "./draft-store";
import { sameVisit } from "./drafts";
import type { PhotoKept } from "./shapes";
import type { Mine } from "./shelf";
import type { Cache, Core } from "./store";

const BACKED = "backup ";
const OFFER = "offer ";

/** A copy to send; `text` null: the draft ended here (handed in, or thrown away), so its copy is no more. */
export interface Unsent { inspection: string; hash: string; text: string | null }
export interface Offered { inspection: string; rev: number; heard_at: string; copy: DraftCopy }

/** What the server's copies lack. */
export async function unsentCopies(core: Core): Promise<Unsent[]> {
  const { copies, marks, ended } = await core.read([...COPY_STORES, "outbox"], async (t) => {
    const ids = await t.keys("drafts");
    const all = await Promise.all(ids.map((id) => copyOf(t, id)));
    const kept = await t.all("meta", { starts: BACKED });
    const old = kept.filter(({ name, value }) => !(value as Backed).gone && !ids.includes(name.slice(BACKED.length))).map(({ name }) => name.slice(BACKED.length));
    // Handed in and not received yet: until then the copy is worth something.
    const on_way = new Set((await t.all("outbox", { index: "queue" })).map((entry) => entry.about.id));
    return { copies: all.flatMap((copy) => copy ?? []), marks: new Map(kept.map(({ name, value }) => [name, value as Backed])), ended: old.filter((id) => !on_way.has(id)) };
  });
  const unsent: Unsent[] = ended.map((inspection) => ({ inspection, hash: "", text: null }));
  for (const copy of copies) {
    const text = JSON.stringify(copy);
    const hash = await hashOf(text);
    const { inspection } = copy.draft;
    if (marks.get(backedName(inspection))?.hash !== hash) unsent.push({ inspection, hash, text });
  }
  return unsent;
}

/** The number under which the next copy travels; it is taken whether that copy arrives or not. */
export async function nextRev(core: Core, inspection: string): Promise<number> {
  return core.write(["meta"], async (t) => {
    const { rev } = await backedOf(t, inspection);
    t.put("meta", { name: backedName(inspection), value: { rev: rev + 2, hash: "" } });
    return rev + 2;
  });
}

/** The server has this copy. */
export async function markBacked(core: Core, { inspection, hash, text }: Unsent): Promise<void> {
  await core.write(["meta"], async (t) => {
    const { rev } = await backedOf(t, inspection);
    t.put("meta", { name: backedName(inspection), value: { rev, hash, ...(text === null ? { gone: true } : {}) } });
  });
}

/** The server may have lost them all: they go again. */
export async function forgetBacked(core: Core): Promise<void> {
  await core.write(["meta"], async (t) => {
    for (const { name, value } of await t.all("meta", { starts: BACKED })) t.put("meta", { name, value: { rev: (value as Backed).rev, hash: "" } });
  });
}

/** Of the copies the server has: those worth fetching. What was begun, ended or handed in here is not. */
export async function lackedCopies(core: Core, cache: Cache, there: readonly { inspection: string; rev: number }[]): Promise<string[]> {
  const known = await core.read(["drafts", "meta", "outbox"], async (t) => new Set([
    ...(await t.keys("drafts")), ...(await t.keys("meta", { starts: BACKED })).map((name) => name.slice(BACKED.length)),
    ...(await t.all("outbox")).map((entry) => entry.about.id),
  ]));
  const lacked = there.filter(({ inspection }) => !known.has(inspection));
  return cache.write(["meta"], async (t) => {
    const kept = await t.all("meta", { starts: OFFER });
    const held = new Map(kept.map(({ name, value }) => [name.slice(OFFER.length), (value as Offered).rev]));
    for (const id of held.keys()) if (!lacked.some(({ inspection }) => inspection === id)) t.remove("meta", OFFER + id);
    return lacked.filter(({ inspection, rev }) => held.get(inspection) !== rev).map(({ inspection }) => inspection);
  });
}

export async function keepOffer(cache: Cache, offer: Offered): Promise<void> {
  await cache.write(["meta"], async (t) => t.put("meta", { name: OFFER + offer.inspection, value: offer }));
}

const offersIn = async (cache: Cache): Promise<Offered[]> =>
  (await cache.read(["meta"], (t) => t.all("meta", { starts: OFFER }))).map(({ value }) => value as Offered);

/** What can be taken back here now, the newest first; not where this visit was begun anew. */
export async function listOffers({ core, cache }: Mine): Promise<DraftOffer[]> {
  const [offers, drafts, outbox] = await Promise.all([
    offersIn(cache), core.read(["drafts"], (t) => t.all("drafts")), core.read(["outbox"], (t) => t.all("outbox")),
  ]);
  const free = offers.filter(({ copy }) => !drafts.some((draft) => draft.inspection === copy.draft.inspection || sameVisit(draft, copy.draft))
    && !outbox.some((entry) => entry.about.id === copy.draft.inspection));
  return free.sort((a, b) => (a.heard_at < b.heard_at ? 1 : -1)).map(({ inspection, heard_at, copy: { draft, answers, photos } }) =>
    ({ inspection, village: draft.village, checklist: draft.checklist.code, heard_at, answers: answers.length, photos: photos.length }));
}

export const offered = async (cache: Cache, inspection: string): Promise<Offered | null> =>
  (await offersIn(cache)).find((one) => one.inspection === inspection) ?? null;

/** The draft is here from now on. `bytes`: of those photos that the server had; what shows the others lets them go. */
export async function takeBack({ core, cache }: Mine, { inspection, rev, copy }: Offered, bytes: ReadonlyMap<string, ArrayBuffer>): Promise<void> {
  const here = copy.photos.filter((photo) => bytes.has(photo.sha256));
  const draft = without(copy.draft, new Set(here.map(({ id }) => id)));
  const ids = new Set(here.map(({ id }) => id));
  const list = await cache.read(["rows"], (t) => t.get("rows", ["checklist", draft.checklist.sha256]));
  await core.write(["drafts", "answers", "photos", "bytes", "meta", "outbox"], async (t) => {
    const taken = (await t.all("drafts")).some((other) => other.inspection === inspection || sameVisit(other, draft))
      || (await t.all("outbox", { index: "about", is: ["inspection", inspection] })).length > 0;
    if (taken) throw new Trouble("draft_here", "本机已有这个村的检查，没有取回，以免两份混在一起。请在本机的草稿里继续填。");
    t.put("drafts", { ...draft, holder: null });
    for (const answer of copy.answers) {
      t.put("answers", { inspection, item: answer.item, answer: { ...answer, findings: answer.findings.map((one) => shown(one, ids)) } });
    }
    for (const photo of here) {
      t.put("photos", keptPhoto(photo));
      t.put("bytes", { sha256: photo.sha256, bytes: bytes.get(photo.sha256)! });
    }
    if (list) t.put("meta", { name: checklistName(list.id), value: list });
    t.put("meta", { name: backedName(inspection), value: { rev, hash: "" } });
  });
  await cache.write(["meta"], async (t) => t.remove("meta", OFFER + inspection));
}

const shown = (finding: DraftFinding, here: ReadonlySet<string>): DraftFinding =>
  ({ ...finding, photos: finding.photos.filter((id) => here.has(id)), after: finding.after.filter((id) => here.has(id)) });

/** A signature without its picture is none. */
const without = (draft: Draft, here: ReadonlySet<string>): Draft =>
  draft.signature?.photo && !here.has(draft.signature.photo) ? { ...draft, signature: null } : draft;

const keptPhoto = (photo: Photo): PhotoKept => ({ ...photo, stored_at: null, preview_sent: false, named: null });

async function hashOf(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
