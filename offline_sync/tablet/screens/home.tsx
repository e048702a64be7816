/** 村庄: my rounds, what goes on, and every village I may see. */
import { useMemo, useRef, useState } from "preact/hooks";
import { Bar, Loading, Note, Part, Row, Rows, TroubleCard } from "../parts/bits";
import { Button, LinkButton } from "../parts/button";
import { Frame } from "../parts/frame";
import { useLive, useNow, useTablet } from "../parts/hooks";
import { lazily } from "../parts/lazy";
import type { Draft } from "../model";
import type { Place } from "../rules/distance";
import { CHECKLIST, word } from "../rules/office-words";
import { told, windowWords } from "../rules/when";
import { useAhead } from "./ahead";
import { NOTHING_COUNTED, countPhotos, homeOf, readHome } from "./home-data";
import type { HomeData, MyRound } from "./home-data";
import { LoosePhotos } from "./loose-photos";
import { Offers } from "./offers";
import { VillageList } from "./village-list";
import type { Known } from "../tablet";

const TownChoice = lazily(() => import("./towns").then((part) => part.TownChoice));
const DISTRICT = 6; // digits of a district's code

export function Home({ who }: { who: Known }) {
  const tablet = useTablet();
  const home = useLive(["rows", "drafts", "outbox"], readHome);
  const listed = home.value !== null; // what takes longer is asked for once the names stand
  const shown = useRef(home.value);
  shown.current = home.value;
  const counted = useLive(["rows", "photos"], async (one) => (listed ? countPhotos(one, () => shown.current) : NOTHING_COUNTED), [listed]);
  const room = useLive(["storage", "photos"], async (one) => (listed ? one.storage.state() : null), [listed]);
  const [here, setHere] = useState<Place | "asking" | "unknown" | null>(null);
  const locate = async () => {
    if (here && here !== "unknown") return setHere(null);
    setHere("asking");
    setHere((await tablet.where.now(10_000)) ?? "unknown");
  };
  const data = useMemo(() => home.value && homeOf(home.value, counted.value ?? NOTHING_COUNTED), [home.value, counted.value]);
  useAhead(data?.drafts[0]?.inspection, home.value);
  return (
    <Frame title="巡村" place="villages" sub={who.title || who.name} wide>
      {home.trouble && <TroubleCard trouble={home.trouble} again={home.again} />}
      {!data && !home.trouble && <Loading />}
      {data && (
        <div class="board">
          <div class="board-top">
            {data.cards > 0 && <a class="btn btn-wide needs-me" href="#/cards">有 {data.cards} 件事需要您看一下</a>}
            {room.value?.warning && <Note kind="amber">{room.value.warning}</Note>}
            {who.posts.some(({ place }) => place.length === DISTRICT) && <TownChoice />}
            <GoOn data={data} />
            <LoosePhotos />
            <Offers />
            {data.rounds.map((round) => <RoundCard key={round.row.id} round={round} />)}
            {!data.rounds.length && who.posts.some(({ role }) => role === "inspector") && <Note>现在没有安排给您的批次。安排下来后，联网时会自动出现在这里。</Note>}
          </div>
          <VillageList data={data} here={typeof here === "object" ? here : null} tools={
            <>
              <Button icon="pin" busy={here === "asking"} onClick={() => void locate()}>
                {here === "asking" ? "正在定位" : typeof here === "object" && here ? "改按镇排" : "按远近排"}
              </Button>
              <LinkButton to="/scan" icon="scan">扫村牌</LinkButton>
            </>
          } told={
            <>
              {here === "unknown" && <Note>现在取不到定位，仍按镇街排列。到开阔处再试一次；一直取不到的，请看看平板设置里是否允许巡村定位。</Note>}
              {typeof here === "object" && here && data.villages.every(({ at }) => !at) && <Note>各村还没有标定位置，分不出远近。到了村里，可以在村庄页面点“用现在站的地方标定”。</Note>}
            </>
          } />
          {data.loose.length > 0 && <Loose drafts={data.loose} data={data} />}
        </div>
      )}
    </Frame>
  );
}

/** The draft one was last at: one tap and on. */
function GoOn({ data }: { data: HomeData }) {
  const now = useNow();
  const [draft] = data.drafts;
  if (!draft) return null;
  return (
    <a class="go-on" href={`#/visit/${draft.inspection}`}>
      <span>接着检查</span>
      <b>{nameOf(data, draft.village)}</b>
      <small>{word(CHECKLIST, draft.checklist.code)} · {told(draft.updated_at, now)} 存</small>
    </a>
  );
}

const nameOf = ({ villages }: HomeData, code: string): string => villages.find((one) => one.code === code)?.plain ?? code;

function RoundCard({ round: { row, visits } }: { round: MyRound }) {
  const now = useNow();
  const done = visits.filter((visit) => visit.sign !== "todo" && visit.sign !== "draft").length;
  const closed = row.stage !== "started";
  return (
    <section class="card round-card">
      <h2>{row.name}</h2>
      <p class="round-line">
        <b>{done}</b><span> / {visits.length} 份已检</span>
        <span class="round-left">{closed ? "批次已结束" : windowWords(row.opens, row.closes, now)}</span>
      </p>
      <Bar value={done} of={visits.length} label={`${row.name} 进度`} />
      {closed && done < visits.length && <p class="muted">未交的检查仍可填完上传，会记为迟报。</p>}
    </section>
  );
}

/** Drafts whose assignment has gone: the work stays, and can be handed in. */
function Loose({ drafts, data }: { drafts: Draft[]; data: HomeData }) {
  const now = useNow();
  return (
    <Part title="其他草稿">
      <Note kind="amber">下面的检查已不在您的安排里。内容都在；填完照样可以上传，由区级办公室确认。</Note>
      <Rows>
        {drafts.map((draft) => (
          <Row key={draft.inspection} to={`/visit/${draft.inspection}`} title={nameOf(data, draft.village)}
            sub={`${word(CHECKLIST, draft.checklist.code)} · ${told(draft.updated_at, now)} 存`} />
        ))}
      </Rows>
    </Part>
  );
}
