/** Whether a value fits a shape of docs/wire.schema.json: as much of JSON Schema as that file uses. */
import schema from "../../docs/wire.schema.json";

interface Shape {
  $ref?: string; anyOf?: Shape[]; type?: string; properties?: Record<string, Shape>; required?: string[]; items?: Shape | false;
  enum?: unknown[]; pattern?: string; minItems?: number; maxItems?: number; minimum?: number; maximum?: number; format?: string;
  additionalProperties?: Shape | boolean; maxLength?: number;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const defs = schema.$defs as unknown as Record<string, Shape>;

/** What does not fit, each with its path; empty when all does. Fields the shape does not know are told too. */
export function unfit(name: string, value: unknown): string[] {
  return check(defs[name] ?? {}, value, name);
}

function check(shape: Shape, value: unknown, at: string): string[] {
  if (shape.$ref) return check(defs[shape.$ref.split("/").pop() ?? ""] ?? {}, value, at);
  if (shape.anyOf) return shape.anyOf.some((one) => !check(one, value, at).length) ? [] : [`${at}: none of ${shape.anyOf.length}`];
  const wrong: string[] = [];
  if (shape.type && !kinds(value).includes(shape.type)) return [`${at}: ${JSON.stringify(value)} is no ${shape.type}`];
  if (shape.enum && !shape.enum.includes(value)) wrong.push(`${at}: ${String(value)}`);
  if (typeof value === "string") {
    if (shape.pattern && !new RegExp(shape.pattern).test(value)) wrong.push(`${at}: ${value}`);
    if (shape.format === "uuid" && !UUID.test(value)) wrong.push(`${at}: ${value} is no uuid`);
    if (shape.format === "date-time" && !/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(value)) wrong.push(`${at}: ${value} is no moment`);
  }
  if (typeof value === "number" && (value < (shape.minimum ?? value) || value > (shape.maximum ?? value))) wrong.push(`${at}: ${value}`);
  if (Array.isArray(value)) {
    if (value.length < (shape.minItems ?? 0)) wrong.push(`${at}: too few`);
    for (const [n, one] of value.entries()) if (shape.items) wrong.push(...check(shape.items, one, `${at}[${n}]`));
  } else if (value && typeof value === "object") {
    for (const key of shape.required ?? []) if (!(key in value)) wrong.push(`${at}.${key}: missing`);
    for (const [key, one] of Object.entries(value)) {
      const known = shape.properties?.[key] ?? shape.additionalProperties;
      if (known === undefined && shape.properties) wrong.push(`${at}.${key}: unknown`);
      else if (typeof known === "object") wrong.push(...check(known, one, `${at}.${key}`));
    }
  }
  return wrong;
}

function kinds(value: unknown): string[] {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  if (typeof value === "number") return Number.isInteger(value) ? ["integer", "number"] : ["number"];
  return [typeof value];
}
