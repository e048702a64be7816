/** 协助取证: the second inspector's tablet adds photos, item by item, to the visit that was scanned. Only ever adds. */
import { useState } from "preact/hooks";
import type { Entry, Photo } from "../model";
import { Loading, Note, Part, TroubleCard } from "../parts/bits";
import { Button } from "../parts/button";
import { Frame } from "../parts/frame";
import { useAct, useLive, useTablet } from "../parts/hooks";
import { type Picture, PhotoStrip } from "../parts/photos";
import { go } from "../parts/route";
import { type Checklist, type Item, readChecklist } from "../rules/checklist";
import { type VisitLink, evidenceLink } from "../rules/links";
import { announced } from "../rules/submission";
import { clock } from "../rules/when";
import { shortCode } from "../rules/words";
import type { Tablet } from "../tablet";
import type { EvidenceArgs, Submission } from "../wire";
import { useScrollTo } from "./sheet/scroll";
import { Album, Shoot } from "./sheet/shoot";
import { useNoPhotos } from "./sheet/storage";

interface Visit { link: VisitLink; inspection: string; code: string | null; village: string; round: string; who: string; checklist: Checklist | null }

/** What is known here of the visit: from the scanned code, from its row, or from what was handed in here. */
async function readVisit(tablet: Tablet, link: VisitLink): Promise<Visit> {
  const [row, outbox, me, checklists] = await Promise.all([
    tablet.rows.one("inspection", link.inspection), tablet.outbox.list(), tablet.people.current(), tablet.rows.all("checklist"),
  ]);
  const sent = outbox.find((entry) => entry.verb === "inspection.submit" && entry.about.id === link.inspection)?.args as Submission | undefined;
  const code = link.village ?? row?.village ?? sent?.village ?? null;
  const round = link.round ?? row?.round ?? sent?.round ?? null;
  const hash = link.checklist ?? row?.checklist.sha256 ?? sent?.checklist.sha256 ?? null;
  const [village, batch] = await Promise.all([code ? tablet.rows.one("village", code) : null, round ? tablet.rows.one("round", round) : null]);
  const body = hash ? checklists.find((one) => one.sha256.startsWith(hash))?.body : undefined;
  return {
    link: { inspection: link.inspection, round, village: code, checklist: hash }, inspection: link.inspection, code, village: village?.name ?? "", round: batch?.name ?? "", who: me?.title ?? "",
    checklist: body ? readChecklist(body) : null,
  };
}

export function Evidence({ link }: { link: VisitLink | null }) {
  if (!link) return <Frame title="补充照片" back="/"><Note kind="amber">没有认出这次检查。请重新扫“协助取证”的二维码。</Note></Frame>;
  return <Known link={link} />;
}

function Known({ link }: { link: VisitLink }) {
  const visit = useLive(["rows"], (tablet) => readVisit(tablet, link), [link.inspection]);
  if (visit.trouble) return <Frame title="补充照片" back="/"><TroubleCard trouble={visit.trouble} again={visit.again} /></Frame>;
  if (!visit.value) return <Frame title="补充照片" back="/"><Loading /></Frame>;
  return <Adding visit={visit.value} />;
}

/** Photos of the visit taken here that no act names yet, and those that went into the outbox. */
async function readPhotos(tablet: Tablet, inspection: string) {
  const [photos, outbox] = await Promise.all([tablet.pictures.of("inspection", inspection), tablet.outbox.list()]);
  const named = new Set(outbox.flatMap((entry: Entry) => entry.photos));
  return { fresh: photos.filter((photo) => !named.has(photo.id) && photo.role !== "signature"), given: photos.filter((photo) => named.has(photo.id)) };
}

