/** What the sync asks of the stores; `keep/` gives it. Every promise that writes resolves when the write is durable.
 *
 * One PersonStore is one person's pair of stores (core and cache). Nothing here deletes what waits to be sent.
 */
import type { Entry, Photo, Verdict } from "../model";
import type { ServersVisit } from "../keep/amend";
import type { Offered, Unsent } from "../keep/backups";
import type { DraftOffer, Known, Post } from "../tablet";
import type { PullOut } from "../wire";

/** What this device knows of a person: who, by which tokens, and where their replica stands. Lies in core. */
export interface Standing {
  id: string;
  name: string;
  title: string;
  district: string;
  posts: Post[];
  offline_until: string;
  session: string | null; // token; null after signing out or when the server no longer takes it
  deposit: string | null; // token that only hands in
  must_change: boolean; // signed in by a one-time password
  disabled: boolean; // the server said: wipe
  replica: string;
  epoch: string | null;
  backup_horizon: string | null;
  limits: Record<string, number>;
  verified_at: string | null; // when the sums were compared last
  verified_build: string | null;
  last_ok: string | null; // when a run went well to its end
}

export type { Offered, Unsent };

/** An entry with the replica under which its `seq` counts. */
export type Numbered = Entry & { replica: string };

/** What a sign-in tells. */
export type Entered = Pick<
  Standing, "id" | "name" | "title" | "district" | "posts" | "offline_until" | "session" | "deposit" | "must_change"
>;

/** What the server said of a page; `gone` are rows that left a scope. */
export type Page = PullOut & { gone?: { scope: string; rev: number; kind: string; id: string }[] };

export interface ScopeSum {
  n: number;
  x: string; // XOR of the first 8 bytes of SHA-256(`kind|id|rev`), 16 hex digits
}

export interface PersonStore {
  readonly person: string;
  standing(): Promise<Standing>;
  mark(change: Partial<Omit<Standing, "id">>): Promise<void>;

  // outbox
  waiting(): Promise<Numbered[]>; // without verdict, by seq
  kept(): Promise<Numbered[]>; // all that are still here, in the order of making
  settle(verdicts: ReadonlyMap<string, Verdict>): Promise<void>; // by entry id, one transaction; problems go
  note(ids: readonly string[], problem: string | null, tried: boolean): Promise<void>; // why no answer came; `tried` counts
  reopen(ids: readonly string[]): Promise<void>; // the server lost them: their verdicts go, they wait again
  /** Number the waiting entries anew from `first`, in this order (those not named follow by their old seq), and the
   * next entry after them; under a new replica where one is given. One transaction; ids, bodies and receipts stay. */
  renumber(order: readonly string[], first: number, replica: string | null): Promise<void>;

  // photos
  photos(): Promise<Photo[]>; // what is known of each, without bytes
  bytes(sha256: string): Promise<ArrayBuffer | null>;
  preview(sha256: string): Promise<ArrayBuffer | null>;
  told(sha256s: readonly string[], news: { stored_at?: string | null; preview_sent?: boolean; problem?: string | null }): Promise<void>;

  // copies of drafts (keep/backups.ts)
  unsent(): Promise<Unsent[]>; // what the server's copies lack
  nextRev(inspection: string): Promise<number>; // taken whether the copy arrives or not
  backed(copy: Unsent): Promise<void>;
  lacking(there: readonly { inspection: string; rev: number }[]): Promise<string[]>; // worth fetching
  keepOffer(offer: Offered): Promise<void>;
  offers(): Promise<DraftOffer[]>;
  offer(inspection: string): Promise<Offered | null>;
  takeBack(offer: Offered, bytes: ReadonlyMap<string, ArrayBuffer>): Promise<void>;
  amend(visit: ServersVisit): Promise<void>; // a draft again

  // cache
  cursors(): Promise<Record<string, number>>;
  /** A page whole, with its cursors; false (and nothing done) when the cursors are no longer those it was asked with. */
  apply(asked: Readonly<Record<string, number>>, page: Page): Promise<boolean>;
  sums(scopes: readonly string[]): Promise<Record<string, ScopeSum>>;
  refetch(scopes: readonly string[]): Promise<void>; // these scopes' rows and cursors go
  pictures(): Promise<string[]>; // hashes of small pictures that the cache lacks, most wanted first
  keepPictures(pictures: readonly { sha256: string; bytes: ArrayBuffer }[]): Promise<void>;
  dropCache(): Promise<void>; // rows, cursors, previews; core stays
  clean(): Promise<void>; // what may leave core by now (sync.md §5)
}

/** The people known on this device. */
export interface Stores {
  device(): Promise<string>; // this installation's UUID
  people(): Promise<Standing[]>;
  known(): Promise<Known[]>; // the same as screens see them, with what waits
  current(): Promise<string | null>;
  setCurrent(id: string | null): Promise<void>;
  enter(person: Entered): Promise<void>; // new, or known before: then who and tokens only
  of(id: string): Promise<PersonStore>;
}
