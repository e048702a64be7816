/** 我的: who works here, how the device stands, and the way out, which never takes unsent work along. */
import { useState } from "preact/hooks";
import { Bar, Note, Part, Row, Rows, TroubleCard } from "../parts/bits";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { Frame } from "../parts/frame";
import { useAct, useLive, useNow, useSync, useTablet } from "../parts/hooks";
import { go } from "../parts/route";
import { isSun, setSun } from "../parts/theme";
import { ROLE, word } from "../rules/office-words";
import { openCards, waitingWords } from "../rules/state";
import { date, skewWords, told, waited } from "../rules/when";
import type { Known, StorageState, Tablet } from "../tablet";

const OLD = 3 * 86_400_000; // milliseconds without a sync before it is said in amber
const FULL = 2_000_000_000; // bytes free that fill the gauge: enough for some 5,000 photos

export function Settings() {
  const tablet = useTablet();
  const me = useLive(["people", "outbox", "photos"], async (tablet) => ({ who: await tablet.people.current(), posts: await postWords(tablet) }));
  const cards = useLive(["rows", "outbox"], async (tablet) => openCards(await tablet.rows.all("card"), await tablet.outbox.list()).length);
  const storage = useLive(["storage", "photos"], (tablet) => tablet.storage.state());
  const [sun, setSunny] = useState(isSun());
  const [leaving, setLeaving] = useState(false);
  const who = me.value?.who;
  const [wifi, setWifi] = useState(tablet.photoLink.chosen() === "wifi");
  const chooseWifi = (on: boolean) => { tablet.photoLink.choose(on ? "wifi" : "any"); setWifi(on); tablet.sync.now(); };
  return (
    <Frame title="我的" place="me">
      <div class="stack-wide">
        {who && <Person who={who} posts={me.value?.posts ?? ""} />}
        <Rows>
          <Row to="/cards" title="需要您看一下" side={cards.value ? <b class="soon">{cards.value} 件</b> : <span class="muted">没有</span>} />
          <Row to="/password" title="修改密码" />
          <Row title="阳光模式" sub="颜色更深，强光下看得清" side={<Switch label="阳光模式" on={sun} onTurn={(on) => { setSun(on); setSunny(on); }} />} />
          <Row title="照片只用 Wi-Fi 传" sub="文字和小图有网就传；照片等连上 Wi-Fi，也可以在“待传”里手动传" side={<Switch label="照片只用 Wi-Fi 传" on={wifi} onTurn={chooseWifi} />} />
          <Row to="/rescue" title="导出未上传的内容" sub="连不上网时存成一个文件，交给办公室导入" />
          <Row to="/sign-in" title="换人使用" sub="别人登录后，您的内容仍留在本机" />
        </Rows>
        <Device storage={storage.value} />
        <Button wide onClick={() => setLeaving(true)}>退出登录</Button>
      </div>
      {leaving && who && <Leave who={who} onClose={() => setLeaving(false)} />}
    </Frame>
  );
}

function Person({ who, posts }: { who: Known; posts: string }) {
  const now = useNow();
  return (
    <section class="card stack">
      <h2>{who.title || who.name}</h2>
      <p class="muted">{posts}</p>
      <p>没有网络也可以用到 {date(who.offline_until, now)}，每次同步后顺延。</p>
    </section>
  );
}

async function postWords(tablet: Tablet): Promise<string> {
  const [who, towns, units, settings] = await Promise.all([tablet.people.current(), tablet.rows.all("town"), tablet.rows.all("unit"), tablet.rows.all("settings")]);
  const named = await Promise.all((who?.posts ?? []).map(async ({ role, place }) => {
    const name = towns.find((one) => one.code === place)?.name ?? units.find((one) => one.code === place)?.name
      ?? (place.length === 12 ? (await tablet.rows.one("village", place))?.name : settings[0]?.name) ?? "";
    return `${name} ${word(ROLE, role)}`.trim();
  }));
  return named.join("；");
}

function Device({ storage }: { storage: StorageState | null }) {
  const tablet = useTablet();
  const sync = useSync();
  const now = useNow();
  const late = !sync.last_ok || now - Date.parse(sync.last_ok) > OLD;
  const skew = skewWords(sync.skew_ms);
  return (
    <Part title="这台平板">
      <div class="card stack">
        <dl class="facts">
          <dt>上次同步</dt><dd class={late ? "soon" : ""}>{sync.last_ok ? `${told(sync.last_ok, now)}${late ? `，已有 ${waited(sync.last_ok, now)}` : ""}` : "还没有同步过"}</dd>
          <dt>剩余空间</dt><dd>{storage?.free == null ? "系统没有告知" : <>{gigabytes(storage.free)}<Bar value={Math.min(storage.free, FULL)} of={FULL} label="剩余空间" /></>}</dd>
          <dt>长期保存</dt><dd>{storage?.persisted ? "已允许，系统不会清掉巡村的数据" : `${storage?.persisted === false ? "未允许" : "系统没有告知"}，请尽量每天联网上传一次`}</dd>
          <dt>应用版本</dt><dd>{tablet.build}</dd>
        </dl>
        {storage?.warning && <Note kind="amber">{storage.warning}</Note>}
        {skew && <Note kind="amber">{skew}</Note>}
      </div>
    </Part>
  );
}

const gigabytes = (bytes: number): string => (bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GB` : `${Math.floor(bytes / 2 ** 20)} MB`);

function Switch({ label, on, onTurn }: { label: string; on: boolean; onTurn: (on: boolean) => void }) {
  return <button type="button" class="switch" role="switch" aria-checked={on} aria-label={label} onClick={() => onTurn(!on)}><span /></button>;
}

function Leave({ who, onClose }: { who: Known; onClose: () => void }) {
  const tablet = useTablet();
  const act = useAct();
  const waits = waitingWords(who.waiting, who.photos_waiting);
  const leave = async () => { if (await act.run(() => tablet.people.signOut())) go("/sign-in"); };
  return (
    <Dialog title="退出登录" onClose={onClose} actions={
      <>
        <Button onClick={onClose}>不退出</Button>
        <Button kind="main" busy={act.busy} onClick={() => void leave()}>退出登录</Button>
      </>
    }>
      <div class="stack">
        {waits ? <Note kind="amber">还有 {waits}。退出后它们仍留在本机，联网时自动上传，不会丢。</Note> : <p>没有待传的内容。</p>}
        <p>草稿也会留着。下次登录需要网络，要输入用户名和密码。</p>
        {act.trouble && <TroubleCard trouble={act.trouble} />}
      </div>
    </Dialog>
  );
}