function Adding({ visit }: { visit: Visit }) {
  const { inspection, checklist } = visit;
  const tablet = useTablet();
  const act = useAct();
  const [item, setItem] = useState<string | null>(null);
  const photos = useLive(["photos", "outbox"], (one) => readPhotos(one, inspection), [inspection]);
  const { fresh = [], given = [] } = photos.value ?? {};
  const last = [...fresh, ...given].reduce((best, { kept_at }) => (kept_at > best ? kept_at : best), "");
  const told = useScrollTo<HTMLDivElement>(act.trouble !== null); // the list of items is long
  const barred = useNoPhotos(fresh.length + given.length);
  const taking = {
    act, disabled: barred !== null, before: () => Promise.resolve(),
    shot: () => ({
      about: { kind: "inspection", id: inspection, item, finding: null, link: evidenceLink(visit.link) } as const, role: "scene" as const, pairs: null,
      place: visit.village, who: visit.who,
    }),
  };
  const handIn = () => act.run(async () => {
    await queue(tablet, visit, fresh);
    go("/outbox");
  });
  return (
    <Frame title="补充照片" sub={[visit.village || "同一次检查", visit.round].filter(Boolean).join(" · ")} back={visit.code ? `/village/${visit.code}` : "/"}
      saved={last ? { saving: false, savedAt: last, trouble: null } : undefined}
      foot={<>
        <Shoot {...taking} words={item ? `拍照（${item}）` : "拍照（全村）"} main={!fresh.length} />
        {fresh.length > 0 && <Button kind="main" busy={act.busy} onClick={() => void handIn()}>交照片 {fresh.length} 张</Button>}
      </>}>
      <div class="evidence stack-wide">
        {!visit.village && <Note kind="amber">这台平板上没有这个村的资料。照片照样能拍，会交到同一次检查里。</Note>}
        <Picking checklist={checklist} chosen={item} onChoose={setItem} photos={[...fresh, ...given]} />
        {barred ? <Note kind="amber">{barred}</Note> : <div class="btns"><Album {...taking} words="从相册选" /></div>}
        {act.trouble && <div ref={told}><TroubleCard trouble={act.trouble} /></div>}
        <Taken title="还没交" photos={fresh} checklist={checklist} removable />
        <Taken title="已交" photos={given} checklist={checklist} />
      </div>
    </Frame>
  );
}

/** One act for each item, so that each says what its photos show. */
async function queue(tablet: Tablet, { inspection, code, village }: Visit, photos: readonly Photo[]): Promise<void> {
  const groups = new Map<string | null, Photo[]>();
  for (const photo of photos) {
    const item = photo.about.kind === "inspection" ? photo.about.item : null;
    groups.set(item, [...(groups.get(item) ?? []), photo]);
  }
  for (const [item, some] of groups) {
    const [first, ...others] = some.map(announced);
    if (!first) continue;
    const args: EvidenceArgs = { inspection, item, finding: null, photos: [first, ...others] };
    const title = [village, "补充照片", item].filter(Boolean).join(" ");
    await tablet.outbox.add({
      verb: "inspection.evidence", args, photos: some.map((photo) => photo.id),
      about: { kind: "inspection", id: inspection, village: code, title },
    });
  }
}

interface PickingProps { checklist: Checklist | null; chosen: string | null; photos: readonly Photo[]; onChoose: (item: string | null) => void }

/** Which item the next photos show; none is the village as a whole. */
function Picking({ checklist, chosen, photos, onChoose }: PickingProps) {
  const [section, setSection] = useState<string | null>(null);
  const count = (code: string) => photos.filter((photo) => photo.about.kind === "inspection" && photo.about.item === code).length;
  if (!checklist) return <Note kind="amber">这台平板上没有这份检查单，照片会交给整次检查，不分检查项。</Note>;
  const open = checklist.sections.find((one) => one.code === section);
  return (
    <Part title="拍的是哪一项">
      <div class="chips chips-wrap" role="group" aria-label="检查大类">
        <button type="button" class="chip" aria-pressed={chosen === null && !open} onClick={() => { setSection(null); onChoose(null); }}>全村</button>
        {checklist.sections.map(({ code, name }) => (
          <button type="button" class="chip" key={code} aria-pressed={code === section} onClick={() => { setSection(code); onChoose(null); }}>{name}</button>
        ))}
      </div>
      {open && (
        <div class="rows evidence-items">
          {open.items.filter((item: Item) => !item.auto).map((item) => (
            <button type="button" class="row" key={item.code} aria-pressed={item.code === chosen} onClick={() => onChoose(item.code)}>
              <span class="it-code">{shortCode(item.code)}</span>
              <span class="row-main"><span class="row-sub">{item.text}</span></span>
              {count(item.code) > 0 && <span class="row-side">{count(item.code)} 张</span>}
            </button>
          ))}
        </div>
      )}
    </Part>
  );
}

interface TakenProps { title: string; photos: readonly Photo[]; checklist: Checklist | null; removable?: boolean }

function Taken({ title, photos, removable }: TakenProps) {
  const tablet = useTablet();
  const act = useAct();
  if (!photos.length) return null;
  const last = photos[photos.length - 1];
  const pictures: Picture[] = photos.map((photo) => ({
    id: photo.id, sha256: photo.sha256, words: `${(photo.about.kind === "inspection" && photo.about.item) || "全村"} ${clock(photo.taken_at)}`, whole: photo.whole,
  }));
  return (
    <Part title={`${title} ${photos.length} 张`}>
      <PhotoStrip photos={pictures} />
      {removable && last && <div class="btns"><Button kind="quiet" busy={act.busy} onClick={() => void act.run(() => tablet.pictures.remove(last.id))}>删掉最后一张</Button></div>}
      {act.trouble && <TroubleCard trouble={act.trouble} />}
    </Part>
  );
}

