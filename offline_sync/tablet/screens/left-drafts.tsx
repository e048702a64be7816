/** What somebody left unfinished whose account or tablet was ended: read over, and exported; nothing can be filled in. */
import { useEffect, useMemo } from "preact/hooks";
import { Empty, Loading, Note, Part, TroubleCard } from "../parts/bits";
import { LinkButton } from "../parts/button";
import { Frame } from "../parts/frame";
import { TabletContext, useLive, useNow, useTablet } from "../parts/hooks";
import { type Checklist, readChecklist } from "../rules/checklist";
import { CHECKLIST, word } from "../rules/office-words";
import { told } from "../rules/when";
import type { LeftDraft, OpenDraft, Tablet } from "../tablet";
import { DeskContext } from "./sheet/hooks";
import { SheetModel } from "./sheet/model";
import { ReadOver } from "./sheet/read-over";

interface Left { who: string; drafts: LeftDraft[] }

async function readLeft({ people, rescue }: Tablet, person: string): Promise<Left> {
  const who = (await people.list()).find((one) => one.id === person);
  return { who: who?.title || who?.name || "", drafts: await rescue.look(person) };
}

export function LeftDrafts({ person }: { person: string }) {
  const left = useLive([], (tablet) => readLeft(tablet, person), [person]);
  return (
    <Frame title="没填完的检查" sub={left.value?.who} back="/sign-in">
      <div class="stack-wide">
        {left.trouble && <TroubleCard trouble={left.trouble} />}
        {!left.value && !left.trouble && <Loading />}
        {left.value && (
          <Note>账号或这台平板已停用，这里只能看，不能再填。恢复使用后登录可以接着填；要交给办公室的，可以导出成文件。<LinkButton to="/rescue">去导出</LinkButton></Note>
        )}
        {left.value?.drafts.length === 0 && <Empty title="没有没填完的检查" />}
        {left.value?.drafts.map((one) => <OneDraft key={one.draft.inspection} left={one} />)}
      </div>
    </Frame>
  );
}

/** Village names went with the server's rows; the code is what is left of it. */
function OneDraft({ left }: { left: LeftDraft }) {
  const { draft, answers, photos } = left;
  const now = useNow();
  const checklist = useMemo(() => readable(left.checklist), [left]);
  return (
    <Part title={`村 ${draft.village} · ${word(CHECKLIST, draft.checklist.code)}`}>
      <p class="muted">已填 {answers.length} 项，照片 {photos.length} 张 · {told(draft.updated_at, now)} 存</p>
      {checklist ? <Reading left={left} checklist={checklist} /> : <Note>检查单已不在这台平板上，内容看不了，但可以导出。</Note>}
    </Part>
  );
}

function readable(body: unknown): Checklist | null {
  try {
    return body ? readChecklist(body) : null;
  } catch {
    return null; // of another build
  }
}

function Reading({ left, checklist }: { left: LeftDraft; checklist: Checklist }) {
  const tablet = useTablet();
  const [desk, theirs, letGo] = useMemo(() => {
    const model = new SheetModel(frozen(left), { checklist, village: "", round: "", author: "", names: new Map() });
    const urls = new Map<string, Promise<string | null>>();
    const url = (sha256: string, preview: boolean): Promise<string | null> => {
      const name = `${sha256} ${preview}`;
      const made = urls.get(name) ?? left.bytes(sha256, preview).then((bytes) => bytes && URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })));
      urls.set(name, made);
      return made;
    };
    const revoke = () => urls.forEach((one) => void one.then((made) => made && URL.revokeObjectURL(made), () => undefined));
    const nothing = () => undefined;
    return [{ model, show: nothing, finish: nothing, partner: nothing }, { ...tablet, pictures: { ...tablet.pictures, url } }, revoke] as const;
  }, [left, checklist, tablet]);
  useEffect(() => letGo, [letGo]);
  return (
    <TabletContext.Provider value={theirs}>
      <DeskContext.Provider value={desk}><ReadOver /></DeskContext.Provider>
    </TabletContext.Provider>
  );
}

/** The draft as a sheet that takes nothing. */
function frozen({ draft, answers, photos }: LeftDraft): OpenDraft {
  const nothing = () => undefined;
  const done = () => Promise.resolve();
  return {
    draft, answers: new Map(answers.map((answer) => [answer.item, answer])), photos, saving: false, savedAt: draft.updated_at, trouble: null,
    answer: nothing, forget: nothing, set: nothing, flush: done, on: () => nothing, close: done,
  };
}
