/** The scoring methods of an item: their shapes and how each is read. Twin of `inspections/methods.py`.
 *
 * Shares are fractions of the item's weight; `per` and `most` are points.
 */
import { type Decimal, HUNDRED, ZERO, decimal } from "./decimal";
import { type Fields, Unreadable, flag, list, number, part, text, whole } from "./fields";

/** What one place costs: `per` points, or the whole item where `zero` is set. */
export interface Rule {
  key: string;
  per: Decimal;
  when: string;
  zero: boolean;
}

export interface Level {
  key: string;
  name: string;
  share: Decimal;
  desc: string;
}

/** The first step from the top that the value reaches counts; else `otherwise`. `high` bounds the value itself. */
export interface Measure {
  kind: "measure";
  unit: string;
  lower: boolean; // less is better
  steps: { bound: Decimal; share: Decimal }[];
  otherwise: Decimal;
  low: Decimal;
  high: Decimal;
}

export interface Deduct { kind: "deduct"; unit: string; rules: Rule[] } // in the order of their keys
export interface Levels { kind: "levels"; levels: Level[] }
export interface YesNo { kind: "yes_no"; yes_means: string; yes: Decimal; no: Decimal }
export interface Range { kind: "range" }
export interface Sample { kind: "sample"; unit: string; draw: number; per: Decimal }
export interface Bonus { kind: "bonus"; most: Decimal }

export type Method = Deduct | Levels | YesNo | Measure | Range | Sample | Bonus;

const ONE = decimal("1") ?? ZERO;
const MOST = decimal("1000000") ?? ZERO;

function rule(from: Fields, key: string): Rule {
  const zero = flag(from, "zero");
  return { key, per: number(from, "per", zero ? ZERO : null), when: text(from, "when", ""), zero };
}

function deduct(from: Fields): Deduct {
  const unit = text(from, "unit", "处");
  const named = part(from, "rules");
  const keys = Object.keys(named).sort();
  if (keys.length) return { kind: "deduct", unit, rules: keys.map((key) => rule(part(named, key), key)) };
  const rules = [rule(from, "each")];
  if (from["heavy"]) rules.push(rule(part(from, "heavy"), "heavy"));
  return { kind: "deduct", unit, rules };
}

const zeroIf = (from: Fields): Deduct => ({
  kind: "deduct", unit: text(from, "unit", "处"), rules: [{ key: "each", per: ZERO, when: text(from, "when", ""), zero: true }],
});

const levels = (from: Fields): Levels => ({
  kind: "levels",
  levels: list(from, "levels").map((one) => ({
    key: text(one, "key"), name: text(one, "name"), share: number(one, "share"), desc: text(one, "desc", ""),
  })),
});

const yesNo = (from: Fields): YesNo => ({
  kind: "yes_no", yes_means: text(from, "yes_means", ""), yes: number(from, "yes_share", ONE), no: number(from, "no_share", ZERO),
});

function measure(from: Fields): Measure {
  const unit = text(from, "unit", "");
  const lower = text(from, "direction", "higher") === "lower";
  const rows = list(from, "thresholds");
  const last = rows[rows.length - 1];
  if (!last) throw new Unreadable("thresholds");
  return {
    kind: "measure", unit, lower,
    steps: rows.slice(0, -1).map((one) => ({ bound: number(one, lower ? "lte" : "gte"), share: number(one, "share") })),
    otherwise: number(last, "else_share"), low: number(from, "min", ZERO),
    high: number(from, "max", unit === "%" ? HUNDRED : MOST),
  };
}

const READERS: { [method: string]: (from: Fields) => Method } = {
  levels, deduct, zero_if: zeroIf, yes_no: yesNo, measure,
  range: () => ({ kind: "range" }),
  sample: (from) => ({ kind: "sample", unit: text(from, "unit", "户"), draw: whole(from, "draw"), per: number(from, "per") }),
  bonus: (from) => ({ kind: "bonus", most: number(from, "max") }),
};

/** The method that an item's `scoring` names. Throws `Unreadable` for one that is not known here. */
export function readMethod(from: Fields): Method {
  const reader = READERS[text(from, "method")];
  if (!reader) throw new Unreadable("method");
  return reader(from);
}
