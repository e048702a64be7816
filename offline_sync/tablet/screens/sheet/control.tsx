/** The big control of an item: what its scoring method asks for. */
import { useState } from "preact/hooks";
import type { DraftAnswer } from "../../model";
import { Button } from "../../parts/button";
import { Choice } from "../../parts/controls/choice";
import { Figure } from "../../parts/controls/figure";
import { PadDialog } from "../../parts/controls/pad";
import { Stepper } from "../../parts/controls/stepper";
import type { Item } from "../../rules/checklist";
import { checkItem } from "../../rules/checks";
import { type Decimal, ZERO, decimal, format, mul, plain, round, sub } from "../../rules/decimal";
import { ruleWords } from "../../rules/findings";
import type { Bonus, Deduct, Levels, Measure, Rule, YesNo } from "../../rules/methods";
import { stepReached } from "../../rules/points";
import { useDesk, useSheet } from "./hooks";
import { Homes } from "./homes";

interface Part<M> { item: Item; method: M; answer: DraftAnswer | undefined }

export function Control({ item }: { item: Item }) {
  const answer = useSheet((model) => model.answer(item.code));
  const method = item.scoring;
  if (item.auto) return <p class="note">本项由系统计算，不用填写。上传后按系统里的数据计分，暂计分里不含这一项。</p>;
  switch (method.kind) {
    case "deduct": return <Counts item={item} method={method} answer={answer} />;
    case "levels": return <LevelButtons item={item} method={method} answer={answer} />;
    case "yes_no": return <YesNoButtons item={item} method={method} answer={answer} />;
    case "measure": return <Measured item={item} method={method} answer={answer} />;
    case "range": return <Points item={item} answer={answer} most={item.weight} told={`0 到 ${plain(item.weight)} 分，按现场情况给分。`} />;
    case "bonus": return <Given item={item} method={method} answer={answer} />;
    case "sample": return <Homes item={item} method={method} answer={answer} />;
  }
}

const worth = (item: Item, share: Decimal): string => `${plain(round(mul(item.weight, share), 2))} 分`;

/** What one place of a rule costs, in words. */
const cost = (unit: string, rule: Rule): string => (rule.zero ? "有一" + unit + "即不得分" : `每${unit}扣 ${plain(rule.per)} 分`);

function Counts({ item, method, answer }: Part<Deduct>) {
  const { model } = useDesk();
  const [pad, setPad] = useState<Rule | null>(null);
  const counts = answer?.counts ?? null;
  const set = (key: string, count: number) => {
    const now = model.open.answers.get(item.code)?.counts;
    model.change(item.code, { counts: { ...now, [key]: count } });
  };
  const clean = counts !== null && !answer?.veto && !Object.values(counts).some(Boolean); // a veto says otherwise
  return (
    <div class="deduct">
      {method.rules.map((rule) => (
        <div class="count-row" key={rule.key}>
          <div class="count-words"><b>{ruleWords(method, rule)}</b><span>{cost(method.unit, rule)}</span></div>
          <Stepper
            label={ruleWords(method, rule)} value={counts === null ? null : counts[rule.key] ?? 0}
            onChange={(count) => set(rule.key, count)} onFigure={() => setPad(rule)}
          />
        </div>
      ))}
      <button type="button" class="option clean" aria-pressed={clean} onClick={() => model.change(item.code, { counts: {} })}
        disabled={counts !== null && !clean}>
        <span class="option-words"><b>没有发现问题</b></span><span class="option-worth">{plain(item.weight)} 分</span>
      </button>
      {pad && (
        <PadDialog title={ruleWords(method, pad)} unit={method.unit} value={counts?.[pad.key] ?? null} digits={3}
          onDone={(count) => set(pad.key, count)} onClose={() => setPad(null)} />
      )}
    </div>
  );
}

