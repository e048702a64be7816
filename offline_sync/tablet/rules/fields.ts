/** Reading a JSON document field by field, without trusting it. */
import { type Decimal, exact } from "./decimal";

export type Fields = { readonly [key: string]: unknown };

/** What was expected is not there; `message` names the field. */
export class Unreadable extends Error {
  constructor(field: string) {
    super(`读不懂：${field}`);
  }
}

const missing = (value: unknown): boolean => value === undefined || value === null;

function fields(value: unknown, name: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Unreadable(name);
  return value as Fields;
}

export function text(from: Fields, key: string, otherwise?: string): string {
  const value = from[key];
  if (typeof value === "string") return value;
  if (missing(value) && otherwise !== undefined) return otherwise;
  throw new Unreadable(key);
}

export function texts(from: Fields, key: string): string[] {
  const value = from[key];
  if (missing(value)) return [];
  if (!Array.isArray(value) || !value.every((one) => typeof one === "string")) throw new Unreadable(key);
  return value as string[];
}

export function number(from: Fields, key: string, otherwise: Decimal | null = null): Decimal {
  const value = exact(from[key]) ?? (missing(from[key]) ? otherwise : null);
  if (value === null) throw new Unreadable(key);
  return value;
}

export function whole(from: Fields, key: string, otherwise?: number): number {
  const value = from[key];
  if (typeof value === "number" && Number.isInteger(value)) return value;
  if (missing(value) && otherwise !== undefined) return otherwise;
  throw new Unreadable(key);
}

export const flag = (from: Fields, key: string): boolean => from[key] === true;

/** The group of fields at `key`; nothing there is an empty one. */
export const part = (from: Fields, key: string): Fields => (missing(from[key]) ? {} : fields(from[key], key));

export function list(from: Fields, key: string): Fields[] {
  const value = from[key];
  if (!Array.isArray(value)) throw new Unreadable(key);
  return value.map((one) => fields(one, key));
}
