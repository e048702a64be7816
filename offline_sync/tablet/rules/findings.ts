/** Findings (问题点位) and what moves with them: rule and count with the item's counts, unit and term from the item.
 *
 * On a counted item each finding stands for places of one rule. Counts and findings are kept together: who adds a
 * finding need not press the stepper too, who pressed it first gets the places still untold into the next finding.
 */
import type { Action, DraftAnswer, DraftFinding, Severity } from "../model";
import type { Checklist, Item } from "./checklist";
import { compare } from "./decimal";
import type { Deduct, Rule } from "./methods";
import { MOST_COUNT, toldPlaces } from "./points";

export type Change = Partial<Omit<DraftAnswer, "item">>;

/** Terms as offices set them (glossary), in days; a heavy place gets the next shorter one. */
const TERMS: readonly number[] = [1, 3, 7, 15, 30];
const HARDER: Readonly<Record<Severity, Severity>> = { minor: "major", major: "critical", critical: "critical" };

/** The rule that is worse than the item's plain one; null where there is one rule only. */
export function heavyRule(method: Deduct): Rule | null {
  const [first, ...others] = [...method.rules].sort((a, b) => Number(a.zero) - Number(b.zero) || compare(a.per, b.per));
  const worst = others[others.length - 1];
  return first && worst && (worst.zero !== first.zero || compare(worst.per, first.per) > 0) ? worst : null;
}

/** The rule that a place counts under when nobody says more: the mildest. */
export function plainRule(method: Deduct): Rule | null {
  return [...method.rules].sort((a, b) => Number(a.zero) - Number(b.zero) || compare(a.per, b.per))[0] ?? null;
}

export const isHeavy = (item: Item, rule: string | null): boolean =>
  item.scoring.kind === "deduct" && rule !== null && heavyRule(item.scoring)?.key === rule;

export const shorterTerm = (days: number): number => [...TERMS].reverse().find((term) => term < days) ?? days;

/** How grave and how long, from the item and, for a heavy place, one step harder and shorter. */
export function termsOf(item: Item, rule: string | null): { severity: Severity; days: number } {
  if (!isHeavy(item, rule)) return { severity: item.severity, days: item.deadline_days };
  return { severity: HARDER[item.severity], days: shorterTerm(item.deadline_days) };
}

/** What the task will ask for: the server takes it from the item's own text. */
export const requirementOf = (item: Item): string => item.text;

/** Counted places that no finding tells of yet, in the order of the rules; negative where findings tell of more. */
export function untold(item: Item, answer: Pick<DraftAnswer, "counts" | "findings"> | undefined): { rule: Rule; places: number }[] {
  if (item.scoring.kind !== "deduct" || !answer?.counts) return [];
  const seen = toldPlaces(answer.findings);
  return item.scoring.rules
    .map((rule) => ({ rule, places: (answer.counts?.[rule.key] ?? 0) - (seen.get(rule.key) ?? 0) }))
    .filter(({ places }) => places !== 0);
}

/** A fresh finding: under the rule that still has untold places (all of them), else one place more of the plain rule. */
export function newFinding(
  item: Item, answer: DraftAnswer | undefined, given: { id: string; village: string; text?: string; action?: Action },
): DraftFinding {
  const open = untold(item, answer).find(({ places }) => places > 0);
  const rule = open?.rule.key ?? (item.scoring.kind === "deduct" ? plainRule(item.scoring)?.key ?? null : null);
  return {
    id: given.id, place: "", text: given.text ?? "", rule, count: open?.places ?? 1, position: null, photos: [], after: [],
    action: given.action ?? "dispatch", unit: given.village, ...termsOf(item, rule),
  };
}

/** The answer with its findings in place of those it had; counts follow where they were told in full. */
export function withFindings(item: Item, answer: DraftAnswer | undefined, findings: DraftFinding[]): Change {
  if (item.scoring.kind !== "deduct") return { findings };
  const before = toldPlaces(answer?.findings ?? []);
  const after = toldPlaces(findings);
  const counts: Record<string, number> = { ...answer?.counts };
  for (const { key } of item.scoring.rules) {
    const [had, told, now] = [counts[key] ?? 0, before.get(key) ?? 0, after.get(key) ?? 0];
    const follows = had === told ? now : now > told ? Math.max(had, now) : had;
    if (follows !== had) counts[key] = Math.min(follows, MOST_COUNT);
  }
  return Object.keys(counts).length || answer?.counts ? { findings, counts } : { findings };
}

export const addFinding = (item: Item, answer: DraftAnswer | undefined, finding: DraftFinding): Change =>
  withFindings(item, answer, [...(answer?.findings ?? []), finding]);

/** Without this finding. Where none is left and nothing counted, the item is open again: nobody said that it is clean. */
export function removeFinding(item: Item, answer: DraftAnswer, id: string): Change {
  const change = withFindings(item, answer, answer.findings.filter((one) => one.id !== id));
  const bare = !change.findings?.length && change.counts && !Object.values(change.counts).some(Boolean);
  return bare ? { ...change, counts: null } : change;
}

/** A finding that was begun and left without a word, as if it had never been: the answer `before` it, just `after`, and
 * `now`. Nothing where something was said of it. */
export function unbegun(before: DraftAnswer | undefined, after: DraftAnswer, now: DraftAnswer, id: string): Change {
  const [made, is] = [after, now].map(({ findings }) => JSON.stringify(findings.find((one) => one.id === id)));
  if (is === undefined || is !== made) return {};
  const counted = JSON.stringify(now.counts) !== JSON.stringify(after.counts);
  return { findings: now.findings.filter((one) => one.id !== id), ...(counted ? {} : { counts: before?.counts ?? null }) };
}

/** Another rule brings its own severity and term, unless the person had set others. */
export function changeFinding(item: Item, answer: DraftAnswer, id: string, change: Partial<DraftFinding>): Change {
  return withFindings(item, answer, answer.findings.map((one) => {
    if (one.id !== id) return one;
    const next = { ...one, ...change };
    if (change.rule === undefined || change.rule === one.rule) return next;
    const [was, terms] = [termsOf(item, one.rule), termsOf(item, change.rule)];
    return {
      ...next, severity: one.severity === was.severity ? terms.severity : next.severity,
      days: one.days === was.days ? terms.days : next.days,
    };
  }));
}

/** What a place of this rule is called on a button: 一般, 成堆垃圾…, or what the rule says. */
export function ruleWords(method: Deduct, rule: Rule): string {
  if (rule.when) return rule.when.replace(/（.*?）/g, "");
  return method.rules.length > 1 ? "一般" : "发现问题";
}

/** Severities under the names the checklist gives them. */
export const severityName = (checklist: Checklist, key: Severity): string =>
  checklist.severities.find((one) => one.key === key)?.name ?? key;
