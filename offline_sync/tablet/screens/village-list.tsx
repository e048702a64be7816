/** The villages: found, filtered, by town or by distance; each with the signs of its visits. */
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Empty, Row, Rows } from "../parts/bits";
import { Chips } from "../parts/button";
import { Icon } from "../parts/icons";
import { Sign } from "../parts/sign";
import { byDistance, far, metres } from "../rules/distance";
import type { Place } from "../rules/distance";
import { find } from "../rules/search";
import type { Visit } from "../rules/state";
import { grouped } from "./home-data";
import type { HomeData, MyVillage } from "./home-data";

type Filter = "mine" | "todo" | "draft" | "waiting" | "missing" | "sent" | "all";

const FILTERS: readonly { value: Filter; words: string }[] = [
  { value: "mine", words: "我的" }, { value: "todo", words: "未检" }, { value: "draft", words: "草稿" }, { value: "waiting", words: "待传" },
  { value: "missing", words: "缺照片" }, { value: "sent", words: "已传" }, { value: "all", words: "全部" },
];
/** What an inspector calls the two lists in one word beside a sign. */
const SHORT: Record<string, string> = { RE: "人居", PO: "诗画" };

const passes = (filter: Filter, { visits }: MyVillage): boolean => {
  if (filter === "all") return true;
  if (filter === "mine") return visits.length > 0;
  return visits.some(({ sign }) => sign === filter || (filter === "sent" && sign === "held"));
};

export function VillageList({ data, here, tools, told }: { data: HomeData; here: Place | null; tools: ComponentChildren; told: ComponentChildren }) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<Filter | null>(null);
  const mine = data.villages.some((village) => village.visits.length > 0);
  const filter = chosen ?? (mine ? "mine" : "all");
  const counts = useMemo(() => new Map(FILTERS.map(({ value }) => [value, data.villages.filter((one) => passes(value, one)).length])), [data]);
  // What was typed is looked for everywhere: somebody standing in the village wants it, whatever the filter.
  const shown = useMemo(() => (text.trim() ? find(data.villages, text) : data.villages.filter((one) => passes(filter, one))), [data, text, filter]);
  const choices = FILTERS.filter(({ value }) => value === filter || value === "all" || counts.get(value)).map((one) => ({ ...one, count: counts.get(one.value) ?? 0 }));
  return (
    <>
      <div class="finder">
        <label class="search">
          <Icon name="search" />
          <span class="unseen">找村庄</span>
          <input type="search" value={text} placeholder="村名、别名或拼音首字母" autocomplete="off" enterKeyHint="search" onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <div class="finder-tools">{tools}</div>
      </div>
      {told}
      {!text.trim() && <Chips name="按状态筛选" choices={choices} chosen={filter} onChoose={setChosen} />}
      <List villages={shown} towns={data.towns} here={here} searched={!!text.trim()} />
    </>
  );
}

interface ListProps { villages: MyVillage[]; towns: HomeData["towns"]; here: Place | null; searched: boolean }

const FIRST = 24; // rows that fill any screen; the others follow when these stand

function List({ villages: all, towns, here, searched }: ListProps) {
  const [whole, setWhole] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setWhole(true));
    return () => clearTimeout(timer);
  }, []);
  const villages = whole ? all : all.slice(0, FIRST);
  if (!villages.length) {
    return searched
      ? <Empty title="没有找到这个村">换个说法试试：村名、别名、全拼或首字母都可以，例如“安家庄”“ajz”。</Empty>
      : <Empty title="这里没有村庄">换一个筛选看看。</Empty>;
  }
  if (searched || here) {
    const sorted = here ? byDistance(villages, here, (one) => one.at) : villages;
    return <Rows label="村庄">{sorted.map((one) => <VillageRow key={one.code} village={one} here={here} town />)}</Rows>;
  }
  const byTown = grouped(villages, (one) => one.code.slice(0, 9));
  return (
    <>
      {[...byTown].map(([code, inside]) => (
        <section key={code} class="town">
          <h2 class="town-name">{towns.find((one) => one.code === code)?.name ?? code}<small>{inside.length} 村</small></h2>
          <Rows>{inside.map((one) => <VillageRow key={one.code} village={one} here={null} />)}</Rows>
        </section>
      ))}
    </>
  );
}

function VillageRow({ village, here, town }: { village: MyVillage; here: Place | null; town?: boolean }) {
  const distance = here ? (village.at ? far(metres(here, village.at)) : "位置未知") : "";
  const sub = [town ? village.town : "", distance].filter(Boolean).join(" · ");
  return <Row to={`/village/${village.code}`} title={village.name} sub={sub} side={<VisitSigns visits={village.visits} />} />;
}

/** One sign, or one for each list where a village has several. */
export function VisitSigns({ visits }: { visits: readonly Visit[] }) {
  const named = visits.length > 1;
  return <>{visits.map((visit) => <Sign key={visit.assignment} kind={visit.sign} n={visit.missing} of={named ? SHORT[visit.checklist] ?? visit.checklist : undefined} />)}</>;
}
