/** What a filled checklist scores. Twin of `inspections/scoring.py`, where the rules are told in full; both run
 * `tests/shared/scoring.json`, and a property test holds them to each other. The server alone judges.
 */
import type { Answer } from "../wire";
import type { Checklist, Section } from "./checklist";
import { type Decimal, HUNDRED, ZERO, add, compare, divide, isZero, least, mul, round } from "./decimal";
import { type ItemScore, autoPoints, itemPoints } from "./points";

export interface Score {
  score: Decimal | null;
  grade: string | null; // key
  earned: Decimal;
  base: Decimal;
  items: Map<string, ItemScore>; // lacks what is missing
  sections: Map<string, { earned: Decimal; base: Decimal }>;
  vetoes: string[];
  vetoes_unconfirmed: string[];
  na_weight: Decimal;
  na_over_limit: boolean;
  missing: string[];
}

export interface Given {
  auto?: { readonly [item: string]: string | null }; // null: no denominator
  author?: string;
  inspectors?: readonly string[];
  provisional?: boolean; // what is missing leaves the base
  scored?: WeakMap<Answer, ItemScore>; // of one checklist, answers that never change: what they earned before
}

/** Score a sheet; never throws, whatever the answers hold. */
export function score(checklist: Checklist, answers: Iterable<Answer>, given: Given = {}): Score {
  const provisional = given.provisional ?? false;
  const said = byItem(answers);
  const { items, missing } = scoreItems(checklist, said, given);
  const zero = round(ZERO, checklist.item_places);
  const sections = new Map(checklist.sections.map((part) => [part.code, sum(part, items, zero, provisional)]));
  let earned = zero;
  let base = zero;
  for (const part of sections.values()) [earned, base] = [add(earned, part.earned), add(base, part.base)];
  let na_weight = zero;
  for (const item of items.values()) if (item.na) na_weight = add(na_weight, item.weight);
  const usable = !isZero(base) && (provisional || !missing.length);
  const total = usable ? least(divide(mul(earned, HUNDRED), base, checklist.total_places), round(HUNDRED, checklist.total_places)) : null;
  const veto = vetoes(checklist, said, given.author ?? "", given.inspectors ?? []);
  return {
    score: total, grade: gradeOf(checklist, total, veto.confirmed.length > 0), earned, base, items, sections,
    vetoes: veto.confirmed, vetoes_unconfirmed: veto.unconfirmed, na_weight,
    na_over_limit: compare(na_weight, checklist.na_limit) > 0, missing,
  };
}

function scoreItems(checklist: Checklist, said: ReadonlyMap<string, Answer>, { auto = {}, scored }: Given) {
  const items = new Map<string, ItemScore>();
  const missing: string[] = [];
  for (const item of checklist.items) {
    const value = Object.hasOwn(auto, item.code) ? auto[item.code] : undefined;
    const answer = said.get(item.code);
    const before = answer && !item.auto ? scored?.get(answer) : undefined;
    const earned = before ?? (!item.auto ? itemPoints(item, answer, checklist.item_places)
      : value === undefined ? null : autoPoints(item, value, checklist.item_places));
    if (answer && earned && !item.auto) scored?.set(answer, earned);
    if (earned) items.set(item.code, earned);
    else missing.push(item.code);
  }
  return { items, missing };
}

function sum(section: Section, items: ReadonlyMap<string, ItemScore>, zero: Decimal, provisional: boolean) {
  let earned = zero;
  let base = zero;
  for (const item of section.items) {
    const got = items.get(item.code);
    if (!got) base = add(base, provisional ? zero : item.weight);
    else if (!got.na) [earned, base] = [add(earned, got.points), add(base, got.weight)];
  }
  return { earned, base };
}

/** Answers by item; an item answered twice has no answer, whichever came first. */
function byItem(answers: Iterable<Answer>): Map<string, Answer> {
  const found = new Map<string, Answer>();
  const twice = new Set<string>();
  for (const answer of answers) {
    if (found.has(answer.item)) twice.add(answer.item);
    found.set(answer.item, answer);
  }
  for (const code of twice) found.delete(code);
  return found;
}

function gradeOf(checklist: Checklist, total: Decimal | null, vetoed: boolean): string | null {
  if (!total) return null;
  const lowest = checklist.grades[checklist.grades.length - 1]?.key ?? null;
  return vetoed ? lowest : checklist.grades.find((grade) => compare(total, grade.min) >= 0)?.key ?? lowest;
}

function vetoes(checklist: Checklist, said: ReadonlyMap<string, Answer>, author: string, inspectors: readonly string[]) {
  const others = new Set(inspectors.map((person) => person.toLowerCase()));
  others.delete(author.toLowerCase());
  const confirmed: string[] = [];
  const unconfirmed: string[] = [];
  for (const item of checklist.items) {
    const answer = item.veto ? said.get(item.code) : undefined;
    if (!answer?.veto || (answer.na && item.na_allowed)) continue;
    (others.has(answer.veto.second?.toLowerCase() ?? "") ? confirmed : unconfirmed).push(item.code);
  }
  return { confirmed, unconfirmed };
}
