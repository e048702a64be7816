/** Times as people in Beijing say them. Pure: "now" is always handed in (the server's time as far as we know it). */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BEIJING = 8 * HOUR; // no summer time since 1991

/** Stages of a task whose deadline still counts (dispatch/stages.py OPEN). */
export const OPEN_STAGES: ReadonlySet<string> = new Set(["dispatched", "accepted", "submitted", "checked", "returned"]);

const beijing = (ms: number): Date => new Date(ms + BEIJING);
const two = (n: number): string => String(n).padStart(2, "0");

const OFF = 10 * 60_000; // ms from which a clock is told to be wrong

/** What to say of this device's clock; empty while it is near enough. `skew`: server's clock minus ours, ms. */
export function skewWords(skew: number | null): string {
  if (skew === null || Math.abs(skew) <= OFF) return "";
  return `平板的时钟比服务器${skew > 0 ? "慢" : "快"} ${waited(0, Math.abs(skew))}。期限按服务器时间算，上传不受影响；请在系统设置里改为自动确定时间。`;
}

/** Number of the Beijing day that a moment falls on. */
export const dayNumber = (ms: number): number => Math.floor((ms + BEIJING) / DAY);

/** `9:41`. */
export function clock(at: string | number): string {
  const when = beijing(typeof at === "number" ? at : Date.parse(at));
  return `${when.getUTCHours()}:${two(when.getUTCMinutes())}`;
}

/** `11月20日`, with the year where it is not this year's. Takes moments and plain days (`2026-11-20`). */
export function date(at: string | number, now: number): string {
  const when = beijing(moment(at));
  const words = `${when.getUTCMonth() + 1}月${when.getUTCDate()}日`;
  return when.getUTCFullYear() === beijing(now).getUTCFullYear() ? words : `${when.getUTCFullYear()}年${words}`;
}

/** `今天 9:41`, `昨天 17:03`, `11月20日 8:11`. */
export function told(at: string | number, now: number): string {
  const ms = moment(at);
  const ago = dayNumber(now) - dayNumber(ms);
  const day = ago === 0 ? "今天" : ago === 1 ? "昨天" : date(ms, now);
  return `${day} ${clock(ms)}`;
}

/** How long something has been waiting: `刚刚`, `12 分钟`, `3 小时`, `2 天`. */
export function waited(since: string | number, now: number): string {
  const ms = Math.max(0, now - moment(since));
  if (ms < 60_000) return "刚刚";
  if (ms < HOUR) return `${Math.floor(ms / 60_000)} 分钟`;
  return ms < DAY ? `${Math.floor(ms / HOUR)} 小时` : `${Math.floor(ms / DAY)} 天`;
}

/** Beijing days from today to that of `at`: 0 today, -3 three days ago. */
export const daysTo = (at: string | number, now: number): number => dayNumber(moment(at)) - dayNumber(now);

/** A round's window, whose last day still counts: `还剩 6 天`, `今天截止`, `12月1日开始`, `已过截止 2 天`. */
export function windowWords(opens: string, closes: string, now: number): string {
  if (daysTo(opens, now) > 0) return `${date(opens, now)}开始`;
  const left = daysTo(closes, now);
  return left > 0 ? `还剩 ${left} 天` : left === 0 ? "今天截止" : `已过截止 ${-left} 天`;
}

/** How long so many bytes take at this rate (bytes a ms): `不到 1 分钟`, `约 3 分钟`, `约 2 小时`; empty where nobody knows. */
export function takes(bytes: number, rate: number | null): string {
  if (!rate || bytes <= 0) return "";
  const minutes = Math.ceil(bytes / rate / 60_000);
  if (minutes <= 1) return "不到 1 分钟";
  return minutes < 90 ? `约 ${minutes} 分钟` : `约 ${Math.round(minutes / 60)} 小时`;
}

export interface Deadline { words: string; late: boolean; soon: boolean }

/** A task's deadline as its list says it; the same bounds as dispatch/deadlines.py. */
export function deadline(at: string, stage: string, now: number): Deadline {
  const ms = Date.parse(at);
  if (!OPEN_STAGES.has(stage)) return { words: "", late: false, soon: false };
  const days = daysTo(ms, now);
  if (now > ms) return { words: days < 0 ? `逾期 ${-days} 天` : "今天已逾期", late: true, soon: false };
  const soon = ms <= now + DAY;
  return { words: days > 0 ? `还剩 ${days} 天` : `今天 ${clock(ms)} 到期`, late: false, soon };
}

/** Milliseconds of a moment, or of midnight in Beijing that begins a plain day. */
function moment(at: string | number): number {
  if (typeof at === "number") return at;
  return /^\d{4}-\d{2}-\d{2}$/.test(at) ? Date.parse(at) - BEIJING : Date.parse(at);
}

/** Today in Beijing, `2026-11-20`. */
export const today = (now: number): string => beijing(now).toISOString().slice(0, 10);
/** The Beijing day so many days from now, `2026-11-27`. */
export const dayIn = (days: number, now: number): string => today(now + days * DAY);
