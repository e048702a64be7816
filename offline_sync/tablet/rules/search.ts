/** Finding a village as people look for it: name, alias, pinyin, initials or code, all in its row's `search`. Pure.
 *
 * The same order as the desk's (villages/places.py `find_villages`): a whole word, then a beginning, then a part.
 */

export interface Findable { code: string; search: string }

/** What was typed, without spaces and capitals. */
export const wanted = (text: string): string => text.replace(/\s+/g, "").toLowerCase();

/** The villages found, best first; all of them, as they stand, when nothing was typed. */
export function find<T extends Findable>(villages: readonly T[], text: string): T[] {
  const want = wanted(text);
  if (!want) return [...villages];
  return villages
    .filter((village) => village.search.includes(want))
    .map((village) => ({ village, rank: rank(village.search, want) }))
    .sort((a, b) => a.rank - b.rank || (a.village.code < b.village.code ? -1 : 1))
    .map(({ village }) => village);
}

function rank(search: string, want: string): number {
  const words = search.split(" ");
  if (words.includes(want)) return 0;
  return words.some((word) => word.startsWith(want)) ? 1 : 2;
}

/** What to call each village where two share a name: 桑峪村（斋堂镇）. */
export function plainNames(villages: readonly { code: string; name: string; town: string }[], towns: ReadonlyMap<string, string>): Map<string, string> {
  const count = new Map<string, number>();
  for (const { name } of villages) count.set(name, (count.get(name) ?? 0) + 1);
  return new Map(villages.map(({ code, name, town }) => [code, count.get(name) === 1 ? name : `${name}（${towns.get(town) ?? town}）`]));
}

/** The village whose plate was scanned or whose code was typed: `https://…/p/110109105210…`, or twelve digits. */
export function plateCode(text: string): string | null {
  const trimmed = text.trim();
  return /^\d{12}$/.exec(trimmed)?.[0] ?? /\/p\/(\d{12})(?!\d)/.exec(trimmed)?.[1] ?? null;
}

/** The one-time ticket in an enrolment code: `…/tablet/#enrol=<ticket>`. */
export function ticketIn(text: string): string | null {
  const ticket = /#enrol=([^&\s]+)/.exec(text)?.[1];
  return ticket && ticket.length <= 100 ? ticket : null;
}
