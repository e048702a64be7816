/** One village, without network: the visit to be made, what was found last time, what is still open. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Empty, Loading, Note, Part, TroubleCard } from "../parts/bits";
import { Button, LinkButton } from "../parts/button";
import { Frame } from "../parts/frame";
import { useAct, useLive, useNow, useTablet } from "../parts/hooks";
import { Sign } from "../parts/sign";
import { go } from "../parts/route";
import type { Position } from "../model";
import { evidenceLink } from "../rules/links";
import { CHECKLIST, word } from "../rules/office-words";
import { told, windowWords } from "../rules/when";
import { Trouble } from "../tablet";
import { useAhead } from "./ahead";
import { PastVisits } from "./past-visits";
import { TaskRows } from "./task-rows";
import { readVillage } from "./village-data";
import type { MyVisit } from "./village-data";
import { Whereabouts } from "./whereabouts";

export function Village({ code }: { code: string }) {
  const now = useNow();
  const village = useLive(["rows", "drafts", "outbox"], (tablet) => readVillage(tablet, code, now), [code, Math.floor(now / 300_000)]);
  const position = usePosition();
  const data = village.value;
  useAhead(data?.mine.find(({ sign }) => sign === "draft")?.inspection, data);
  if (!data) {
    return (
      <Frame title="村庄" back="/">
        {village.trouble ? <TroubleCard trouble={village.trouble} again={village.again} /> : <MaybeUnknown code={code} waiting={village} />}
      </Frame>
    );
  }
  const aliases = data.row.aliases.length ? `又名 ${data.row.aliases.join("、")}` : "";
  return (
    <Frame title={data.row.name} sub={[data.town, aliases].filter(Boolean).join(" · ")} back="/" wide>
      <div class="village">
        <div>
          {data.mine.map((visit) => <VisitCard key={visit.assignment} visit={visit} position={position} second={visit.sign === "todo" && data.mine.some((one) => one.sign === "draft")} />)}
          {!data.mine.length && <Note>这个村现在没有安排给您检查。可以看上次的情况，也可以复核整改。</Note>}
          <Part title={`未销号任务 ${data.tasks.length || ""}`}>
            {data.tasks.length ? <TaskRows tasks={data.tasks} onWay={data.on_way} names={null} /> : <p class="muted">没有未销号的任务。</p>}
          </Part>
        </div>
        <div class="village-past">
          <Part title="以往检查"><PastVisits past={data.past} village={data.row.name} /></Part>
        </div>
        <Whereabouts village={data.row} />
      </div>
    </Frame>
  );
}

/** A village that is not on this tablet. Says so only after it was looked for. */
function MaybeUnknown({ code, waiting }: { code: string; waiting: { value: unknown } }) {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 600);
    return () => clearTimeout(timer);
  }, [waiting]);
  if (!slow) return <Loading />;
  return <Empty title="本机没有这个村">代码 {code} 的村不在您的管辖范围内，或还没有同步到本机。<LinkButton to="/" kind="main">回到村庄列表</LinkButton></Empty>;
}

/** Asked for when the page opens, so that nobody waits for it when the visit begins. */
function usePosition(): { current: Position | null } {
  const tablet = useTablet();
  const found = useRef<Position | null>(null);
  useEffect(() => {
    void tablet.where.now(15_000).then((at) => { found.current = at; });
  }, [tablet]);
  return found;
}

interface VisitProps { visit: MyVisit; position: { current: Position | null }; second: boolean }

/** `second`: another list of this village is being filled in; that one comes first. */
function VisitCard({ visit, position, second }: VisitProps) {
  const tablet = useTablet();
  const now = useNow();
  const act = useAct();
  const { round_row: round, checklist_row: list, sign } = visit;
  const begin = () => act.run(async () => {
    const draft = await tablet.drafts.begin(await wanted(tablet, visit, position.current));
    go(`/visit/${draft.inspection}`);
  });
  const amend = (inspection: string) => act.run(async () => {
    const here = location.hash;
    await (visit.amends.can === "server" ? tablet.backups.amend(inspection) : tablet.drafts.amend(inspection));
    if (location.hash === here) go(`/visit/${inspection}`); // on a weak link one may have gone on meanwhile
  });
  return (
    <section class="card visit-card">
      <div class="visit-head">
        <h2>{list?.title ?? word(CHECKLIST, visit.checklist)}</h2>
        <Sign kind={sign} n={visit.missing} />
      </div>
      <p class="muted">
        {round ? `${round.name} · ${round.stage === "started" ? windowWords(round.opens, round.closes, now) : "批次已结束，仍可补交（记为迟报）"}` : "批次信息还没有同步到本机"}
        {visit.partners.length > 0 && ` · 同组 ${visit.partners.join("、")}`}
      </p>
      {act.trouble && <TroubleCard trouble={act.trouble} />}
      {sign === "draft" && visit.inspection && <LinkButton to={`/visit/${visit.inspection}`} kind="main" wide>{visit.amends.open ? "接着更正" : "接着检查"}</LinkButton>}
      {sign === "todo" && (list
        ? <Button kind={second ? "plain" : "main"} wide busy={act.busy} onClick={() => void begin()}>开始检查</Button>
        : <Note kind="amber">这份评分表还没有下载到本机。请在有网络的地方打开巡村，同步完成后再开始。</Note>)}
      {sign === "waiting" && <p>{visit.amends.at ? "更正已填完，等待上传。" : "已填完，等待上传。"}<a href="#/outbox">看待传</a></p>}
      {sign === "missing" && <p>文字已收到，照片还缺 {visit.missing} 张；照片在本机的，连上网会自动补传。</p>}
      {sign === "held" && <p>已收到，等待区级办公室确认。<a href="#/cards">看原因</a></p>}
      {sign !== "draft" && sign !== "waiting" && visit.amends.at && <p class="muted">{told(visit.amends.at, now)} 更正过，原来的内容系统留底。</p>}
      {visit.inspection && (sign === "missing" || sign === "sent" || sign === "waiting") && (
        <div class="btns">
          <LinkButton to={linkOf(visit)} kind="quiet" icon="camera">补充照片</LinkButton>
          {visit.amends.can && <Button kind="quiet" busy={act.busy} onClick={() => void amend(visit.inspection ?? "")}>更正</Button>}
        </div>
      )}
    </section>
  );
}

const linkOf = ({ inspection, round, village, checklist_row }: MyVisit): string =>
  evidenceLink({ inspection: inspection ?? "", round, village, checklist: checklist_row?.sha256 ?? "" });

async function wanted(tablet: ReturnType<typeof useTablet>, visit: MyVisit, position: Position | null) {
  const me = await tablet.people.current();
  const ref = visit.round_row?.checklists.find((one) => one.code === visit.checklist);
  const assignment = await tablet.rows.one("assignment", visit.assignment);
  if (!me || !ref) throw new Trouble("round_not_here", "批次信息还没有同步到本机，请联网后再开始。");
  return {
    round: visit.round, village: visit.village, checklist: { code: ref.code, version: ref.version, sha256: ref.sha256 },
    assignment: visit.assignment, inspectors: [me.id, ...(assignment?.with ?? [])], position,
  };
}