function LevelButtons({ item, method, answer }: Part<Levels>) {
  const { model } = useDesk();
  const options = method.levels.map(({ key, name, share, desc }) => ({ value: key, words: name, worth: worth(item, share), means: desc }));
  return <Choice name="等级" options={options} chosen={answer?.level ?? null} onChoose={(level) => model.change(item.code, { level })} />;
}

function YesNoButtons({ item, method, answer }: Part<YesNo>) {
  const { model } = useDesk();
  const options = [
    { value: true, words: "是", worth: worth(item, method.yes), means: method.yes_means },
    { value: false, words: "否", worth: worth(item, method.no) },
  ];
  return <Choice name="是否" row options={options} chosen={answer?.yes ?? null} onChoose={(yes) => model.change(item.code, { yes })} />;
}

/** The number, and the step it lands on. */
function Measured({ item, method, answer }: Part<Measure>) {
  const { model } = useDesk();
  const value = decimal(answer?.value);
  const reached = value ? stepReached(method, value).key : null;
  const steps = [...method.steps.map(({ bound, share }) => ({ key: format(bound), share, words: `${method.lower ? "≤" : "≥"} ${plain(bound)}${method.unit}` })),
    { key: "else", share: method.otherwise, words: method.lower ? "再多" : "不到" }];
  const wrong = reason(item, answer);
  return (
    <>
      {item.how && <p class="muted how">{item.how}</p>}
      <Figure label="数值" value={answer?.value ?? null} unit={method.unit} places={2} wrong={wrong}
        onValue={(next) => model.change(item.code, { value: next })}>
        <ol class="ladder" aria-label="得分档">
          {steps.map(({ key, share, words }) => (
            <li key={key} class={!wrong && key === reached ? "ladder-on" : ""}><span>{words}</span><b>{worth(item, share)}</b></li>
          ))}
        </ol>
      </Figure>
    </>
  );
}

/** Points that the inspector gives, 0 to `most`; two keys for none and all. */
function Points({ item, answer, most, told }: { item: Item; answer: DraftAnswer | undefined; most: Decimal; told: string }) {
  const { model } = useDesk();
  const give = (points: string | null) => model.change(item.code, { points });
  return (
    <>
      {item.how && <p class="muted how">{item.how}</p>}
      <Figure label="给分" value={answer?.points ?? null} unit="分" places={2} digits={3} wrong={reason(item, answer)} onValue={give}>
        <p>{told}</p>
        <div class="btns">
          <Button onClick={() => give("0")}>0 分</Button>
          <Button onClick={() => give(plain(most))}>{plain(most)} 分</Button>
        </div>
      </Figure>
    </>
  );
}

function Given({ item, method, answer }: Part<Bonus>) {
  return <Points item={item} answer={answer} most={method.most} told={`加分项，最多加 ${plain(method.most)} 分。没有就不填。`} />;
}

/** Why the figure that was typed cannot stand; null while nothing is typed. */
function reason(item: Item, answer: DraftAnswer | undefined): string | null {
  const given = item.scoring.kind === "measure" ? answer?.value : answer?.points;
  if (!answer || given === null || given === undefined) return null;
  return checkItem(item, { ...answer, na: false, veto: null, findings: [] })[0]?.[1] ?? null;
}

/** What the item earns as it stands: 得 1.5 分, and what took the rest. */
export function Earned({ item }: { item: Item }) {
  const earned = useSheet((model) => model.earned(item.code));
  const answer = useSheet((model) => model.answer(item.code));
  if (item.auto) return <p class="earned earned-open">系统计算</p>;
  const bonus = item.scoring.kind === "bonus";
  if (!earned || (bonus && !answer)) return <p class="earned earned-open">{bonus ? "未加分" : "未填"}</p>;
  if (earned.na) return <p class="earned">不适用<span class="earned-off">不计分</span></p>;
  const off = sub(earned.weight, earned.points);
  return (
    <p class="earned" role="status">
      {bonus ? "加" : "得"} <b>{plain(earned.points)}</b> 分
      {!bonus && off.n > ZERO.n && <span class="earned-off">扣 {plain(off)}</span>}
    </p>
  );
}
