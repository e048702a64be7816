/** Photos that were taken for a visit of somebody else's (补充照片) or for a task and not handed in: whoever left their page,
 * or whose browser was killed, finds the way back.
 */
import { Note } from "../parts/bits";
import { LinkButton } from "../parts/button";
import { useLive } from "../parts/hooks";
import type { Photo } from "../model";
import { evidenceLink, readEvidenceLink } from "../rules/links";
import type { Tablet } from "../tablet";
import { grouped } from "./home-data";

interface Left { link: string; name: string; what: string; photos: number }

async function readLeft(tablet: Tablet): Promise<Left[]> {
  const things = [...grouped(await tablet.pictures.loose(), (photo) => photo.about.id)];
  return (await Promise.all(things.map(([id, photos]) => (photos[0]?.about.kind === "task" ? ofTask(tablet, id, photos) : ofVisit(tablet, id, photos))))).flat();
}

async function ofVisit({ rows }: Tablet, inspection: string, photos: Photo[]): Promise<Left[]> {
  const link = photos.flatMap(({ about }) => (about.kind === "inspection" && about.link) || [])[0]
    ?? evidenceLink({ inspection, round: null, village: null, checklist: null });
  const code = readEvidenceLink(link)?.village;
  return [{ link, name: (code && (await rows.one("village", code))?.name) || "一次检查", what: "补充照片", photos: photos.length }];
}

/** None of a task that is no longer here: nobody could do anything about it. */
async function ofTask({ rows }: Tablet, id: string, photos: Photo[]): Promise<Left[]> {
  const task = await rows.one("task", id);
  if (!task) return [];
  const village = await rows.one("village", task.village);
  return [{ link: `/task/${id}`, name: village?.name ?? "", what: `任务“${task.text || task.requirement}”的照片`, photos: photos.length }];
}

export function LoosePhotos() {
  const left = useLive(["photos", "outbox", "drafts", "rows"], readLeft);
  return (
    <>
      {(left.value ?? []).map(({ link, name, what, photos }) => (
        <Note key={link} kind="amber">
          <p><b>{name}</b> {what}还有 {photos} 张没有交，不交不会上传。</p>
          <LinkButton to={link} kind="main">去交照片</LinkButton>
        </Note>
      ))}
    </>
  );
}
