/** Exact decimals, as points and measured values travel: text in, text out, no binary fraction between. */

export interface Decimal {
  readonly n: bigint; // the digits; the value is n / 10^places
  readonly places: number;
}

const PLAIN = /^-?[0-9]{1,20}(\.[0-9]{1,20})?$/;

export const ZERO: Decimal = { n: 0n, places: 0 };
export const HUNDRED: Decimal = { n: 100n, places: 0 };

/** The decimal that was written ("4", "-0.50"), or null where the text is no plain number. */
export function decimal(text: string | null | undefined): Decimal | null {
  if (text === null || text === undefined || !PLAIN.test(text)) return null;
  const point = text.indexOf(".");
  return { n: BigInt(text.replace(".", "")), places: point < 0 ? 0 : text.length - point - 1 };
}

/** As `decimal`, also of a JSON number, read by its shortest spelling. */
export function exact(value: unknown): Decimal | null {
  if (typeof value === "number") return decimal(String(value));
  return typeof value === "string" ? decimal(value) : null;
}

const tens = (places: number): bigint => 10n ** BigInt(places);

function alike(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const places = Math.max(a.places, b.places);
  return [a.n * tens(places - a.places), b.n * tens(places - b.places), places];
}

export function add(a: Decimal, b: Decimal): Decimal {
  const [x, y, places] = alike(a, b);
  return { n: x + y, places };
}

export function sub(a: Decimal, b: Decimal): Decimal {
  const [x, y, places] = alike(a, b);
  return { n: x - y, places };
}

export const mul = (a: Decimal, b: Decimal): Decimal => ({ n: a.n * b.n, places: a.places + b.places });
export const times = (a: Decimal, count: number): Decimal => ({ n: a.n * BigInt(count), places: a.places });

/** -1, 0 or 1. */
export function compare(a: Decimal, b: Decimal): number {
  const [x, y] = alike(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

export const least = (a: Decimal, b: Decimal): Decimal => (compare(a, b) <= 0 ? a : b);
export const most = (a: Decimal, b: Decimal): Decimal => (compare(a, b) >= 0 ? a : b);
export const isZero = (a: Decimal): boolean => a.n === 0n;
export const isNegative = (a: Decimal): boolean => a.n < 0n;

/** n / d to a whole number, half away from zero; d above 0. */
function halfUp(n: bigint, d: bigint): bigint {
  const size = n < 0n ? -n : n;
  const whole = (size * 2n + d) / (d * 2n);
  return n < 0n ? -whole : whole;
}

/** To exactly `places` decimals, half up. */
export function round(a: Decimal, places: number): Decimal {
  if (places >= a.places) return { n: a.n * tens(places - a.places), places };
  return { n: halfUp(a.n, tens(a.places - places)), places };
}

/** a ÷ b to `places` decimals, rounded half up once; b above 0. */
export function divide(a: Decimal, b: Decimal, places: number): Decimal {
  const [x, y] = alike(a, b);
  return { n: halfUp(x * tens(places), y), places };
}

/** With all its decimals: "1.50". */
export function format(a: Decimal): string {
  const digits = (a.n < 0n ? -a.n : a.n).toString().padStart(a.places + 1, "0");
  const cut = digits.length - a.places;
  return (a.n < 0n ? "-" : "") + digits.slice(0, cut) + (a.places ? "." + digits.slice(cut) : "");
}

/** Without needless zeros, as it travels: "1.5" · "100". */
export function plain(a: Decimal): string {
  const text = format(a);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
