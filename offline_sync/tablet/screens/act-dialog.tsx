/** Doing one thing to a task: words by phrase or by hand, photos at the place where it asks for one, then into the outbox. */
import { useState } from "preact/hooks";
import { Field, Note, TroubleCard } from "../parts/bits";
import { Button } from "../parts/button";
import { Capture } from "../parts/capture";
import { Dialog } from "../parts/dialog";
import { useAct, useNow, useTablet } from "../parts/hooks";
import { lazily } from "../parts/lazy";
import { PhotoStrip } from "../parts/photos";
import { useScratch } from "../parts/scratch";
import { RULES } from "../rules/moves";
import type { Move } from "../rules/moves";
import { PHRASES, verb } from "../rules/office-words";
import { type Carried, WITH_PHOTOS, argsOf, lacking } from "../rules/acts";
import { announced } from "../rules/submission";
import { dayIn } from "../rules/when";
import { type More, Second, Until } from "./act-more";
import type { TaskData } from "./task-data";

const SAYS: Record<Move, { what: string; button: string; words: string }> = {
  accept: { what: "签收后由您的单位在期限内整改。", button: "签收", words: "要说的话（可不填）" },
  return: { what: "不属于本单位的任务可以退单，由镇街或区级重新派。", button: "退单", words: "退单原因" },
  submit: { what: "请在原位置拍整改后的照片，每个点位至少一张。", button: "提交整改", words: "整改情况" },
  reject: { what: "退回后责任单位接着整改，期限不变。请写清哪里没有到位。", button: "退回整改", words: "退回原因" },
  pass: { what: "确认问题已整改到位。离线时先记在本机，上传后由系统确认。", button: "复核通过", words: "复核意见（可不填）" },
  close: { what: "销号后任务办结。", button: "销号", words: "销号意见（可不填）" },
  close_on_site: { what: "您在现场看到问题已经解决。请在同一位置拍一张照片。", button: "现场销号", words: "现场情况（可不填）" },
  look_back: { what: "您到现场看过，问题没有再出现。请在同一位置拍一张照片。", button: "回头看合格", words: "现场情况（可不填）" },
  reopen: { what: "问题又出现了。请拍下现在的样子，写明情况；任务重开，整改期限重新计算。", button: "反弹重开", words: "现场情况" },
  urge: { what: "责任单位会收到消息，记入办理经过；同一任务一天催一次。", button: "催办", words: "要说的话（可不填）" },
  split: { what: "一处检查结果其实是两个问题时用。另立一项任务，期限与本任务相同；本任务照旧。", button: "拆分", words: "第二个问题" },
  sweep: { what: "责任单位排查别处有没有同类问题，写明结果；有的可附照片。", button: "要求举一反三", words: "要求" },
  sweep_answer: { what: "写明查了哪些地方、发现几处、怎样处理。", button: "回复", words: "排查情况" },
  take_back: { what: "撤回您刚才的办理，任务回到办理前的样子。十分钟内、还没有人接着办或看过消息的，才能撤回。", button: "撤回", words: "原因（可不填）" },
  note: { what: "补充说明记入办理经过，不改变任务状态。", button: "保存说明", words: "说明" },
};
const GhostCamera = lazily(() => import("../parts/ghost-camera").then((part) => part.GhostCamera));
const MOST = 40; // photos of one act (offline_sync/protocol.py TaskArgs)
/** Photos of another spot than the before-photo's. */
const ELSEWHERE: ReadonlySet<Move> = new Set(["split", "sweep_answer"]);
/** What is shot from where the before-photo was. */
const FROM_THERE: ReadonlySet<Move> = new Set(["submit", "close_on_site", "look_back"]);

