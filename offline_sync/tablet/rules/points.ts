/** What one answer earns on one item, method by method. Twin of `inspections/points.py`; `scoring` adds up.
 *
 * Null where the answer says nothing its method can use: not filled in, an unknown key, a figure out of bounds.
 */
import type { Answer, FindingIn } from "../wire";
import type { Item } from "./checklist";
import { type Decimal, ZERO, compare, decimal, format, isNegative, isZero, least, most, mul, round, sub, times, add } from "./decimal";
import type { Bonus, Deduct, Levels, Measure, Method, Range, Sample, YesNo } from "./methods";

export const MOST_COUNT = 9999; // places counted by one rule, ordinals of homes: more is a slip of the finger

export interface Loss {
  rule: string;
  count: number;
  off: Decimal; // before the cap
}

/** What one item earned. A detail's rule is the rule's key, the level's, `no`, `failed`, `range`, or the bound reached. */
export interface ItemScore {
  points: Decimal;
  weight: Decimal;
  lost: Decimal;
  na: boolean;
  unproven: boolean;
  detail: Loss[];
}

type Answered = Readonly<Answer>;

function got(item: Item, points: Decimal, unproven: boolean, detail: Loss[]): ItemScore {
  return { points, weight: item.weight, lost: sub(item.weight, points), na: false, unproven, detail };
}

/** The item leaves the base: nothing earned, nothing lost. */
export function notApplicable(item: Item, places: number): ItemScore {
  const zero = round(ZERO, places);
  return { points: zero, weight: item.weight, lost: zero, na: true, unproven: false, detail: [] };
}

/** What `answer` earns on `item` (not an `auto` one), rounded half up to `places`. */
export function itemPoints(item: Item, answer: Answered | undefined, places: number): ItemScore | null {
  const method = item.scoring;
  if (!answer) return method.kind === "bonus" ? givenBonus(item, method, ZERO, places) : null;
  if (answer.na) return item.na_allowed ? notApplicable(item, places) : null;
  return byMethod(item, method, answer, places);
}

/** What a value computed by the system earns; null as value (no denominator) is not applicable. Never unproven. */
export function autoPoints(item: Item, value: string | null, places: number): ItemScore | null {
  if (value === null) return notApplicable(item, places);
  const figure = decimal(value);
  if (!figure || item.scoring.kind !== "measure") return null;
  const { key, share } = stepReached(item.scoring, figure);
  return byShare(item, share, key, places, true);
}

/** The first step from the top that `value` reaches: its bound as text or `else`, and its share. */
export function stepReached(measure: Measure, value: Decimal): { key: string; share: Decimal } {
  for (const { bound, share } of measure.steps) {
    const over = compare(value, bound);
    if (measure.lower ? over <= 0 : over >= 0) return { key: format(bound), share };
  }
  return { key: "else", share: measure.otherwise };
}

function byMethod(item: Item, method: Method, answer: Answered, places: number): ItemScore | null {
  switch (method.kind) {
    case "deduct": return counted(item, method, answer, places);
    case "levels": return levelled(item, method, answer, places);
    case "yes_no": return yesOrNo(item, method, answer, places);
    case "measure": return measured(item, method, answer, places);
    case "range": return judged(item, method, answer, places);
    case "sample": return sampled(item, method, answer, places);
    case "bonus": return bonus(item, method, answer, places);
  }
}

const proven = (answer: Answered): boolean => (answer.findings ?? []).length > 0;

function byShare(item: Item, share: Decimal, key: string, places: number, isProven: boolean): ItemScore {
  const points = round(mul(item.weight, share), places);
  const lost = sub(item.weight, points);
  return isZero(lost) ? got(item, points, false, []) : got(item, points, !isProven, [{ rule: key, count: 1, off: lost }]);
}

