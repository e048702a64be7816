/** What lies in the three databases, and the steps by which they came to look so. Steps are only ever added. */
import type { Draft, DraftAnswer, Entry, Photo } from "../model";
import type { RowKind } from "../rows";
import type { Post } from "../tablet";

/** Database `device`: who is known here. Tokens lie here and nowhere else. */
export interface PersonKept {
  id: string;
  name: string;
  title: string;
  district: string;
  posts: Post[];
  offline_until: string;
  session: string | null; // token; null after signing out, or when the server no longer takes it
  deposit: string | null; // token that only hands in
  must_change: boolean; // signed in by a one-time password
  disabled: boolean; // the office ended the account or this tablet
  backup_horizon: string | null; // the server's latest word on what its backups cover
  limits: Record<string, number>;
  verified_at: string | null; // when the sums were compared last, and by which build
  verified_build: string | null;
  last_ok: string | null; // when a sync last came to its end
}
/** What a sign-in tells of a person. */
export type Entered = Pick<
  PersonKept,
  "id" | "name" | "title" | "district" | "posts" | "offline_until" | "session" | "deposit" | "must_change"
>;
export type DeviceShape = {
  meta: { key: string; value: { name: string; value: unknown } }; // device id, current person
  people: { key: string; value: PersonKept };
};

/** What this store's own sequence belongs to. `seq` is the last number given out, `made` counts across replicas. */
export interface ReplicaKept {
  id: string;
  seq: number;
  made: number;
  epoch: string | null;
}
/** `holder` names the window that may write; the last one to open it. */
export interface DraftKept extends Draft {
  holder: string | null;
}
export interface AnswerKept {
  inspection: string;
  item: string;
  answer: DraftAnswer;
}
/** `waits` is there (1) as long as there is no verdict; an index counts by it. `nth`: order of making. */
export interface EntryKept extends Entry {
  replica: string;
  nth: number;
  waits?: 1;
}
/** `named`: the command that names it. `waits` (1): named and not yet stored on the server. */
export interface PhotoKept extends Photo {
  named: string | null;
  waits?: 1;
}
export interface BytesKept {
  sha256: string;
  bytes: ArrayBuffer; // never a Blob: WebKit loses those
}
/** Database `core-<person>`: what the person made. */
export type CoreShape = {
  meta: { key: string; value: { name: string; value: unknown } };
  drafts: { key: string; value: DraftKept };
  answers: { key: [string, string]; value: AnswerKept };
  outbox: { key: string; value: EntryKept };
  photos: { key: string; value: PhotoKept };
  bytes: { key: string; value: BytesKept };
  previews: { key: string; value: BytesKept };
};

/** `scopes`: those it was told in; `gens`: by which fetch of each. A row without a scope is not kept. */
export interface RowKept {
  kind: RowKind;
  id: string;
  rev: number;
  scopes: string[];
  gens: number[];
  village?: string;
  row: unknown;
}
/** How far a scope has been read. `whole`: to its end once; `doubted`: what an older fetch than `since` told. */
export interface ScopeKept {
  scope: string;
  cursor: number;
  floor: number;
  whole: boolean;
  doubted: boolean;
  since: number;
}
/** Database `cache-<person>`: what the server gave; may vanish any time. */
export type CacheShape = {
  meta: { key: string; value: { name: string; value: unknown } };
  rows: { key: [string, string]; value: RowKept };
  scopes: { key: string; value: ScopeKept };
  previews: { key: string; value: BytesKept };
};

/** One step of a schema: stores to make (key path); indexes to add (store, name, key path, "each" of an array's). */
export interface Step {
  stores?: Record<string, string | string[]>;
  indexes?: [string, string, string | string[], "each"?][];
}

export const DEVICE_STEPS: readonly Step[] = [{ stores: { meta: "name", people: "id" } }];

export const CORE_STEPS: readonly Step[] = [
  {
    stores: {
      meta: "name", drafts: "inspection", answers: ["inspection", "item"], outbox: "id", photos: "id",
      bytes: "sha256", previews: "sha256",
    },
    indexes: [
      ["outbox", "queue", ["waits", "seq"]], ["outbox", "about", ["about.kind", "about.id"]],
      ["photos", "waits", "waits"], ["photos", "about", ["about.kind", "about.id"]], ["photos", "sha256", "sha256"],
    ],
  },
];

export const CACHE_STEPS: readonly Step[] = [
  {
    stores: { meta: "name", rows: ["kind", "id"], scopes: "scope", previews: "sha256" },
    indexes: [["rows", "scopes", "scopes", "each"], ["rows", "village", ["kind", "village"]]],
  },
];
