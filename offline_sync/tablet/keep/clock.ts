/** The device's own clock. It orders nothing on the server; it tells people and the trail when something was done. */
import { newId } from "../rules/ids";

const BEIJING = 8 * 3_600_000; // no summer time since 1991

/** RFC 3339 in Beijing time, whatever zone the device is set to. */
export const rfc3339 = (ms: number): string => `${new Date(ms + BEIJING).toISOString().slice(0, 19)}+08:00`;
export const now = (): string => rfc3339(Date.now());

/** One run of the program; with `mono` it tells how much time lay between two acts, whatever the clock did. */
export const BOOT: string = newId();
export const mono = (): number => Math.round(performance.now());
