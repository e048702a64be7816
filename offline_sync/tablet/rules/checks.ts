/** What is wrong with the answers of a sheet, worded for the inspector. Twin of `inspections/answer_checks.py`:
 * what is listed here is what would make the server hold the sheet as `invalid`.
 */
import type { Answer } from "../wire";
import type { Checklist, Item } from "./checklist";
import { type Decimal, ZERO, compare, decimal, isNegative, plain } from "./decimal";
import type { Deduct, Sample } from "./methods";
import { MOST_COUNT, ordinals } from "./points";

export interface AnswerProblem {
  item: string;
  sentence: string;
  code: string;
}

type Wrong = [code: string, sentence: string];

/** Everything that keeps a finished sheet from being scored, in the order of the sheet, strangers last. */
export function checkAnswers(checklist: Checklist, answers: Iterable<Answer>): AnswerProblem[] {
  const times = new Map<string, number>();
  const said = new Map<string, Answer>();
  for (const answer of answers) {
    times.set(answer.item, (times.get(answer.item) ?? 0) + 1);
    said.set(answer.item, answer);
  }
  const found: AnswerProblem[] = [];
  const note = (item: string, [code, text]: Wrong) => found.push({ item, sentence: `${item}：${text}`, code });
  for (const item of checklist.items) {
    for (const wrong of checkItem(item, said.get(item.code), times.get(item.code) ?? 0)) note(item.code, wrong);
  }
  for (const code of times.keys()) {
    if (!checklist.by_code.has(code)) note(code, ["item_unknown", "检查单上没有这一项"]);
  }
  return found;
}

/** As `checkAnswers`, of one item with its answer. */
export function checkItem(item: Item, answer: Answer | undefined, times = 1): Wrong[] {
  if (!answer) return item.auto || item.scoring.kind === "bonus" ? [] : [["item_missing", "还没有填写"]];
  if (item.auto) return [["auto_answered", "本项由系统取数，不用填写"]];
  if (times > 1) return [["item_twice", `填写了 ${times} 次，只能有一次`]];
  const found: Wrong[] = [];
  if (answer.veto && !item.veto) found.push(["veto_not_allowed", "本项没有设一票否决"]);
  if ((answer.findings ?? []).some(({ count }) => !between0((count ?? 1)))) {
    found.push(["count_range", `问题的数量应在 0 到 ${MOST_COUNT} 之间`]);
  }
  if (!answer.na) return [...found, ...byMethod(item, answer)];
  if (!item.na_allowed) return [...found, ["na_not_allowed", "本项不能选不适用"]];
  if (!answer.note?.trim()) found.push(["na_no_reason", "选了不适用，请写明原因"]);
  if (answer.veto) found.push(["veto_on_na", "选了不适用，不能同时提出一票否决"]);
  return found;
}

const between0 = (count: number): boolean => count >= 0 && count <= MOST_COUNT;
const unsaid = (value: unknown): boolean => value === null || value === undefined;

function byMethod(item: Item, answer: Answer): Wrong[] {
  const method = item.scoring;
  switch (method.kind) {
    case "deduct": return counts(method, answer);
    case "levels":
      if (unsaid(answer.level)) return [["item_missing", "还没有选等级"]];
      return method.levels.some((level) => level.key === answer.level) ? [] : [["level_unknown", `没有“${answer.level}”这个等级`]];
    case "yes_no": return unsaid(answer.yes) ? [["item_missing", "还没有选是或否"]] : [];
    case "measure":
      if (unsaid(answer.value)) return [["item_missing", "还没有填写数值"]];
      return within(answer.value, method.low, method.high) ? [] : [["value_range", `数值应在 ${plain(method.low)} 到 ${plain(method.high)} 之间`]];
    case "range":
      if (unsaid(answer.points)) return [["item_missing", "还没有打分"]];
      return within(answer.points, ZERO, item.weight) ? [] : [["points_range", `打分应在 0 到 ${plain(item.weight)} 之间`]];
    case "sample": return sample(method, answer);
    case "bonus": {
      const points = unsaid(answer.points) ? ZERO : decimal(answer.points);
      return points && !isNegative(points) ? [] : [["points_range", `加分应在 0 到 ${plain(method.most)} 之间`]];
    }
  }
}

function counts(method: Deduct, answer: Answer): Wrong[] {
  if (!answer.counts) return [["item_missing", "还没有填写"]];
  const known = new Set(method.rules.map((rule) => rule.key));
  const found: Wrong[] = [];
  for (const key of Object.keys(answer.counts).sort()) {
    const count = answer.counts[key] ?? 0;
    if (!known.has(key)) found.push(["rule_unknown", `没有“${key}”这条扣分规则`]);
    else if (!between0(count)) found.push(["count_range", `数量应在 0 到 ${MOST_COUNT} 之间（填的是 ${count}）`]);
  }
  return found;
}

function sample(_method: Sample, { drawn, failed }: Answer): Wrong[] {
  if (!drawn || !failed) return [["item_missing", "还没有填写抽查结果"]];
  if (!drawn.length) return [["sample_wrong", "没有抽中的户，无法计分"]];
  if (!ordinals(drawn) || !ordinals(failed)) return [["sample_wrong", "户的序号应从 1 起，不能重复"]];
  return failed.every((home) => drawn.includes(home)) ? [] : [["sample_wrong", "不合格的户不在抽中的户里"]];
}

function within(text: string | null | undefined, low: Decimal, high: Decimal): boolean {
  const value = decimal(text);
  return value !== null && compare(low, value) <= 0 && compare(value, high) <= 0;
}
