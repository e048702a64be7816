/** 登录: whoever is known here goes on with one tap; others by name and password, or by a one-time code. */
import { useState } from "preact/hooks";
import { Field, Note, Row, Rows, TroubleCard } from "../parts/bits";
import { Button, LinkButton } from "../parts/button";
import { useAct, useLive, useNow, useTablet } from "../parts/hooks";
import { go, replace } from "../parts/route";
import { waitingWords } from "../rules/state";
import type { Known } from "../tablet";

export function SignIn({ name }: { name: string }) {
  const people = useLive(["people", "outbox", "photos"], (tablet) => tablet.people.list());
  const storage = useLive(["storage"], (tablet) => tablet.storage.state());
  return (
    <main class="gate">
      <p class="gate-name"><b>巡村</b>村庄环境检查与整改</p>
      {!!people.value?.length && <KnownPeople people={people.value} wanted={name} />}
      <ByPassword first={!people.value?.length} />
      <LinkButton to="/enrol" icon="scan" wide>扫码登记</LinkButton>
      {storage.value?.persisted === false && (
        <Note>
          浏览器还没有答应长期保存巡村的数据。存储空间紧张时，系统可能清掉没有上传的内容。请把巡村添加到主屏幕，并尽量每天联网上传一次。
        </Note>
      )}
    </main>
  );
}

/** Those whose cache and work are here; a session that still stands needs no password. */
function KnownPeople({ people, wanted }: { people: Known[]; wanted: string }) {
  const tablet = useTablet();
  const now = useNow();
  const act = useAct();
  const choose = (person: Known) => act.run(async () => {
    await tablet.people.choose(person.id);
    go("/");
  });
  return (
    <section class="stack">
      <h2>{wanted ? "请重新登录" : "谁在用这台平板"}</h2>
      <Rows>
        {people.map((person) => {
          const ready = person.signed_in && Date.parse(person.offline_until) > now;
          const waits = waitingWords(person.waiting, person.photos_waiting);
          return (
            <Row key={person.id} title={person.title || person.name}
              sub={<>{ready ? "点一下接着用" : person.disabled ? "账号或这台平板已停用" : "请在下面输入用户名和密码登录"}{waits && <b class="soon"> · {waits}</b>}</>}
              onClick={ready ? () => void choose(person) : undefined} />
          );
        })}
      </Rows>
      {act.trouble && <TroubleCard trouble={act.trouble} />}
      {people.filter((person) => person.disabled).map((person) => <Ended key={person.id} person={person} />)}
      <p><a href="#/rescue">导出留在本机的内容</a></p>
      {people.some((person) => person.waiting + person.photos_waiting > 0 && !person.signed_in) && (
        <Note>没上传的内容都在。联网时会自动交上去，不用本人登录。</Note>
      )}
    </section>
  );
}

/** The office ended the account or this tablet: where to everything that stood here a moment ago. */
function Ended({ person }: { person: Known }) {
  return (
    <Note kind="amber">
      {person.title || person.name}的账号，或这台平板，已由办公室停用，村庄和任务已从本机清除。
      {person.drafts > 0 && `没填完的检查还有 ${person.drafts} 份留在本机，可以看，也可以导出；恢复使用后登录可以接着填。`}
      有疑问请联系区级办公室。
      {person.drafts > 0 && <LinkButton to={`/left/${person.id}`}>看没填完的检查</LinkButton>}
    </Note>
  );
}

function ByPassword({ first }: { first: boolean }) {
  const tablet = useTablet();
  const act = useAct();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [seen, setSeen] = useState(false);
  const submit = async () => {
    const done = await act.run(() => tablet.people.signIn(name.trim(), password));
    if (done) replace(tablet.sync.state.needs === "password" ? "/password" : "/");
  };
  return (
    <form class="stack" onSubmit={(event) => { event.preventDefault(); void submit(); }}>
      <h2>{first ? "登录" : "用其他账号登录"}</h2>
      <Field label="用户名">
        <input name="username" value={name} autocomplete="username" autocapitalize="off" spellcheck={false} onInput={(event) => setName(event.currentTarget.value)} />
      </Field>
      <Field label="密码">
        <span class="secret">
          <input name="password" type={(seen ? "text" : "password") as "password"} value={password} autocomplete="current-password" onInput={(event) => setPassword(event.currentTarget.value)} />
          <Button kind="quiet" onClick={() => setSeen(!seen)}>{seen ? "隐藏" : "显示"}</Button>
        </span>
      </Field>
      {act.trouble && <TroubleCard trouble={act.trouble} />}
      <Button type="submit" kind="main" wide busy={act.busy} disabled={!name.trim() || !password}>{act.busy ? "正在登录…" : "登录"}</Button>
      <p class="muted">第一次登录需要网络。登录后没有网络也能检查，联网时自动上传。</p>
    </form>
  );
}
