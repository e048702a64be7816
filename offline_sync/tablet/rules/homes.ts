/** Homes drawn by lot, as ordinals 1…N: whoever knows the seed draws the same ones again.
 *
 * Each ordinal gets the number `mix("<seed>/<ordinal>")`; those with the smallest numbers are drawn, equal numbers by
 * ordinal. The seed is `<inspection>/<item>/<N>/<which draw>`. No register of residents is kept.
 */

/** 32 bits from a text: FNV-1a over its UTF-16 units, then MurmurHash3's last mixing. */
export function mix(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export const seedOf = (inspection: string, item: string, homes: number, turn: number): string =>
  `${inspection}/${item}/${homes}/${turn}`;

/** `wanted` of the ordinals 1…`homes` (all of them where there are no more), rising. */
export function drawHomes(seed: string, homes: number, wanted: number): number[] {
  const all = Array.from({ length: homes }, (_, at) => ({ home: at + 1, lot: mix(`${seed}/${at + 1}`) }));
  all.sort((a, b) => a.lot - b.lot || a.home - b.home);
  return all.slice(0, wanted).map(({ home }) => home).sort((a, b) => a - b);
}

/** How the draw is told in the answer's note, so that anybody can repeat it; `reason` of a second or later draw. */
export function drawNote(homes: number, turn: number, reason: string): string {
  return turn > 1 ? `共${homes}户，第${turn}次抽取：${reason.trim()}` : `共${homes}户，第1次抽取`;
}

export interface Draw { homes: number; turn: number; reason: string }

/** What `drawNote` told, at the note's start or behind the reason of a 不适用; null where it tells of no draw. */
export function drawn(note: string): Draw | null {
  const [, homes, turn, reason = ""] = /^共(\d{1,4})户，第(\d{1,3})次抽取(?:：(.*))?$/s.exec(note)
    ?? /（此前共(\d{1,4})户，第(\d{1,3})次抽取(?:：(.*))?）$/s.exec(note) ?? [];
  return homes ? { homes: Number(homes), turn: Number(turn), reason } : null;
}
