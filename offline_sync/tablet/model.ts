/** What the tablet keeps of its own: drafts, photos, what waits to be sent. Server rows and wire shapes: `wire.d.ts`.
 *
 * Points and measured values are decimal strings, times RFC 3339 with offset, ids UUIDs, places division codes.
 */

export interface Position {
  lat: number; // WGS-84 degrees
  lng: number;
  accuracy: number | null; // metres
}

/** The very checklist a draft was begun with. */
export interface ChecklistRef {
  code: string;
  version: string;
  sha256: string;
}

export type Action = "dispatch" | "fixed" | "record";
export type Severity = "minor" | "major" | "critical";

/** One spot where something was found (问题点位). `photos` and `after` are ids of kept photos. */
export interface DraftFinding {
  id: string;
  place: string;
  text: string;
  rule: string | null;
  count: number;
  position: Position | null;
  photos: string[];
  after: string[];
  action: Action;
  unit: string | null;
  severity: Severity;
  days: number | null;
}

export interface DraftVeto {
  text: string;
  second: string | null;
}

/** What was tapped for one item; only its method's own field is set, null means not filled in. */
export interface DraftAnswer {
  item: string;
  counts: Record<string, number> | null;
  level: string | null;
  yes: boolean | null;
  value: string | null;
  points: string | null;
  drawn: number[] | null;
  failed: number[] | null;
  na: boolean;
  note: string;
  veto: DraftVeto | null;
  findings: DraftFinding[];
}

export interface DraftSignature {
  name: string;
  photo: string | null;
  refused: string | null; // 拒签: why
}

/** 更正: what a draft puts right, when the visit itself was handed in before. */
export interface Amends {
  base_rev: number | null; // of the visit as it was opened again; null: the server had not spoken yet
  finished_at: string; // when the visit itself ended
  reason: string;
  sent: string[]; // photos that were handed in with it
  dropped: string[]; // photos of the visit that are not part of its sheet
}

/** A visit being filled in, without its answers (a row each). */
export interface Draft {
  inspection: string;
  round: string;
  village: string;
  checklist: ChecklistRef;
  assignment: string | null;
  inspectors: string[]; // the author first
  started_at: string;
  updated_at: string;
  position: Position | null;
  signature: DraftSignature | null;
  village_remarks: string;
  at_item: string | null; // where the person stood, to go on there
  amends?: Amends;
}

export type PhotoRole = "before" | "after" | "signature" | "scene";

/** What a photo is about; the item and finding it proves where it proves one. */
export type PhotoAbout =
  | { kind: "inspection"; id: string; item: string | null; finding: string | null; link?: string } // link: 补充照片, where it is handed in
  | { kind: "task"; id: string };

/** A photo taken here. Its bytes lie beside it by `sha256` until the server has and backs them up. */
export interface Photo {
  id: string;
  sha256: string;
  size: number;
  mime: string;
  width: number;
  height: number;
  taken_at: string;
  position: Position | null;
  pairs: string | null; // the before-photo it answers
  role: PhotoRole;
  about: PhotoAbout;
  stored_at: string | null; // when the server said that the bytes are there
  preview_sent: boolean;
  kept_at: string;
  problem?: string | null; // why it could not be sent so far, in words
  whole?: true; // as the camera gave it: it could not be made smaller, and bears no strip
}

export type Terminal = "applied" | "merged" | "noop" | "conflict" | "rejected" | "held";

/** The server's last word on a command (its receipt). */
export interface Verdict {
  status: Terminal;
  rev: number;
  reason: string;
  message: string;
  data: Record<string, unknown>;
  at: string;
}

/** One act, immutable from the moment it is here. `args` is exactly what travels. */
export interface Entry {
  id: string;
  seq: number;
  verb: string;
  v: number;
  at: string;
  mono: number;
  boot: string;
  args: unknown;
  replaces: string | null;
  about: { kind: "inspection" | "task" | "village" | "card"; id: string; village: string | null; title: string };
  photos: string[]; // ids of the photos its args name
  verdict: Verdict | null; // null: waits
  tries: number;
  problem: string | null; // why the last try did not get an answer, in words
}
