/** One task: before and after, its history in words, and the moves this person may make. */
import { useState } from "preact/hooks";
import { Empty, Loading, Note, Part, TroubleCard } from "../parts/bits";
import { Button } from "../parts/button";
import { Frame } from "../parts/frame";
import { useLive, useNow } from "../parts/hooks";
import { lazily } from "../parts/lazy";
import { PhotoStrip } from "../parts/photos";
import { back } from "../parts/route";
import { WITH_PHOTOS } from "../rules/acts";
import type { Move } from "../rules/moves";
import { SEVERITY, STAGE, STATUS, verb, word } from "../rules/office-words";
import { date, deadline, told } from "../rules/when";
import { readTask } from "./task-data";
import type { TaskData } from "./task-data";
import { moving, onWayWords } from "./task-rows";

const ActDialog = lazily(() => import("./act-dialog").then((part) => part.ActDialog));

/** In the foot stands what the stage asks for; the rest is a line of buttons in the page. */
const LOOKING_BACK: readonly Move[] = ["reopen", "look_back"];
const FIRST: readonly Move[] = ["reject", "pass", "submit", "accept", "close_on_site", "close", "sweep_answer"];

export function TaskPage({ id }: { id: string }) {
  const now = useNow();
  const loaded = useLive(["rows", "outbox", "photos", "people"], async (tablet) => ({ data: await readTask(tablet, id, now) }), [id]);
  const [asked, setAsked] = useState<Move | null>(null);
  if (!loaded.value) return <Frame title="任务" back="/tasks">{loaded.trouble ? <TroubleCard trouble={loaded.trouble} again={loaded.again} /> : <Loading />}</Frame>;
  const { data } = loaded.value;
  if (!data) return <Frame title="任务" back="/tasks"><Empty title="本机没有这件任务">可能已转到别的单位，或还没有同步到本机。</Empty></Frame>;
  const { task, on_way, moves } = data;
  const pending = moving(on_way);
  const offered = pending ? moves.filter((move) => move === "note" || move === "take_back") : moves;
  const first = data.again ? LOOKING_BACK : FIRST;
  const main = first.filter((move) => offered.includes(move)).slice(0, 2);
  const carries = [...main, ...offered].find((move) => WITH_PHOTOS.has(move));
  return (
    <Frame
      title={task.text || task.requirement} sub={data.village} back={() => back("/tasks")} wide
      foot={main.length > 0 && main.map((move, at) => <Button key={move} kind={at === main.length - 1 ? "main" : "plain"} onClick={() => setAsked(move)}>{verb(move)}</Button>)}
    >
      <div class="task">
        <div>
          {on_way.length > 0 && <Note kind="amber">{pending ? "已记在本机，联网上传后由系统确认；在那之前不用再办。" : `${onWayWords(on_way).replace("待上传", "")}已记在本机，联网后自动上传。`}</Note>}
          {data.task.sweep_until && <Sweep task={data.task} unit={data.unit} now={now} mine={moves.includes("sweep_answer")} />}
          {data.again && <Note>抽中回头看，请在{date(data.again.due, now)}前到现场看：没有反弹的拍照记“回头看合格”，又出现的“反弹重开”。</Note>}
          <Stage task={task} words={pending ? onWayWords(on_way) : word(STAGE, task.stage)} now={now} />
          <Part title="整改前后"><PhotoStrip photos={data.pictures} large />{!data.pictures.length && <p class="muted">没有照片。</p>}</Part>
          {data.loose.length > 0 && <Note kind="amber">拍了 {data.loose.length} 张照片还没有交。{carries && `点“${verb(carries)}”接着办，会一起交；拍错的在那里去掉。`}</Note>}
          <Facts data={data} now={now} />
          <div class="btns">
            {offered.filter((move) => !main.includes(move)).map((move) => <Button key={move} onClick={() => setAsked(move)}>{verb(move)}</Button>)}
          </div>
        </div>
        <Part title="办理经过"><History task={task} now={now} /></Part>
      </div>
      {asked && <ActDialog move={asked} data={data} onClose={() => setAsked(null)} />}
    </Frame>
  );
}

/** 举一反三: what was asked, until when, and whose it is to answer. */
function Sweep({ task, unit, now, mine }: { task: TaskData["task"]; unit: string; now: number; mine: boolean }) {
  const asked = task.steps.filter((step) => step.verb === "sweep" && step.verdict !== "conflict").pop();
  return <Note>举一反三：请排查别处有没有同类问题，{date(task.sweep_until ?? "", now)}前回复。{asked?.text && `要求：${asked.text}`}{!mine && `等待${unit}回复。`}</Note>;
}

function Stage({ task, words, now }: { task: TaskData["task"]; words: string; now: number }) {
  const due = deadline(task.deadline, task.stage, now);
  return (
    <p class="card task-stage">
      <b>{words}</b>
      <span class={due.late ? "late" : due.soon ? "soon" : "muted"}>{due.words}</span>
    </p>
  );
}

function Facts({ data: { task, unit, item }, now }: { data: TaskData; now: number }) {
  const { marks } = task;
  const said = [marks.supervised ? `督办 ${marks.supervised} 次` : "", marks.reopened ? `反弹 ${marks.reopened} 次` : "", marks.rejected ? `退回过 ${marks.rejected} 次` : "", marks.basis_gone ? "检查依据已撤" : ""].filter(Boolean);
  return (
    <div class="card">
      <dl class="facts">
        <dt>地点</dt><dd>{task.place || "未写明"}</dd>
        <dt>责任单位</dt><dd>{unit}</dd>
        <dt>期限</dt><dd>{date(task.deadline, now)}</dd>
        <dt>严重程度</dt><dd class={task.severity === "critical" ? "late" : ""}>{word(SEVERITY, task.severity)}</dd>
        <dt>检查项</dt><dd>{task.item}{item && item !== task.requirement && ` ${item}`}</dd>
        {task.requirement && <><dt>整改要求</dt><dd>{task.requirement}</dd></>}
        <dt>编号</dt><dd>{task.number}</dd>
        {said.length > 0 && <><dt>记录</dt><dd>{said.join("，")}</dd></>}
      </dl>
    </div>
  );
}

function History({ task, now }: { task: TaskData["task"]; now: number }) {
  return (
    <ol class="history">
      {[...task.steps].reverse().map((step) => (
        <li key={`${step.rev} ${step.verb}`}>
          <p><b>{verb(step.verb)}</b>{step.verdict !== "applied" && <span class="muted">（{word(STATUS, step.verdict)}）</span>}</p>
          {step.text && <p class="history-text">{step.text}</p>}
          <p class="muted">{step.by} · {told(step.at, now)}</p>
        </li>
      ))}
    </ol>
  );
}
