/** What a screen may ask of the tablet. Screens know this file, the pure rules and no other part: no network, no store.
 *
 * `main.tsx` puts the parts together; tests may do so too. Every promise that writes resolves only when the write is
 * durable (IndexedDB `complete`, strict); what could not be kept rejects with a `Trouble`.
 */
import type { Draft, DraftAnswer, Entry, Photo, PhotoAbout, PhotoRole, Position } from "./model";
import type { RowOf, RowKind } from "./rows";

/** A failure told to people: `code` for tests and the office, `message` a Chinese sentence: what, where, what to do. */
export class Trouble extends Error {
  constructor(readonly code: string, message: string, readonly more: Record<string, unknown> = {}) {
    super(message);
  }
}

/** What changed, so that a screen reads again. */
export type Topic = "people" | "drafts" | "answers" | "photos" | "outbox" | "rows" | "sync" | "storage";

export interface Live {
  on(topics: readonly Topic[], hear: () => void): () => void;
  tell(...topics: Topic[]): void; // also to the other tabs
}

export interface Post { role: string; place: string; from: string; until: string | null }

/** A person known on this device. */
export interface Known {
  id: string;
  name: string; // the sign-in name is never kept; this is the name that posts carry
  title: string;
  district: string;
  posts: Post[];
  offline_until: string;
  signed_in: boolean; // a session is here (it may have run out on the server's side)
  deposit: boolean;
  waiting: number; // commands without a receipt
  photos_waiting: number;
  disabled: boolean; // the office ended the account or this tablet: what the server gave is gone, what was made stays
  drafts: number;
}

export interface People {
  list(): Promise<Known[]>;
  current(): Promise<Known | null>;
  signIn(name: string, password: string): Promise<Known>;
  enrol(ticket: string): Promise<Known>;
  changePassword(old: string, fresh: string): Promise<void>;
  choose(id: string): Promise<void>; // go on as somebody whose cache is here and whose session has not run out
  signOut(): Promise<void>; // never deletes unsent work
}

/** The rows the server gave, read from the cache with provisional overlays on top. */
export interface Rows {
  all<K extends RowKind>(kind: K): Promise<RowOf<K>[]>;
  one<K extends RowKind>(kind: K, id: string): Promise<RowOf<K> | null>;
  of<K extends "inspection" | "task">(kind: K, village: string): Promise<RowOf<K>[]>;
  complete(): Promise<boolean>; // the first pull has come to its end
}

/** A draft open on the screen: memory first, then durable, always said. */
export interface OpenDraft {
  readonly draft: Draft;
  readonly answers: ReadonlyMap<string, DraftAnswer>;
  readonly photos: readonly Photo[];
  readonly saving: boolean;
  readonly savedAt: string | null;
  readonly trouble: Trouble | null;
  answer(item: string, change: Partial<Omit<DraftAnswer, "item">>): void; // saved ≤ 300 ms after
  forget(item: string): void; // back to not filled in
  set(change: Partial<Omit<Draft, "inspection" | "round" | "village" | "checklist">>): void;
  flush(): Promise<void>; // before the camera opens, before leaving
  on(hear: () => void): () => void;
  close(): Promise<void>;
}

export interface Drafts {
  list(): Promise<Draft[]>;
  begin(wanted: Omit<Draft, "inspection" | "started_at" | "updated_at" | "signature" | "village_remarks" | "at_item" | "amends">): Promise<Draft>;
  prepare(inspection: string): Promise<void>; // read ahead, so that `open` need not wait for the disk
  open(inspection: string): Promise<OpenDraft>;
  finish(inspection: string, args: unknown, photos: string[], title: string): Promise<Entry>; // one transaction, then immutable
  amend(inspection: string): Promise<Draft>; // what was handed in, opened again to be put right
  discard(inspection: string): Promise<void>; // asked for twice by the screen; photos and answers go
}

export interface Pictures {
  /** Shrink, stamp, hash, keep. Rejects with a Trouble (`photo_unreadable`, `photo_heic`, `storage_full`, …). */
  take(file: Blob, wanted: { about: PhotoAbout; role: PhotoRole; pairs: string | null; position: Position | null; place: string; who: string }): Promise<Photo>;
  url(sha256: string, preview: boolean): Promise<string | null>; // an object URL of ours or of the cache; screens never revoke
  remove(id: string): Promise<void>; // only of a draft
  of(about: PhotoAbout["kind"], id: string): Promise<Photo[]>;
  loose(): Promise<Photo[]>; // 补充照片, and photos for a task, that were taken and never handed in
  settled(): Promise<void>; // no picture is being made any more; never rejects
  readonly making: number; // pictures taken and not yet kept
}

