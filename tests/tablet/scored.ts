/** One case of scoring, told as text: what the shared cases expect and what the Python twin tells. */
import { readChecklist } from "../../offline_sync/tablet/rules/checklist";
import { checkAnswers } from "../../offline_sync/tablet/rules/checks";
import { format } from "../../offline_sync/tablet/rules/decimal";
import { score } from "../../offline_sync/tablet/rules/scoring";
import type { Answer } from "../../offline_sync/tablet/wire";
import shared from "../shared/scoring.json";

export interface Case {
  name: string;
  checklist: string;
  over?: string;
  answers: Answer[];
  auto?: Record<string, string | null>;
  author?: string;
  inspectors?: string[];
  provisional?: boolean;
  expect: Record<string, unknown>;
}

const checklists = new Map(Object.entries(shared.checklists).map(([name, body]) => [name, readChecklist(body)]));
const full = shared.full as unknown as Record<string, Answer[]>;
const asText = (value: unknown) => (typeof value === "number" ? String(value) : value);

/** The answers with figures as the tablet keeps them, in text. */
export function sheetOf(one: Case): Answer[] {
  const items = new Set(one.answers.map((answer) => answer.item));
  const base = one.over === undefined ? [] : (full[one.over] ?? []).filter((answer) => !items.has(answer.item));
  return [...base, ...one.answers].map((answer) => {
    const kept = { ...answer } as Record<string, unknown>;
    for (const key of ["value", "points"]) if (key in kept) kept[key] = asText(kept[key]);
    return kept as unknown as Answer;
  });
}

export function told(one: Case) {
  const checklist = checklists.get(one.checklist);
  if (!checklist) throw new Error(one.checklist);
  const answers = sheetOf(one);
  const got = score(checklist, answers, one);
  return {
    score: got.score && format(got.score), grade: got.grade, earned: format(got.earned), base: format(got.base),
    na_weight: format(got.na_weight), na_over_limit: got.na_over_limit, vetoes: got.vetoes,
    vetoes_unconfirmed: got.vetoes_unconfirmed, missing: got.missing,
    problems: checkAnswers(checklist, answers).map(({ item, code }) => [item, code]),
    sentences: checkAnswers(checklist, answers).map(({ sentence }) => sentence),
    sections: Object.fromEntries([...got.sections].map(([code, part]) => [code, [format(part.earned), format(part.base)]])),
    items: Object.fromEntries([...got.items].map(([code, item]) => [code, {
      points: format(item.points), weight: format(item.weight), lost: format(item.lost), na: item.na, unproven: item.unproven,
      detail: item.detail.map(({ rule, count, off }) => [rule, count, format(off)]),
    }])),
  };
}
