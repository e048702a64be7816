/** Homes drawn by lot: how many there are, which were drawn, which of them failed. */
import { useState } from "preact/hooks";
import { Button } from "../button";
import { Icon } from "../icons";
import { typed } from "../../rules/digits";
import { Pad } from "./pad";

interface DrawProps { unit: string; wanted: number; before: number; onDraw: (homes: number) => void } // `before`: draws made and cleared

/** First: how many homes there are. */
export function HomesDraw({ unit, wanted, before, onDraw }: DrawProps) {
  const [text, setText] = useState("");
  const homes = Number(typed(text) ?? 0);
  return (
    <div class="figure-box">
      <div class="figure-told">
        <p class="pad-figure" role="status" aria-label="全村总数">{text || "–"} <small>{unit}</small></p>
        <p>填全村常住{unit}数，系统随机抽 {wanted} {unit}。编号按村里的门牌或花名册顺序从 1 数起。</p>
        {before > 0 && <p class="note note-amber">本项已抽过 {before} 次，清空不重新计次。再抽要写明原因。</p>}
        <Button kind="main" disabled={homes < 1} onClick={() => onDraw(homes)}>{before > 0 ? "重新抽取…" : `抽取 ${Math.min(wanted, homes || wanted)} ${unit}`}</Button>
      </div>
      <Pad text={text} places={0} digits={4} onText={setText} />
    </div>
  );
}

interface ListProps {
  unit: string;
  drawn: readonly number[];
  failed: readonly number[] | null; // null: not looked at yet
  told: string; // how they were drawn
  onFailed: (failed: number[]) => void;
  onAgain: () => void;
}

/** Then: those that failed are tapped. */
export function HomesList({ unit, drawn, failed, told, onFailed, onAgain }: ListProps) {
  const bad = new Set(failed ?? []);
  const toggle = (home: number) => onFailed(drawn.filter((one) => (one === home ? !bad.has(one) : bad.has(one))));
  return (
    <div class="homes">
      <p class="muted">{told}。不合格的点一下。</p>
      <div class="homes-list" role="group" aria-label={`抽中的${unit}`}>
        {drawn.map((home) => (
          <button type="button" class="home" key={home} aria-pressed={bad.has(home)} onClick={() => toggle(home)}>
            <b>第 {home} {unit}</b>
            <span>{bad.has(home) ? "不合格" : failed ? "合格" : "未查"}</span>
          </button>
        ))}
      </div>
      <div class="btns">
        <Button kind={failed ? "plain" : "main"} onClick={() => onFailed([])}>
          {failed && !failed.length ? <><Icon name="tick" size={20} /> 全部合格</> : "全部合格"}
        </Button>
        <Button kind="quiet" onClick={onAgain}>重新抽取…</Button>
      </div>
    </div>
  );
}