function counted(item: Item, method: Deduct, answer: Answered, places: number): ItemScore | null {
  const counts = answer.counts;
  if (!counts) return null;
  let off = ZERO;
  let known = 0;
  const detail: Loss[] = [];
  for (const rule of method.rules) {
    const count = Object.hasOwn(counts, rule.key) ? counts[rule.key] : undefined;
    if (count === undefined) continue;
    known += 1;
    if (!(count >= 0 && count <= MOST_COUNT)) return null;
    if (!count) continue;
    const taken = rule.zero ? item.weight : times(rule.per, count);
    off = add(off, taken);
    detail.push({ rule: rule.key, count, off: round(taken, places) });
  }
  if (known < Object.keys(counts).length) return null;
  return got(item, round(most(sub(item.weight, off), ZERO), places), !addsUp(counts, answer.findings ?? []), detail);
}

/** How many places the findings tell of, rule by rule; a finding that names no rule proves none. */
export function toldPlaces(findings: readonly FindingIn[]): Map<string, number> {
  const seen = new Map<string, number>();
  for (const { rule, count } of findings) {
    if (rule !== null && rule !== undefined) seen.set(rule, (seen.get(rule) ?? 0) + (count ?? 1));
  }
  return seen;
}

function addsUp(counts: NonNullable<Answer["counts"]>, findings: readonly FindingIn[]): boolean {
  const seen = toldPlaces(findings);
  return [...new Set([...seen.keys(), ...Object.keys(counts)])].every((key) => (seen.get(key) ?? 0) === (counts[key] ?? 0));
}

function levelled(item: Item, method: Levels, answer: Answered, places: number): ItemScore | null {
  const level = method.levels.find((one) => one.key === answer.level);
  return level ? byShare(item, level.share, level.key, places, proven(answer)) : null;
}

function yesOrNo(item: Item, method: YesNo, answer: Answered, places: number): ItemScore | null {
  if (answer.yes === null || answer.yes === undefined) return null;
  return byShare(item, answer.yes ? method.yes : method.no, "no", places, proven(answer));
}

function measured(item: Item, method: Measure, answer: Answered, places: number): ItemScore | null {
  const value = decimal(answer.value);
  if (!value || compare(value, method.low) < 0 || compare(value, method.high) > 0) return null;
  const { key, share } = stepReached(method, value);
  return byShare(item, share, key, places, proven(answer));
}

function judged(item: Item, _method: Range, answer: Answered, places: number): ItemScore | null {
  const given = decimal(answer.points);
  if (!given || isNegative(given) || compare(given, item.weight) > 0) return null;
  const points = round(given, places);
  const lost = sub(item.weight, points);
  return got(item, points, !isZero(lost) && !proven(answer), isZero(lost) ? [] : [{ rule: "range", count: 1, off: lost }]);
}

function sampled(item: Item, method: Sample, answer: Answered, places: number): ItemScore | null {
  const { drawn, failed } = answer;
  if (!drawn?.length || !failed || !ordinals(drawn) || !ordinals(failed)) return null;
  if (!failed.every((home) => drawn.includes(home))) return null;
  const off = times(method.per, failed.length);
  const points = round(most(sub(item.weight, off), ZERO), places);
  const detail = failed.length ? [{ rule: "failed", count: failed.length, off: round(off, places) }] : [];
  return got(item, points, compare(points, item.weight) < 0 && !proven(answer), detail);
}

/** Whether these are homes' ordinals: from 1 up, none twice. */
export function ordinals(numbers: readonly number[]): boolean {
  return new Set(numbers).size === numbers.length && numbers.every((one) => one >= 1 && one <= MOST_COUNT);
}

function bonus(item: Item, method: Bonus, answer: Answered, places: number): ItemScore | null {
  const missing = answer.points === null || answer.points === undefined;
  const points = missing ? ZERO : decimal(answer.points);
  return points && !isNegative(points) ? givenBonus(item, method, points, places) : null;
}

function givenBonus(item: Item, method: Bonus, points: Decimal, places: number): ItemScore {
  const given = round(least(points, method.most), places);
  return { points: given, weight: item.weight, lost: item.weight, na: false, unproven: false, detail: [] };
}