export interface Outbox {
  list(): Promise<Entry[]>;
  add(wanted: { verb: string; args: unknown; about: Entry["about"]; photos: string[]; replaces?: string }): Promise<Entry>;
}

export type Stage = "idle" | "text" | "previews" | "photos" | "pulling";

/** What the sending mark shows. */
export interface SyncState {
  online: boolean; // the server answered last time, not what the browser believes
  running: boolean;
  stage: Stage;
  waiting: number; // commands without receipt
  photos: {
    waiting: number;
    bytes: number;
    now: { sha256: string; sent: number; size: number } | null;
    rate: number | null; // bytes a ms, as the last pieces went
    waits: "wifi" | "unsure" | null; // by choice; unsure: the browser does not say what link it has
  };
  last_ok: string | null;
  next_try: string | null;
  problem: string | null; // a Chinese sentence
  needs: "sign_in" | "password" | "update" | null;
  skew_ms: number | null; // server's clock minus ours
  copies_failed?: number; // copies of drafts that did not arrive since the start
}

export interface Sync {
  readonly state: SyncState;
  now(photos?: boolean): void; // by hand: at once, whatever the backoff; with `photos` these too, whatever the link
}

export interface StorageState {
  persisted: boolean | null;
  used: number | null;
  quota: number | null;
  free: number | null;
  photos_allowed: boolean;
  warning: string | null;
}

/** Which link originals may take on this tablet. Words and small pictures take any. */
export type PhotoLink = "any" | "wifi";

/** A draft of mine that the server keeps a copy of and this tablet does not have. */
export interface DraftOffer { inspection: string; village: string; checklist: string; heard_at: string; answers: number; photos: number }

export interface Backups {
  offers(): Promise<DraftOffer[]>;
  take(inspection: string): Promise<{ lacking: number }>; // photos that stayed on the other tablet
  /** What I handed in on another tablet, opened here to be put right. Raises unreachable, amend_gone. */
  amend(inspection: string): Promise<void>;
}

/** What a rescue of one person's store would hold: everything that no server has receipted. */
/** `unread`: what the store would not give, of which nothing can be counted or exported. */
export interface RescueWeight { commands: number; drafts: number; photos: number; bytes: number; unread: RescueKind[] }
/** `lacking`: photos whose bytes could not be read. */
export interface RescueFile { file: File; locked: boolean; unread: RescueKind[]; lacking: number }
export type RescueKind = "commands" | "drafts" | "photos";

/** What lies here of somebody whose account ended. */
export interface LeftDraft {
  draft: Draft;
  answers: DraftAnswer[];
  photos: Photo[];
  checklist: unknown; // its body; null where it is not here
  bytes(sha256: string, preview: boolean): Promise<ArrayBuffer | null>;
}

/** 导出: all unsent work as one file, to be carried by hand. It deletes nothing. */
export interface Rescue {
  weigh(person: string): Promise<RescueWeight>;
  look(person: string): Promise<LeftDraft[]>; // of somebody whose account ended; raises look_own
  /** `passphrase` null: open to all for whoever works now; another's is always locked to the server. `tell`: 0 to 1. */
  make(person: string, passphrase: string | null, tell: (share: number) => void): Promise<RescueFile>;
}

/** Towns whose rows a district post carries along; two at most (offline_sync/pull.py). */
export interface Towns {
  chosen(): Promise<string[]>;
  choose(codes: readonly string[]): Promise<void>;
}

export interface Tablet {
  readonly live: Live;
  readonly people: People;
  readonly rows: Rows;
  readonly drafts: Drafts;
  readonly pictures: Pictures;
  readonly outbox: Outbox;
  readonly sync: Sync;
  readonly rescue: Rescue;
  readonly backups: Backups;
  readonly towns: Towns;
  readonly storage: { state(): Promise<StorageState> };
  readonly photoLink: { chosen(): PhotoLink; choose(link: PhotoLink): void };
  readonly where: { now(timeout_ms: number): Promise<Position | null> }; // null: 无定位
  readonly build: string;
}
