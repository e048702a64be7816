/** 修改密码: for a one-time password, and for whoever wants another. */
import { useState } from "preact/hooks";
import { Field, Note, TroubleCard } from "../parts/bits";
import { Button, LinkButton } from "../parts/button";
import { useAct, useSync, useTablet } from "../parts/hooks";
import { replace } from "../parts/route";
import { Trouble } from "../tablet";
import type { Known } from "../tablet";

const SHORTEST = 8;

export function Password({ who }: { who: Known }) {
  const tablet = useTablet();
  const { needs } = useSync();
  const act = useAct();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [again, setAgain] = useState("");
  const save = async () => {
    const done = await act.run(async () => {
      if (fresh !== again) throw new Trouble("password_differs", "两次输入的新密码不一样，请重新输入。");
      await tablet.people.changePassword(old, fresh);
    });
    if (done) replace("/");
  };
  return (
    <main class="gate">
      <h1>修改密码</h1>
      {needs === "password"
        ? <Note>您用的是一次性密码，请换成自己的密码。没有网络时可以先检查，联网后再改。</Note>
        : <p class="muted">{who.title || who.name}，修改后其他设备需要重新登录。</p>}
      <form class="stack" onSubmit={(event) => { event.preventDefault(); void save(); }}>
        <input class="unseen" name="username" autocomplete="username" value={who.name} readOnly tabIndex={-1} aria-hidden="true" />
        <Secret label="现在的密码" value={old} set={setOld} kind="current-password" />
        <Secret label="新密码" hint={`至少 ${SHORTEST} 个字，不能和原密码或用户名相同。`} value={fresh} set={setFresh} kind="new-password" />
        <Secret label="再输一次新密码" value={again} set={setAgain} kind="new-password" />
        {act.trouble && <TroubleCard trouble={act.trouble} />}
        <Button type="submit" kind="main" wide busy={act.busy} disabled={!old || fresh.length < SHORTEST || !again}>{act.busy ? "正在修改…" : "修改密码"}</Button>
        <LinkButton to="/" kind="quiet" wide>{needs === "password" ? "先检查，以后再改" : "不改了"}</LinkButton>
      </form>
    </main>
  );
}

interface SecretProps { label: string; hint?: string; value: string; set: (value: string) => void; kind: "current-password" | "new-password" }

function Secret({ label, hint, value, set, kind }: SecretProps) {
  return (
    <Field label={label} {...(hint ? { hint } : {})}>
      <input type="password" autocomplete={kind} value={value} onInput={(event) => set(event.currentTarget.value)} />
    </Field>
  );
}
