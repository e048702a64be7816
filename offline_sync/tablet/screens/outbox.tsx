/** 待传: what waits, why, how long; nothing leaves this list without the server's receipt. */
import { Bar, Empty, Note, Part, TroubleCard } from "../parts/bits";
import { Button, LinkButton } from "../parts/button";
import { Frame } from "../parts/frame";
import { useLive, useNow, useSync, useTablet } from "../parts/hooks";
import { waitingWords } from "../rules/state";
import { clock, takes, told, waited } from "../rules/when";
import type { SyncState } from "../tablet";
import { LoosePhotos } from "./loose-photos";
import { readOutbox } from "./outbox-data";
import type { OutboxData } from "./outbox-data";
import { EntryCard } from "./entry-card";

const STAGE_WORDS: Record<SyncState["stage"], string> = {
  idle: "", text: "正在上传文字", previews: "正在上传小图", photos: "正在上传照片", pulling: "正在下载最新情况",
};

export function Outbox() {
  const outbox = useLive(["outbox", "photos", "sync"], readOutbox);
  const data = outbox.value;
  return (
    <Frame title="待传" place="outbox">
      <div class="stack-wide">
        <Sending />
        {outbox.trouble && <TroubleCard trouble={outbox.trouble} again={outbox.again} />}
        <LoosePhotos />
        {data && <Waiting data={data} />}
        <Others />
        <p class="muted">一直连不上网，或平板要送修、更换时，可以把没上传的内容导出成一个文件，交给区级办公室导入。</p>
        <LinkButton to="/rescue">导出未上传的内容</LinkButton>
        {data && data.sent.length > 0 && <Part title="最近已收到"><div class="stack">{data.sent.map((one) => <EntryCard key={one.entry.id} one={one} />)}</div></Part>}
      </div>
    </Frame>
  );
}

function Waiting({ data }: { data: OutboxData }) {
  if (!data.waiting.length && !data.photos.length) {
    return <Empty title="没有待传的内容">填完的检查和办理的任务会先存在这里，收到服务器回执才离开。</Empty>;
  }
  return (
    <>
      {data.waiting.length > 0 && <Part title={`等待上传 ${data.waiting.length} 项`}><div class="stack">{data.waiting.map((one) => <EntryCard key={one.entry.id} one={one} />)}</div></Part>}
      {data.photos.length > 0 && <Part title={`文字已收到，照片还缺 ${data.photos.reduce((sum, one) => sum + one.left, 0)} 张`}><div class="stack">{data.photos.map((one) => <EntryCard key={one.entry.id} one={one} />)}</div></Part>}
    </>
  );
}

/** What people left here who worked on this tablet before: it goes with the same button, and nobody has to look after it. */
function Others() {
  const others = useLive(["people", "outbox", "photos", "sync"], async ({ people }) => {
    const [all, me] = await Promise.all([people.list(), people.current()]);
    return all.filter((one) => one.id !== me?.id && one.waiting + one.photos_waiting > 0);
  });
  return (
    <>
      {(others.value ?? []).map((one) => (
        <Note key={one.id}>{one.title || one.name} 留在本机的还有 {waitingWords(one.waiting, one.photos_waiting)}。连上网会自动交上去，不用本人登录。</Note>
      ))}
    </>
  );
}

/** What goes on with the network, and the one button. */
function Sending() {
  const tablet = useTablet();
  const state = useSync();
  const now = useNow();
  const { now: photo } = state.photos;
  return (
    <section class="card stack">
      <div class="sending">
        <div>
          <p class="sending-now">{state.running ? `${STAGE_WORDS[state.stage] || "正在同步"}…` : state.online ? "网络正常" : "现在传不上去"}</p>
          <p class="muted">
            {state.last_ok ? `上次同步 ${told(state.last_ok, now)}（${waited(state.last_ok, now)}${Date.parse(state.last_ok) > now - 60_000 ? "" : "前"}）` : "还没有同步过"}
            {!state.running && state.next_try && Date.parse(state.next_try) > now && ` · ${clock(state.next_try)} 自动再${state.online ? "同步" : "试"}`}
          </p>
        </div>
        <Button kind="main" busy={state.running} onClick={() => tablet.sync.now()}>{!state.running ? "立即上传" : state.stage === "pulling" ? "正在下载" : "正在上传"}</Button>
      </div>
      {photo && <Bar value={photo.sent} of={photo.size} label="这张照片的进度" />}
      {state.photos.waiting > 0 && !state.photos.waits && <p class="muted">{photosLeft(state.photos)}</p>}
      {state.photos.waiting > 0 && state.photos.waits && <WaitsForWifi photos={state.photos} onSend={() => tablet.sync.now(true)} />}
      {state.problem && !(state.online && (state.needs === "sign_in" || state.needs === "password")) && <Note kind="amber">{state.problem}</Note>}
      {state.needs === "sign_in" && <Note kind="amber">登录已过期。请登录一次，才能收到新的安排和任务；没上传的内容都在本机，不会丢。<LinkButton to="/sign-in/again" kind="main">去登录</LinkButton></Note>}
      {state.needs === "password" && <Note kind="amber">还在用一次性密码，请换成自己的密码。<LinkButton to="/password" kind="main">修改密码</LinkButton></Note>}
      {state.needs === "update" && <Note kind="amber">巡村需要更新。没填完的请先填完，关掉再打开即可；待传的内容不受影响。</Note>}
    </section>
  );
}

/** 还有 12 张照片，共 4.2 MB，约 3 分钟。 */
export function photosLeft({ waiting, bytes, now, rate }: SyncState["photos"]): string {
  const time = takes(bytes - (now?.sent ?? 0), rate);
  return `还有 ${waiting} 张照片，共 ${megabytes(bytes)}${time ? `，${time}传完` : ""}。`;
}

/** By choice: words and small pictures are with the office already, originals come when there is Wi-Fi, or by hand. */
function WaitsForWifi({ photos, onSend }: { photos: SyncState["photos"]; onSend: () => void }) {
  const left = `${photos.waiting} 张照片（${megabytes(photos.bytes)}）`;
  return (
    <Note>
      {photos.waits === "wifi"
        ? `${left}在等 Wi-Fi，连上后自动传；文字和小图不等，有网就传。`
        : `${left}在等 Wi-Fi。这台设备看不出连的是不是 Wi-Fi，连好后请点“现在传照片”；文字和小图不等，有网就传。`}
      <Button onClick={onSend}>{photos.waits === "wifi" ? "用流量现在传照片" : "现在传照片"}</Button>
    </Note>
  );
}

export const megabytes = (bytes: number): string => (bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`);
