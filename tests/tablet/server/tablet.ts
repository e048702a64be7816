/** A tablet without a screen: the real stores, the real sync, photos put where the camera would put them. */
import "fake-indexeddb/auto";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { IDBFactory } from "fake-indexeddb";
import { addEntry } from "../../../offline_sync/tablet/keep/outbox";
import { Shelf } from "../../../offline_sync/tablet/keep/shelf";
import { DeviceStores } from "../../../offline_sync/tablet/keep/stores";
import type { Entry, Photo } from "../../../offline_sync/tablet/model";
import { newId } from "../../../offline_sync/tablet/rules/ids";
import { Backoff } from "../../../offline_sync/tablet/sync/backoff";
import { Engine } from "../../../offline_sync/tablet/sync/engine";
import { Link } from "../../../offline_sync/tablet/sync/link";
import { Sessions } from "../../../offline_sync/tablet/sync/sessions";
import { ownLive } from "../keep-house";
import { pause, until } from "./house";

export const VILLAGE = "110109005201"; // 安家庄村
export const WORD = "xuncun-demo";
const ROOT = process.env.TABLET_ROOT ?? process.cwd();
const SHARED = JSON.parse(readFileSync(join(ROOT, "tests/shared/scoring.json"), "utf8")) as { full: { RE: { item: string }[] } };
export const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export interface Shot {
  original: Buffer;
  preview: Buffer;
}

export class Tablet {
  readonly live = ownLive();
  readonly shelf = new Shelf(this.live);
  readonly stores = new DeviceStores(this.shelf);
  readonly link: Link;
  readonly engine: Engine;
  readonly people: Sessions;

  /** Another window on what lies in `globalThis.indexedDB`. Short waits: `wait_ms` after every failure. */
  readonly backoff = new Backoff();

  constructor(readonly url: string, wait_ms = 40, build = "1", copy_ms = 60_000) {
    this.link = new Link(url);
    this.backoff.failed = () => wait_ms;
    this.engine = new Engine({ stores: this.stores, link: this.link, live: this.live, build, platform: "node", backoff: this.backoff, copy_ms });
    this.people = new Sessions(this.stores, this.link, this.live, { label: "试验平板", platform: "node", build }, this.engine);
  }

  async open(): Promise<this> {
    this.engine.start();
    return this;
  }

  /** Gives up the window; whatever is in the stores stays. */
  async close(): Promise<void> {
    await this.engine.close();
    this.shelf.close();
  }

  async me(): Promise<string> {
    const id = await this.stores.current();
    if (!id) throw new Error("nobody signed in");
    return id;
  }

  async store(id?: string) {
    return this.stores.of(id ?? (await this.me()));
  }

  async act(verb: string, args: unknown, photos: string[] = [], who?: string): Promise<Entry> {
    const { core } = this.shelf.of(who ?? (await this.me()));
    const entry = await addEntry(core, { verb, args, photos, about: { kind: "task", id: "-", village: null, title: verb } });
    this.live.tell("outbox", "rows");
    return entry;
  }

  /** A photo as the camera keeps it. */
  async keep(shot: Shot, inspection: string): Promise<Photo> {
    const photo: Photo = {
      id: newId(), sha256: sha(shot.original), size: shot.original.length, mime: "image/jpeg", width: 400, height: 400,
      taken_at: "2026-11-20T08:05:00+08:00", position: { lat: 39.97, lng: 116.01, accuracy: 8 }, pairs: null, role: "before",
      about: { kind: "inspection", id: inspection, item: "RE-1.1", finding: null }, stored_at: null, preview_sent: false,
      kept_at: new Date().toISOString(),
    };
    const bytes = (data: Buffer): ArrayBuffer => Uint8Array.from(data).buffer;
    await this.shelf.of(await this.me()).core.write(["photos", "bytes", "previews"], async (t) => {
      t.put("photos", { ...photo, named: null });
      t.put("bytes", { sha256: photo.sha256, bytes: bytes(shot.original) });
      t.put("previews", { sha256: photo.sha256, bytes: bytes(shot.preview) });
    });
    return photo;
  }

