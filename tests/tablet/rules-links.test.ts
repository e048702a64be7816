import assert from "node:assert/strict";
import { test } from "node:test";
import { evidenceLink, readEvidenceLink } from "../../offline_sync/tablet/rules/links";
import { VISIT, draft } from "./sheets";

const visit = { inspection: VISIT, round: draft.round, village: draft.village, checklist: draft.checklist.sha256 };

test("a scanned visit is read as it was shown, whatever address the tablet stands under", () => {
  const link = evidenceLink(visit);
  const read = { ...visit, checklist: visit.checklist.slice(0, 12) };
  for (const text of [link, `#${link}`, `https://192.168.1.5:8443/tablet/#${link}`, ` https://x/tablet/#${link}\n`]) {
    assert.deepEqual(readEvidenceLink(text), read, text);
  }
  assert.deepEqual(readEvidenceLink(evidenceLink(read)), read);
});

test("the inspection alone is enough; what is not known is not made up", () => {
  const bare = { inspection: VISIT, round: null, village: null, checklist: null };
  assert.deepEqual(readEvidenceLink(`#/evidence/${VISIT}`), bare);
  assert.deepEqual(readEvidenceLink(evidenceLink(bare)), bare);
  for (const text of ["", "https://x/p/110109105210", `#/visit/${VISIT}`, "#/evidence/1", `#/evidence/${VISIT.toUpperCase()}x`]) {
    assert.equal(readEvidenceLink(text), null, text);
  }
});

test("the code holds no name", () => assert.match(evidenceLink(visit), /^\/evidence\/[0-9a-f-]+\/[0-9a-f-]+\/\d{12}\/[0-9a-f]{12}$/));
