/** A card with what can be known here of the act and of the thing it was about. */
import type { RowOf } from "../rows";
import { INSPECTION_STAGE, STAGE, verb, word } from "../rules/office-words";
import type { Tablet } from "../tablet";

export interface CardData {
  card: RowOf<"card">;
  title: string;
  asked: string; // what the act is called
  at: string | null; // when it was done here
  words: string; // what was written with it
  photos: number;
  present: string; // how it is now
  link: string;
  village: string | null;
}

export async function readCard(tablet: Tablet, card: RowOf<"card">): Promise<CardData> {
  const entry = (await tablet.outbox.list()).find((one) => one.id === card.command);
  const args = (entry?.args ?? {}) as { text?: string; reason?: string; village_remarks?: string };
  const now = await present(tablet, card);
  return {
    card, title: entry?.about.title || now.title || "上传的内容", asked: entry ? verb(entry.verb) : now.kind, at: entry?.at ?? null,
    words: args.text || args.reason || "", photos: entry?.photos.length ?? 0, present: now.words, link: now.link, village: entry?.about.village ?? now.village,
  };
}

interface Present { title: string; kind: string; words: string; link: string; village: string | null }

async function present(tablet: Tablet, { about }: RowOf<"card">): Promise<Present> {
  const unknown = { title: "", kind: "上传的内容", words: "本机看不到它现在的情况，可能不在您的管辖范围内。", link: "", village: null };
  if (about.kind === "task") {
    const task = await tablet.rows.one("task", about.id);
    if (!task) return { ...unknown, kind: "办理任务" };
    const last = task.steps.filter((step) => step.verb !== "note").pop(); // one's own words, kept as a note, explain nothing
    return {
      title: task.text || task.requirement, kind: "办理任务", link: `/task/${task.id}`, village: task.village,
      words: `任务现在是“${word(STAGE, task.stage)}”${last ? `，最近一步是${last.by}${verb(last.verb)}` : ""}。`,
    };
  }
  if (about.kind === "inspection") {
    const visit = await tablet.rows.one("inspection", about.id);
    const village = visit ? await tablet.rows.one("village", visit.village) : null;
    if (!visit) return { ...unknown, kind: "提交检查", words: "这次检查还没有进入正式记录。" };
    return { title: village?.name ?? "", kind: "提交检查", link: `/village/${visit.village}`, village: visit.village, words: `检查记录${word(INSPECTION_STAGE, visit.stage)}${visit.score ? `，得分 ${visit.score}` : ""}。` };
  }
  if (about.kind === "village") {
    const village = await tablet.rows.one("village", about.id);
    if (village) return { title: village.name, kind: "标定位置", words: village.location ? "这个村已有位置。" : "这个村还没有位置。", link: `/village/${village.code}`, village: village.code };
  }
  return unknown;
}