  /** Rows of one kind in the cache of whoever works now. */
  async rows<T = Record<string, unknown>>(kind: string): Promise<(T & { id: string })[]> {
    const kept = await this.shelf.of(await this.me()).cache.read(["rows"], (t) => t.all("rows"));
    return kept.filter((one) => one.kind === kind).map((one) => ({ id: one.id, ...(one.row as T) }));
  }

  /** A whole visit of RE, a finding for each shot. */
  async visit(shots: Shot[], village = VILLAGE): Promise<{ entry: Entry; inspection: string; photos: Photo[] }> {
    const inspection = newId();
    const photos: Photo[] = [];
    for (const shot of shots) photos.push(await this.keep(shot, inspection));
    const entry = await this.act("inspection.submit", await this.sheet(inspection, photos, village), photos.map((one) => one.id));
    return { entry, inspection, photos };
  }

  async sheet(inspection: string, photos: Photo[], village = VILLAGE): Promise<unknown> {
    const round = (await this.rows<{ stage: string; checklists: { code: string; version: string; sha256: string }[] }>("round")).find((one) => one.stage === "started");
    const list = round?.checklists.find((one) => one.code === "RE");
    if (!round || !list) throw new Error("no round in the cache");
    const findings = photos.map((photo, place) => ({
      id: newId(), place: "村委会东侧", text: `散落垃圾${place}`, rule: "each", count: 1, position: null, photos: [photo.id], after: [],
      action: "dispatch", unit: null, severity: null, days: null,
    }));
    const answers = SHARED.full.RE.filter((one) => one.item !== "RE-9.3").map((one) =>
      one.item === "RE-1.1" ? { item: one.item, counts: { each: photos.length }, findings } : one);
    return {
      inspection, round: round.id, village, checklist: { code: list.code, version: list.version, sha256: list.sha256 },
      inspectors: [await this.me()], started_at: "2026-11-20T08:00:00+08:00", finished_at: "2026-11-20T09:00:00+08:00",
      position: null, answers, signature: { name: "王书记", photo: null, refused: null }, village_remarks: "",
      photos: photos.map(({ id, sha256, size, mime, width, height, taken_at, position }) =>
        ({ id, sha256, size, mime, width, height, taken_at, position })),
    };
  }

  /** Until nothing of `who` waits any more. */
  async drained(who?: string, ms = Number(process.env.TABLET_PATIENCE ?? 60_000)): Promise<void> {
    const id = who ?? (await this.me());
    await until(() => `the drain of ${id}; ${JSON.stringify(this.engine.state)}`, async () => {
      const known = (await this.stores.known()).find((one) => one.id === id);
      return known !== undefined && known.waiting === 0 && known.photos_waiting === 0;
    }, ms);
  }

  /** Until the engine rests, well or not: between a run and the one that was asked for meanwhile lies a moment. */
  async idle(ms = Number(process.env.TABLET_PATIENCE ?? 60_000)): Promise<void> {
    const rests = (): boolean => !this.engine.state.running;
    await until(() => `rest; ${JSON.stringify(this.engine.state)}`, async () => rests() && (await pause(60), rests()), ms);
  }

  /** Until the engine has nothing under way and its last run went well. */
  async calm(ms = Number(process.env.TABLET_PATIENCE ?? 60_000)): Promise<void> {
    await until(() => `calm; ${JSON.stringify(this.engine.state)}`, () => !this.engine.state.running && this.engine.state.problem === null && this.engine.state.last_ok !== null, ms);
    await this.idle(ms);
  }
}

/** An empty tablet with nobody known on it. */
export function newDevice(): void {
  globalThis.indexedDB = new IDBFactory();
}

/** Somebody signed in who has all their rows. */
export async function begun(url: string, name: string): Promise<Tablet> {
  newDevice();
  const tablet = await new Tablet(url).open();
  await tablet.people.signIn(name, WORD);
  await tablet.calm();
  return tablet;
}
