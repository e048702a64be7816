/** One item, large: what is asked, its control, what was found. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../parts/button";
import { Icon } from "../../parts/icons";
import type { Item } from "../../rules/checklist";
import { clearable } from "../../rules/clearing";
import { plain } from "../../rules/decimal";
import { Control, Earned } from "./control";
import { Findings } from "./findings";
import { GuideDialog } from "./guide";
import { useDesk, useDrawn, useSheet } from "./hooks";
import { NaBanner, NaDialog } from "./na";
import { Veto } from "./veto";

interface Props { item: Item; at: string | null; previous: Item | null; next: Item | null }

export function ItemPane({ item, at, previous, next }: Props) {
  const { show, finish } = useDesk();
  const pane = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!at) pane.current?.scrollTo(0, 0);
  }, [item.code, at]);
  return (
    <div class="item">
      <div class="item-scroll" ref={pane}>
        <Head item={item} />
        <Filling item={item} at={at} key={item.code} />
      </div>
      <nav class="item-steps" aria-label="逐项填写">
        <Button icon="back" disabled={!previous} onClick={() => previous && show(previous.code)}>上一项</Button>
        <Earned item={item} />
        {next
          ? <button type="button" class="btn btn-main" onClick={() => show(next.code)}><span>下一项</span><Icon name="go" /></button>
          : <button type="button" class="btn btn-main" onClick={finish}><span>签字完成</span><Icon name="go" /></button>}
      </nav>
    </div>
  );
}

function Head({ item }: { item: Item }) {
  const [guide, setGuide] = useState(false);
  const bonus = item.scoring.kind === "bonus";
  return (
    <header class="item-head">
      <div class="item-line">
        <span class="item-code">{item.code}</span>
        <span class="item-weight">{bonus ? "加分项" : `${plain(item.weight)} 分`}</span>
        {item.veto && <span class="item-veto">一票否决项</span>}
        <Button kind="quiet" onClick={() => setGuide(true)}>检查指引</Button>
      </div>
      <h2>{item.text}</h2>
      {guide && <GuideDialog item={item} onClose={() => setGuide(false)} />}
    </header>
  );
}

/** Everything that is tapped on an item: its control in the first frame, the rest in the next. */
function Filling({ item, at }: { item: Item; at: string | null }) {
  const na = useSheet((one) => one.answer(item.code)?.na ?? false);
  const [asking, setAsking] = useState(false);
  const drawn = useDrawn();
  const ask = () => setAsking(true);
  return (
    <>
      {na ? <NaBanner item={item} onEdit={ask} /> : <Control item={item} />}
      {drawn && <Below item={item} at={at} na={na} onNa={ask} />}
      {asking && <NaDialog item={item} onClose={() => setAsking(false)} />}
    </>
  );
}

function Below({ item, at, na, onNa }: { item: Item; at: string | null; na: boolean; onNa: () => void }) {
  const { model } = useDesk();
  const answered = useSheet((one) => clearable(one.answer(item.code)));
  return (
    <>
      {!item.auto && <Findings item={item} at={at} />}
      {item.veto && !na && <Veto item={item} />}
      <Lacks item={item} />
      {!item.auto && (
        <div class="btns item-more">
          {item.na_allowed && !na && <Button onClick={onNa}>不适用…</Button>}
          {answered && <Clear onClear={() => model.clear(item.code)} item={item} />}
        </div>
      )}
    </>
  );
}

/** Back to not filled in; not while findings hang on it: those go one by one. */
function Clear({ item, onClear }: { item: Item; onClear: () => void }) {
  const findings = useSheet((one) => one.answer(item.code)?.findings.length ?? 0);
  const [sure, setSure] = useState(false);
  if (findings) return null;
  if (!sure) return <Button kind="quiet" onClick={() => setSure(true)}>清空本项</Button>;
  return <Button onClick={() => { setSure(false); onClear(); }}>确定清空</Button>;
}

/** What this item still lacks, below what is filled in: never before the person has begun. */
function Lacks({ item }: { item: Item }) {
  const needs = useSheet((one) => one.needsOf(item.code));
  const shown = needs.filter((need) => need.kind !== "unfilled");
  if (!shown.length) return null;
  return (
    <ul class="lacks" aria-label="本项还缺">
      {shown.map((need) => <li key={need.words}>{need.words.slice(item.code.length + 1)}</li>)}
    </ul>
  );
}
