/** 设备登记: a one-time link or QR stands for name and password, once. It is not used up before somebody says so. */
import { Note, TroubleCard } from "../parts/bits";
import { Button, LinkButton } from "../parts/button";
import { useAct, useTablet } from "../parts/hooks";
import { replace } from "../parts/route";

export function Enrol({ ticket }: { ticket: string }) {
  const tablet = useTablet();
  const act = useAct();
  const enrol = async () => {
    if (await act.run(() => tablet.people.enrol(ticket))) replace(tablet.sync.state.needs === "password" ? "/password" : "/");
  };
  return (
    <main class="gate">
      <h1>登记这台平板</h1>
      <p>用管理人员给您的登记码登录，以后在这台平板上就用您的账号检查。</p>
      <Note>登记码只能用一次，24 小时内有效。请确认这是您自己要用的平板。</Note>
      {act.trouble && <TroubleCard trouble={act.trouble} />}
      <Button kind="main" wide busy={act.busy} onClick={() => void enrol()}>{act.busy ? "正在登记…" : "登记并登录"}</Button>
      <LinkButton to="/sign-in" kind="quiet" wide>不登记，返回登录</LinkButton>
    </main>
  );
}
