/** A page with the sheet alone, over the tablet in memory: for looking at it and timing it (`#/visit/…`, `#/evidence/…`). */
import { render } from "preact";
import { TabletContext } from "../../offline_sync/tablet/parts/hooks";
import { useRoute } from "../../offline_sync/tablet/parts/route";
import { readEvidenceLink } from "../../offline_sync/tablet/rules/links";
import { Evidence } from "../../offline_sync/tablet/screens/evidence";
import { Sheet } from "../../offline_sync/tablet/screens/sheet/sheet";
import shared from "../shared/scoring.json";
import { fakeTablet } from "./fakes";
import { AUTHOR, SECOND, VISIT, draft, filled, id } from "./sheets";

const lists = Object.entries(shared.checklists).map(([code, body], n) => {
  const sha256 = (shared.sha256 as Record<string, string>)[code] ?? String(n).padStart(64, "0");
  return { key: sha256, rev: 1, code, version: "1.0", sha256, title: body.checklist.title, stage: "published" as const, body: body as never };
});
const round = { key: draft.round, rev: 1, id: draft.round, name: "2026年11月月检查", number: "2026-11-M", type: "monthly", stage: "started", owner: "110109", opens: "2026-11-01", closes: "2026-11-30", checklists: [] } as const;
const fake = fakeTablet({
  checklist: lists, round: [{ ...round, checklists: [] }],
  village: [{ key: draft.village, rev: 1, code: draft.village, name: "安家庄村", aliases: [], town: "110109105", location: null, groups: [], tags: [], search: "" }],
  unit: [{ key: "110109-d03", rev: 1, code: "110109-d03", name: "区城市管理委", kind: "department", active: true }, { key: "110109-d05", rev: 1, code: "110109-d05", name: "区水务局", kind: "department", active: true }],
  assignment: [{ key: draft.assignment ?? "", rev: 1, id: draft.assignment ?? "", round: draft.round, village: draft.village, checklist: "RE", with: [SECOND], with_names: { [SECOND]: "检查员乙" }, draw: false, stage: "open" }],
} as never, { id: AUTHOR, title: "检查员甲" });
fake.drafts.set(VISIT, { draft, answers: new Map() });
fake.drafts.set(id(4), { draft: { ...draft, inspection: id(4) }, answers: filled() });
const all = lists.find((one) => one.code === "ALL");
fake.drafts.set(id(5), { draft: { ...draft, inspection: id(5), checklist: { code: "ALL", version: "1.0", sha256: all?.sha256 ?? "" } }, answers: new Map() });
Object.assign(globalThis, { fake });

function Page() {
  const [place, visit = "", part = ""] = useRoute();
  if (place === "evidence") return <Evidence link={readEvidenceLink(location.hash)} />;
  return place === "visit" ? <Sheet key={visit} inspection={visit} part={part} /> : <a href={`#/visit/${VISIT}`}>检查表</a>;
}

const root = document.getElementById("app");
if (root) render(<TabletContext.Provider value={fake.tablet}><Page /></TabletContext.Provider>, root);
