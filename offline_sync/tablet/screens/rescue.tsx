/** 导出: everything unsent as one file. Stands outside the sign-in; of another person's work it gives only what their
 * own server can open.
 */
import { useEffect, useState } from "preact/hooks";
import { Bar, Empty, Field, Loading, Note, Part, Row, Rows, TroubleCard } from "../parts/bits";
import { Button } from "../parts/button";
import { Frame } from "../parts/frame";
import { useAct, useLive, useTablet } from "../parts/hooks";
import { back } from "../parts/route";
import type { Known, RescueFile, RescueKind, RescueWeight, Tablet } from "../tablet";
import { megabytes } from "./outbox";

const LEAST = 8; // letters of a passphrase; a Chinese character is worth two

const strength = (words: string): number => [...words.trim()].reduce((sum, one) => sum + (one > "\u2e7f" ? 2 : 1), 0);

interface One { who: Known; own: boolean; weight: RescueWeight }

async function readPeople({ people, rescue }: Tablet): Promise<One[]> {
  const [all, me] = await Promise.all([people.list(), people.current()]);
  const weighed = await Promise.all(all.map(async (who) => ({ who, own: who.id === me?.id, weight: await rescue.weigh(who.id) })));
  return weighed.filter((one) => one.own || anything(one.weight)).sort((a, b) => Number(b.own) - Number(a.own));
}

const KINDS: Record<RescueKind, string> = { commands: "待传的操作", drafts: "草稿", photos: "照片的说明" };

const anything = ({ commands, drafts, photos }: RescueWeight): boolean => commands + drafts + photos > 0;
const nameOf = (who: Known): string => who.title || who.name;

export function Rescue() {
  const people = useLive(["people", "outbox", "photos", "drafts"], readPeople);
  const [chosen, choose] = useState<string | null>(null);
  const all = people.value ?? [];
  const one = all.find(({ who }) => who.id === chosen) ?? all[0];
  const others = all.filter((other) => other !== one);
  return (
    <Frame title="导出未上传的内容" back={() => back("/")}>
      <div class="stack-wide">
        {people.trouble && <TroubleCard trouble={people.trouble} again={people.again} />}
        {!people.value && !people.trouble && <Loading />}
        {people.value && !one && <Empty title="这台平板上没有未上传的内容" />}
        {one && <Export key={one.who.id} one={one} />}
        {others.length > 0 && (
          <Part title="其他人留在本机的内容">
            <Rows>{others.map((other) => <Row key={other.who.id} title={nameOf(other.who)} sub={weightWords(other.weight)} onClick={() => choose(other.who.id)} />)}</Rows>
          </Part>
        )}
      </div>
    </Frame>
  );
}

function weightWords({ commands, drafts, photos, bytes }: RescueWeight): string {
  const parts = [commands && `操作 ${commands} 条`, drafts && `草稿 ${drafts} 份`, photos && `照片 ${photos} 张（${megabytes(bytes)}）`].filter(Boolean);
  return parts.join("、") || "没有未上传的内容";
}

function Export({ one: { who, own, weight } }: { one: One }) {
  const tablet = useTablet();
  const act = useAct();
  const [words, setWords] = useState("");
  const [seen, setSeen] = useState(false);
  const [share, setShare] = useState(0);
  const [made, setMade] = useState<RescueFile | null>(null);
  const short = own && words.trim().length > 0 && strength(words) < LEAST;
  const make = () => act.run(async () => {
    setMade(null);
    setShare(0);
    setMade(await tablet.rescue.make(who.id, own && words.trim() ? words : null, setShare));
  });
  return (
    <section class="card stack">
      <h2>{nameOf(who)}</h2>
      <p>{weightWords(weight)}</p>
      {weight.unread.length > 0 && <Note kind="amber">本机存储有损坏，读不出{weight.unread.map((kind) => KINDS[kind]).join("、")}；其余的都可以导出。请尽快导出，并把平板交给管理员。</Note>}
      {!own && <Note>这是{nameOf(who)}的内容。导出的文件是加密的，只有本区的服务器能打开，您和别人都看不到。</Note>}
      {own && anything(weight) && (
        <Field label="口令（可不设）" hint={short ? `口令至少 ${LEAST} 个字母数字，或 ${LEAST / 2} 个汉字` : "设了口令，文件传给别人也看不到内容；请记住它。不设口令，拿到文件的人都能看。"}>
          <span class="secret">
            <input name="passphrase" type={(seen ? "text" : "password") as "password"} value={words} autocomplete="off" onInput={(event) => { setWords(event.currentTarget.value); setMade(null); }} />
            <Button kind="quiet" onClick={() => setSeen(!seen)}>{seen ? "隐藏" : "显示"}</Button>
          </span>
        </Field>
      )}
      {act.busy && <Bar value={share} of={1} label="正在生成" />}
      {act.trouble && <TroubleCard trouble={act.trouble} />}
      {made ? <Made made={made} /> : anything(weight) && (
        <Button kind="main" wide busy={act.busy} disabled={short} onClick={() => void make()}>{act.busy ? "正在生成文件…" : "生成文件"}</Button>
      )}
      {anything(weight) && <p class="muted">导出不会删除本机的任何内容，联网后照常上传，不会重复。文件请交给区级办公室，在“待批 → 导入救援包”里导入。</p>}
    </section>
  );
}

/** The file is there: two taps, because a share wants a tap of its own. */
function Made({ made: { file, locked, lacking } }: { made: RescueFile }) {
  const act = useAct();
  const [url, setUrl] = useState("");
  useEffect(() => {
    const fresh = URL.createObjectURL(file);
    setUrl(fresh);
    return () => void setTimeout(() => URL.revokeObjectURL(fresh), 60_000); // a download may just have begun
  }, [file]);
  const shares = typeof navigator.canShare === "function" && navigator.canShare({ files: [file] });
  const share = () => act.run(async () => {
    try {
      await navigator.share({ files: [file], title: file.name });
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) throw error; // put away by the person
    }
  });
  return (
    <div class="stack">
      <p><b>文件已生成</b>，{megabytes(file.size)}，{locked ? "已加密" : "没有加密"}。</p>
      {lacking > 0 && <Note kind="amber">有 {lacking} 张照片在本机读不出来，没有放进文件；文字都在文件里。</Note>}
      <p class="address">{file.name}</p>
      {act.trouble && <TroubleCard trouble={act.trouble} />}
      {shares && <Button kind="main" wide busy={act.busy} onClick={() => void share()}>分享给办公室</Button>}
      {url && <a class={`btn btn-wide ${shares ? "btn-plain" : "btn-main"}`} href={url} download={file.name}><span>保存到这台平板</span></a>}
    </div>
  );
}