export function ActDialog({ move, data, onClose }: { move: Move; data: TaskData; onClose: () => void }) {
  const tablet = useTablet();
  const act = useAct();
  const shot = useAct();
  const now = useNow();
  const rule = RULES[move];
  const { task, loose } = data;
  const [text, setText, written] = useScratch(`${data.me.id} ${task.id} ${move}`);
  const photos = WITH_PHOTOS.has(move) ? loose : [];
  const [more, setMore] = useState<More>({ until: dayIn(7, now), unit: task.unit, place: task.place, shots: [] });
  const says = SAYS[move];
  const carried: Carried = { text, ...more, photos: photos.map(announced) };
  const lacks = lacking(move, carried, task, says.words, now);
  const before = task.photos.filter((photo) => photo.role === "before");
  const [ghost, setGhost] = useState<(typeof before)[number] | null>(null);
  const take = (file: File) => shot.run(async () => {
    await tablet.pictures.take(file, {
      about: { kind: "task", id: task.id }, role: "after", pairs: ghost?.id ?? (before.length === 1 && !ELSEWHERE.has(move) ? before[0]!.id : null),
      position: await tablet.where.now(4_000), place: [data.village, task.place].filter(Boolean).join(" "), who: data.me.title || data.me.name,
    });
  });
  const hand = async () => {
    const done = await act.run(() => tablet.outbox.add({
      verb: `task.${move}`, about: { kind: "task", id: task.id, village: task.village, title: `${data.village} ${task.text || task.requirement}` },
      photos: photos.map((photo) => photo.id),
      args: argsOf(move, task, carried),
    }));
    if (!done) return;
    written();
    onClose();
  };
  return (
    <Dialog title={verb(move)} onClose={onClose} actions={
      <>
        <Button onClick={onClose}>取消</Button>
        <Button kind="main" busy={act.busy} disabled={lacks !== "" || shot.busy} onClick={() => void hand()}>{says.button}</Button>
      </>
    }>
      <div class="stack">
        <p>{says.what}</p>
        {WITH_PHOTOS.has(move) && (
          <>
            <PhotoStrip photos={photos.map((photo) => ({ id: photo.id, sha256: photo.sha256, words: "刚拍的", pairs: photo.pairs, whole: photo.whole }))} />
            <div class="btns">
              {photos.length < MOST && FROM_THERE.has(move) && before.map((one, at) => (
                <Button key={one.id} kind="main" icon="camera" onClick={() => setGhost(one)}>{before.length > 1 ? `对照第 ${at + 1} 张拍` : "对照整改前拍"}</Button>
              ))}
              {photos.length < MOST && <Capture busy={shot.busy} words={photos.length ? "再拍一张" : "拍照"} onFile={(file) => void take(file)} />}
              {photos.length > 0 && <Button kind="quiet" onClick={() => void shot.run(() => tablet.pictures.remove(photos[photos.length - 1]!.id))}>去掉最后一张</Button>}
            </div>
            {photos.length >= MOST && <Note>一次最多 {MOST} 张照片。还有的，先办理这一次，再用“补充说明”补传。</Note>}
            {shot.trouble && <TroubleCard trouble={shot.trouble} />}
            {ghost && <GhostCamera sha256={ghost.sha256} busy={shot.busy} onFile={(file) => void take(file).then(() => setGhost(null))} onClose={() => setGhost(null)} />}
          </>
        )}
        {PHRASES[move] && (
          <div class="chips chips-wrap" role="group" aria-label="常用语">
            {PHRASES[move].map((phrase) => <button type="button" class="chip" key={phrase} onClick={() => setText(text.includes(phrase) ? text : [text.trim(), phrase].filter(Boolean).join("；"))}>{phrase}</button>)}
          </div>
        )}
        <Field label={says.words}>
          <textarea rows={3} maxLength={600} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </Field>
        {rule.until && <Until day={more.until} now={now} onDay={(until) => setMore({ ...more, until })} />}
        {rule.unit && <Second data={data} more={more} onMore={setMore} />}
        {lacks && <Note>{lacks}</Note>}
        {act.trouble && <TroubleCard trouble={act.trouble} />}
      </div>
    </Dialog>
  );
}
