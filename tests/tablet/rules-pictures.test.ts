import assert from "node:assert/strict";
import { test } from "node:test";
import { type Seen, worthSeeing } from "../../offline_sync/tablet/rules/pictures";

const photo = (id: string, state: "expected" | "stored" | "waived" = "stored", has_preview = false) => ({ id, state, has_preview });
const task = (stage: Seen["tasks"][number]["stage"], deadline: string, ...ids: string[]) =>
  ({ id: `task ${ids[0]}`, stage, deadline, photos: ids.map((id) => ({ id, sha256: `#${id}`, role: "before" as const, pairs: null })) });
const visit = (village: string, finished_at: string, ids: string[], stage: "submitted" | "void" = "submitted") => ({
  village, finished_at, stage, checklist: { code: "RE", version: "1.0", sha256: "" },
  photos: ids.map((id) => ({ id, sha256: `#${id}`, role: "before" as const, finding: id.startsWith("s") ? null : "f" })),
});

test("what is to be reviewed first, then what was drawn to be looked at again, open tasks by deadline, then what was lost last time; each once", () => {
  const seen: Seen = {
    tasks: [task("accepted", "2026-11-21", "b"), task("accepted", "2026-11-20", "a"), task("submitted", "2026-11-30", "r", "q"), task("closed", "2026-11-01", "old"), task("closed", "2026-10-01", "drawn"), task("closed", "2026-10-01", "looked")],
    lookBacks: [{ task: "task drawn", outcome: "" }, { task: "task looked", outcome: "fine" }],
    inspections: [visit("v", "2026-10-01", ["ten"]), visit("v", "2026-11-01", ["a", "new", "sign"]), visit("w", "2026-11-02", ["gone"], "void")],
    photos: ["a", "b", "q", "r", "old", "ten", "new", "sign", "gone", "drawn", "looked"].map((id) => photo(id)),
  };
  assert.deepEqual(worthSeeing(seen), ["#r", "#q", "#drawn", "#a", "#b", "#new"]);
});

test("only what the server can give: the bytes, or a preview ahead of them", () => {
  const photos = [photo("a", "expected"), photo("b", "expected", true), photo("c", "waived"), photo("d")];
  assert.deepEqual(worthSeeing({ tasks: [task("accepted", "2026-11-20", "a", "b", "c", "d", "unknown")], lookBacks: [], inspections: [], photos }), ["#b", "#d"]);
});
