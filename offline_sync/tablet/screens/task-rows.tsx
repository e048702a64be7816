/** Tasks as a list: what and where, whose it is, how long it has. */
import { Row, Rows } from "../parts/bits";
import { useNow } from "../parts/hooks";
import type { RowOf } from "../rows";
import { BESIDE } from "../rules/moves";
import { SEVERITY, STAGE, verb, word } from "../rules/office-words";
import { deadline } from "../rules/when";

/** What acts made here are called while they wait for the server. */
export const onWayWords = (acts: readonly string[]): string => {
  const act = acts.filter((one) => !BESIDE.has(one)).pop();
  if (act === "pass") return "复核通过，待系统确认";
  return act ? `${verb(act)}，待上传` : acts.length ? `${[...new Set(acts)].map(verb).join("、")}待上传` : "";
};

/** Whether one of them moves the task: its stage is then no longer the one to be told. */
export const moving = (acts: readonly string[]): boolean => acts.some((one) => !BESIDE.has(one));

interface Props {
  tasks: readonly RowOf<"task">[];
  onWay: ReadonlyMap<string, readonly string[]>;
  names: ReadonlyMap<string, string> | null; // of villages, where the list has several
}

export function TaskRows({ tasks, onWay, names }: Props) {
  const now = useNow();
  return (
    <Rows label="任务">
      {tasks.map((task) => {
        const due = deadline(task.deadline, task.stage, now);
        const acts = onWay.get(task.id) ?? [];
        const way = onWayWords(acts);
        const where = [names?.get(task.village), task.place].filter(Boolean).join(" · ");
        return (
          <Row
            key={task.id} to={`/task/${task.id}`} title={task.text || task.requirement}
            sub={<>{where}{task.severity === "critical" && <b class="late"> {word(SEVERITY, task.severity)}</b>}{way && <b class="soon row-way">{way}</b>}</>}
            side={
              <>
                {!moving(acts) && <span class="stage">{word(STAGE, task.stage)}</span>}
                <span class={due.late ? "late" : due.soon ? "soon" : "muted"}>{due.words}</span>
              </>
            }
          />
        );
      })}
    </Rows>
  );
}
