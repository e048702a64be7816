/** 补充照片 that were taken and not handed in: whoever left their page, or whose browser was killed, finds the way back. */
import { Note } from "../parts/bits";
import { LinkButton } from "../parts/button";
import { useLive } from "../parts/hooks";
import { evidenceLink, readEvidenceLink } from "../rules/links";
import type { Tablet } from "../tablet";
import { grouped } from "./home-data";

interface Left { link: string; village: string; photos: number }

async function readLeft({ pictures, rows }: Tablet): Promise<Left[]> {
  const visits = [...grouped(await pictures.loose(), (photo) => photo.about.id)];
  return Promise.all(visits.map(async ([inspection, photos]) => {
    const link = photos.flatMap(({ about }) => (about.kind === "inspection" && about.link) || [])[0]
      ?? evidenceLink({ inspection, round: null, village: null, checklist: null });
    const code = readEvidenceLink(link)?.village;
    return { link, village: (code && (await rows.one("village", code))?.name) || "一次检查", photos: photos.length };
  }));
}

export function LoosePhotos() {
  const left = useLive(["photos", "outbox", "drafts"], readLeft);
  return (
    <>
      {(left.value ?? []).map(({ link, village, photos }) => (
        <Note key={link} kind="amber">
          <p><b>{village}</b> 的补充照片还有 {photos} 张没有交，不交不会上传。</p>
          <LinkButton to={link} kind="main">去交照片</LinkButton>
        </Note>
      ))}
    </>
  );
}
