/** Which commands travel together: in order, as many as a push may carry. Pure. */
import type { Entry } from "../model";
import type { CommandIn } from "../wire";

export const COMMANDS = 50;
export const PUSH_BYTES = 1024 * 1024;
export const COMMAND_BYTES = 256 * 1024;
const ENVELOPE = 1024; // replica, epoch and time around the commands

/** An entry as it travels: the same bytes at every try, so that the server knows it again. */
export function commandOf(entry: Entry): CommandIn {
  const { id, seq, verb, v, at, mono, boot, args, replaces } = entry;
  return { id, seq, verb, v, at, mono, boot, args, ...(replaces === null ? {} : { replaces }) };
}

const text = new TextEncoder();
/** Bytes of one command on the wire. */
export function weight(entry: Entry): number {
  return text.encode(JSON.stringify(commandOf(entry))).byteLength;
}

/** The waiting entries as they may go now: `large` cannot travel and must stand behind all others. */
export function sort<E extends Entry>(waiting: readonly E[], limits: Record<string, number>, refused: ReadonlySet<string>): { fit: E[]; large: E[]; ordered: boolean } {
  const most = limits.command_bytes ?? COMMAND_BYTES;
  const isLarge = (entry: E): boolean => refused.has(entry.id) || weight(entry) > most;
  const large = waiting.filter(isLarge);
  const fit = waiting.filter((entry) => !large.includes(entry));
  const ordered = fit.length === 0 || waiting.slice(0, fit.length).every((entry, place) => entry === fit[place]);
  return { fit, large, ordered };
}

/** The first of them that one push may carry, at least one. */
export function batch<E extends Entry>(fit: readonly E[], limits: Record<string, number>, most: number): E[] {
  const commands = Math.max(1, Math.min(limits.push_commands ?? COMMANDS, most));
  let room = (limits.push_bytes ?? PUSH_BYTES) - ENVELOPE;
  const taken: E[] = [];
  for (const entry of fit.slice(0, commands)) {
    room -= weight(entry) + 1;
    if (room < 0 && taken.length) break;
    taken.push(entry);
  }
  return taken;
}
