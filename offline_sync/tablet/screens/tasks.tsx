/** 任务: what waits for a review, what I sent, what is late; the most urgent first. */
import { useState } from "preact/hooks";
import { Empty, Loading, TroubleCard } from "../parts/bits";
import { Chips } from "../parts/button";
import { Frame } from "../parts/frame";
import { useLive, useNow } from "../parts/hooks";
import type { RowOf } from "../rows";
import { movesOf, postsNow } from "../rules/moves";
import { plainNames } from "../rules/search";
import { onItsWay } from "../rules/state";
import { OPEN_STAGES, daysTo, deadline, today } from "../rules/when";
import type { Tablet } from "../tablet";
import { TaskRows } from "./task-rows";

type Filter = "review" | "back" | "mine" | "late" | "open" | "done";

const WORDS: Record<Filter, string> = { review: "待复核", back: "回头看", mine: "我派的", late: "逾期", open: "未销号", done: "近期销号" };
const RECENT = 30; // days that a closed task stays in this list
const MOST = 200; // rows on the screen; beyond that one looks in the village

interface Data { tasks: RowOf<"task">[]; lists: Record<Filter, RowOf<"task">[]>; names: Map<string, string>; onWay: Map<string, string[]> }

export function Tasks() {
  const now = useNow();
  const data = useLive(["rows", "outbox"], (tablet) => readTasks(tablet, now), [Math.floor(now / 300_000)]);
  const [chosen, setChosen] = useState<Filter | null>(null);
  const lists = data.value?.lists;
  const filter = chosen ?? (lists?.review.length ? "review" : lists?.back.length ? "back" : "open");
  const choices = (Object.keys(WORDS) as Filter[]).map((value) => ({ value, words: WORDS[value], count: lists?.[value].length ?? 0 }));
  return (
    <Frame title="任务" place="tasks" sub={lists ? `未销号 ${lists.open.length} 件，逾期 ${lists.late.length} 件` : ""}>
      {data.trouble && <TroubleCard trouble={data.trouble} again={data.again} />}
      {!data.value && !data.trouble && <Loading />}
      {data.value && lists && (
        <div class="stack">
          <Chips name="按情况筛选" choices={choices} chosen={filter} onChoose={setChosen} />
          {lists[filter].length
            ? <TaskRows tasks={lists[filter].slice(0, MOST)} onWay={data.value.onWay} names={data.value.names} />
            : <Empty title={`没有${WORDS[filter]}的任务`} />}
          {lists[filter].length > MOST && <p class="muted">只列出最急的 {MOST} 件，其余请到各村页面查看。</p>}
        </div>
      )}
    </Frame>
  );
}

async function readTasks(tablet: Tablet, now: number): Promise<Data> {
  const [tasks, villages, towns, rounds, assignments, inspections, lookBacks, outbox, me] = await Promise.all([
    tablet.rows.all("task"), tablet.rows.all("village"), tablet.rows.all("town"), tablet.rows.all("round"), tablet.rows.all("assignment"),
    tablet.rows.all("inspection"), tablet.rows.all("look_back"), tablet.outbox.list(), tablet.people.current(),
  ]);
  const posts = postsNow(me?.posts ?? [], today(now), assignments, new Map(rounds.map((round) => [round.id, round])), lookBacks);
  const again = new Set(lookBacks.filter(({ outcome }) => !outcome).map(({ task }) => task));
  const visits = new Set(inspections.filter((one) => me && (one.author === me.id || one.inspectors.includes(me.id))).map((one) => one.id));
  const sorted = [...tasks].sort((a, b) => Date.parse(a.deadline) - Date.parse(b.deadline));
  const open = sorted.filter((task) => OPEN_STAGES.has(task.stage));
  return {
    tasks: sorted,
    lists: {
      review: open.filter((task) => me && movesOf(me.id, posts, task, {}).includes("pass")),
      back: sorted.filter((task) => again.has(task.id) && task.stage === "closed"),
      mine: open.filter((task) => visits.has(task.inspection)),
      late: open.filter((task) => deadline(task.deadline, task.stage, now).late),
      open,
      done: sorted.filter((task) => task.stage === "closed" && daysTo(task.steps[task.steps.length - 1]?.at ?? task.deadline, now) >= -RECENT).reverse(),
    },
    names: plainNames(villages, new Map(towns.map(({ code, name }) => [code, name]))),
    onWay: new Map(tasks.map((task) => [task.id, onItsWay(task.id, outbox)])),
  };
}
