/** The checklist (检查单) as it travels, read into what scoring and screens work with.
 *
 * The server has checked every body before it let it travel; here a body that cannot be read is an error, not a
 * list of sentences. Twin of `inspections/sheet.py` and `inspections/methods.py`.
 */
import { type Decimal, ZERO, decimal, exact, round } from "./decimal";
import type { Severity } from "../model";
import { type Fields, Unreadable, flag, list, number, part, text, texts, whole } from "./fields";
import { type Method, readMethod } from "./methods";

export interface Grade {
  key: string;
  name: string;
  min: Decimal;
}

/** One item (检查项). `weight` in points, with the checklist's places; a bonus weighs 0. `auto`: the system's figure. */
export interface Item {
  code: string;
  section: string;
  text: string;
  weight: Decimal;
  scoring: Method;
  na_allowed: boolean;
  photos_min: number;
  gps: boolean;
  deadline_days: number;
  severity: Severity;
  veto: boolean;
  veto_condition: string;
  auto: string;
  lead_dept: string;
  guideline: string;
  basis: string[];
  common_issues: string[];
  how: string;
}

export interface Section {
  code: string;
  name: string;
  weight: Decimal;
  items: Item[];
}

export interface Checklist {
  code: string;
  version: string;
  title: string;
  total: Decimal;
  na_limit: Decimal;
  item_places: number;
  total_places: number;
  grades: Grade[]; // best first
  severities: { key: Severity; name: string }[];
  sections: Section[];
  items: Item[];
  by_code: ReadonlyMap<string, Item>;
}

const SEVERITIES: Checklist["severities"] = [
  { key: "minor", name: "一般" }, { key: "major", name: "较重" }, { key: "critical", name: "严重" },
];

/** The checklist that a body defines. Throws `Unreadable` where it cannot be read. */
export function readChecklist(body: unknown): Checklist {
  const top = body as Fields;
  if (typeof body !== "object" || body === null) throw new Unreadable("检查单");
  const head = part(top, "checklist");
  const places = whole(head, "item_places", 2);
  const sections = list(top, "sections").map((one) => readSection(one, places));
  const items = sections.flatMap((section) => section.items);
  return {
    code: text(head, "code"), version: text(head, "version"), title: text(head, "title"),
    total: number(head, "total"), na_limit: number(head, "na_limit", decimal("20")),
    item_places: places, total_places: whole(head, "total_places", 1),
    grades: list(top, "grades").map((one) => ({ key: text(one, "key"), name: text(one, "name"), min: number(one, "min") })),
    severities: top["severities"] === undefined || top["severities"] === null ? SEVERITIES
      : list(top, "severities").map((one) => ({ key: text(one, "key") as Severity, name: text(one, "name") })),
    sections, items, by_code: new Map(items.map((item) => [item.code, item])),
  };
}

function readSection(from: Fields, places: number): Section {
  const code = text(from, "code");
  return {
    code, name: text(from, "name"), weight: number(from, "weight"),
    items: list(from, "items").map((one) => readItem(one, code, places)),
  };
}

function readItem(from: Fields, section: string, places: number): Item {
  const rules = part(from, "scoring");
  const evidence = part(from, "evidence");
  const weight = round(exact(from["weight"]) ?? ZERO, places);
  return {
    code: text(from, "code"), section, text: text(from, "text"), weight,
    scoring: readMethod(rules), na_allowed: flag(from, "na_allowed"),
    photos_min: whole(evidence, "photos_min", 0), gps: flag(evidence, "gps"),
    deadline_days: whole(from, "deadline_days"), severity: text(from, "severity") as Severity,
    veto: flag(from, "veto"), veto_condition: text(from, "veto_condition", ""),
    auto: text(from, "auto_source", ""), lead_dept: text(from, "lead_dept", ""),
    guideline: text(from, "guideline", ""), basis: texts(from, "basis"),
    common_issues: texts(from, "common_issues"), how: text(rules, "how", ""),
  };
}
