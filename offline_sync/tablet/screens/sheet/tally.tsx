/** The score so far, what is left: always in the same place, as wide as it will ever be. */
import { useState } from "preact/hooks";
import { Row, Rows } from "../../parts/bits";
import { Dialog } from "../../parts/dialog";
import { format } from "../../rules/decimal";
import type { Need } from "../../rules/needs";
import { useDesk, useSheet } from "./hooks";

type List = "unfilled" | "photos" | "other";

const isPhoto = (need: Need) => need.kind === "photo" || need.kind === "after_photo";
const PICK: Record<List, (need: Need) => boolean> = {
  unfilled: (need) => need.kind === "unfilled", photos: isPhoto,
  other: (need) => need.kind !== "unfilled" && need.kind !== "signature" && need.kind !== "position" && !isPhoto(need),
};
const TITLES: Record<List, string> = { unfilled: "还没填的项", photos: "还缺的照片", other: "还要看一眼的" };

export function Tally() {
  const unfilled = useSheet((model) => model.unfilled);
  const photos = useSheet((model) => model.photosMissing);
  const other = useSheet((model) => model.needs.filter(PICK.other).length);
  const [list, setList] = useState<List | null>(null);
  return (
    <aside class="tally" aria-label="得分和还缺什么">
      <ScoreNow />
      <div class="tally-left">
        <Count words="未填" n={unfilled} unit="项" onClick={() => setList("unfilled")} />
        <Count words="缺照片" n={photos} unit="张" onClick={() => setList("photos")} />
        <Count words="提醒" n={other} unit="条" onClick={() => setList("other")} />
      </div>
      {list && <NeedsDialog list={list} onClose={() => setList(null)} />}
    </aside>
  );
}

/** 暂计 86.5 良好. The grade by the checklist's own words. */
export function ScoreNow() {
  const { model } = useDesk();
  const score = useSheet((one) => one.score);
  const grade = model.checklist.grades.find((one) => one.key === score.grade);
  const vetoed = score.vetoes.length > 0;
  return (
    <div class="score" role="status" aria-label="暂计得分">
      <span class="score-name">暂计</span>
      <b class="score-figure">{score.score ? format(score.score) : "—"}</b>
      <span class={`score-grade grade-${grade?.key ?? "none"}`}>{vetoed ? "一票否决" : grade?.name ?? "未评"}</span>
    </div>
  );
}

function Count({ words, n, unit, onClick }: { words: string; n: number; unit: string; onClick: () => void }) {
  return (
    <button type="button" class={`left-count ${n ? "" : "left-none"}`} disabled={!n} onClick={onClick}>
      <span>{words}</span><b>{n}</b><small>{unit}</small>
    </button>
  );
}

function NeedsDialog({ list, onClose }: { list: List; onClose: () => void }) {
  const needs = useSheet((model) => model.needs);
  return (
    <Dialog title={TITLES[list]} onClose={onClose}>
      <NeedRows needs={needs.filter(PICK[list])} onGo={onClose} />
    </Dialog>
  );
}

/** Each lack with the way to it. */
export function NeedRows({ needs, onGo }: { needs: readonly Need[]; onGo: () => void }) {
  const { model, show } = useDesk();
  const go = (need: Need) => {
    onGo();
    if (need.item) show(need.item, need.finding);
  };
  return (
    <Rows>
      {needs.map((need) => (
        <Row key={need.words + (need.finding ?? "")} title={need.words} sub={need.item ? model.item(need.item)?.text : undefined}
          onClick={need.item ? () => go(need) : undefined} />
      ))}
    </Rows>
  );
}
