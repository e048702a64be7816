/** What is still missing on a sheet, and where. Evidence is never refused: only what would leave the sheet without a
 * score, and the village's signature, holds up finishing; everything else is said and may stay as it is.
 */
import type { Draft, DraftAnswer, DraftFinding, Photo } from "../model";
import type { Checklist, Item } from "./checklist";
import { checkItem } from "./checks";
import { compare, plain } from "./decimal";
import { untold } from "./findings";
import type { ItemScore } from "./points";
import type { Score } from "./scoring";

export type NeedKind =
  | "unfilled" | "invalid" | "na_reason" | "photo" | "after_photo" | "counts" | "finding" | "words" | "second" | "veto_words"
  | "position" | "na_over" | "signature";

/** `block` holds up finishing; `warn` is to be mended if it can be; `note` is told once. `count`: photos, places. */
export interface Need {
  kind: NeedKind;
  weight: "block" | "warn" | "note";
  item: string | null; // where to go; none: the finish
  finding: string | null;
  count: number;
  words: string;
}

type Photos = readonly Photo[];

const need = (kind: NeedKind, weight: Need["weight"], item: Item, words: string, finding: string | null = null, count = 1): Need => ({
  kind, weight, item: item.code, finding, count, words: `${item.code} ${words}`,
});

/** A finding's photos: those it names and those that name it (a tablet killed between the two loses nothing). */
export function photosOf(finding: DraftFinding, photos: Photos, role: "before" | "after"): Photo[] {
  const named = new Set(role === "before" ? finding.photos : finding.after);
  return photos.filter((photo) => photo.role === role && (named.has(photo.id) || belongs(photo, finding.id)));
}

const belongs = (photo: Photo, finding: string): boolean => photo.about.kind === "inspection" && photo.about.finding === finding;

/** What one item lacks. `earned` null: not filled in, or not in a way that counts. */
export function itemNeeds(item: Item, answer: DraftAnswer | undefined, earned: ItemScore | null, photos: Photos, others: ReadonlySet<string>): Need[] {
  if (item.auto) return [];
  const found: Need[] = checkItem(item, answer).map(([code, words]) => {
    const kind = code === "item_missing" ? "unfilled" : code === "na_no_reason" ? "na_reason" : "invalid";
    return need(kind, "block", item, words);
  });
  if (!answer) return found;
  if (!answer.na && earned) found.push(...evidence(item, answer, earned, photos));
  for (const one of answer.findings) found.push(...findingNeeds(item, one, photos));
  if (answer.veto && !answer.na) {
    if (!answer.veto.text.trim()) found.push(need("veto_words", "warn", item, "一票否决没有写明情况"));
    if (!others.has(answer.veto.second ?? "")) found.push(need("second", "warn", item, "一票否决还没有第二名检查员确认，暂不生效"));
  }
  return found;
}

/** What points lost must be shown by: words, places that add up, photos, where. */
function evidence(item: Item, answer: DraftAnswer, earned: ItemScore, photos: Photos): Need[] {
  if (item.scoring.kind === "bonus" || !lostPoints(earned)) return [];
  const found: Need[] = untold(item, answer).map(({ rule, places }) => {
    const name = rule.when || "扣分处";
    const words = places > 0 ? `还有 ${places} 处“${name}”没有写成问题` : `问题比数量多 ${-places} 处“${name}”`;
    return need("counts", "warn", item, words, null, Math.abs(places));
  });
  if (!answer.findings.length && !found.length) found.push(need("finding", "warn", item, "扣了分，还没有写问题"));
  const before = answer.findings.map((one) => photosOf(one, photos, "before"));
  const taken = new Set(before.flat().map((photo) => photo.id)).size;
  const lacking = Math.max(item.photos_min - taken, before.filter((some) => !some.length).length);
  if (lacking > 0) {
    const bare = answer.findings.find((_, at) => !before[at]?.length);
    found.push(need("photo", "warn", item, `缺 ${lacking} 张照片`, bare?.id ?? answer.findings[0]?.id ?? null, lacking));
  }
  if (item.gps && taken && !before.flat().some((photo) => photo.position)) found.push(need("position", "note", item, "照片没有定位，按无定位记录"));
  return found;
}

/** Whether an item's answer costs points: only then are words and photos asked for. */
export const lostPoints = (earned: ItemScore): boolean => !earned.na && compare(earned.points, earned.weight) < 0;

function findingNeeds(item: Item, one: DraftFinding, photos: Photos): Need[] {
  const found: Need[] = [];
  if (!one.text.trim()) found.push(need("words", "warn", item, "有一条问题没有写明是什么", one.id));
  if (one.action === "fixed" && !photosOf(one, photos, "after").length) {
    found.push(need("after_photo", "warn", item, `当场整改“${one.text || "问题"}”缺整改后照片`, one.id));
  }
  return found;
}

/** What concerns the sheet as a whole: its village's signature, and too much left out. */
export function sheetNeeds(checklist: Checklist, scored: Score, draft: Pick<Draft, "signature">): Need[] {
  const found: Need[] = [];
  if (scored.na_over_limit) {
    const words = `不适用共 ${plain(scored.na_weight)} 分，超过 ${plain(checklist.na_limit)} 分，须区级办公室确认`;
    found.push({ kind: "na_over", weight: "note", item: null, finding: null, count: 1, words });
  }
  if (!signed(draft)) {
    found.push({ kind: "signature", weight: "block", item: null, finding: null, count: 1, words: "请村负责人签字，或注明拒签原因" });
  }
  return found;
}

/** Signed with a picture of it, or refused with a reason. Who began to note a refusal has not handed in the signature. */
export const signed = ({ signature }: Pick<Draft, "signature">): boolean =>
  signature !== null && (signature.refused !== null ? signature.refused.trim() !== "" : signature.photo !== null);

/** Everything at once, in the order of the sheet. */
export function allNeeds(checklist: Checklist, answers: ReadonlyMap<string, DraftAnswer>, scored: Score, draft: Draft, photos: Photos): Need[] {
  const others = new Set(draft.inspectors.slice(1));
  const items = checklist.items.flatMap((item) => itemNeeds(item, answers.get(item.code), scored.items.get(item.code) ?? null, photos, others));
  return [...items, ...sheetNeeds(checklist, scored, draft)];
}

/** 缺照片 n. */
export const photosMissing = (needs: readonly Need[]): number =>
  needs.reduce((sum, one) => sum + (one.kind === "photo" || one.kind === "after_photo" ? one.count : 0), 0);
