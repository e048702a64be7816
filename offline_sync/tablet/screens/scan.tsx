/** 扫码: a village's plate opens the village, an enrolment code signs a person in; what cannot be scanned is typed. */
import { useRef, useState } from "preact/hooks";
import { Field, Note } from "../parts/bits";
import { Button } from "../parts/button";
import { Frame } from "../parts/frame";
import { useTablet } from "../parts/hooks";
import { replace } from "../parts/route";
import { Scanner } from "../parts/scanner";
import { readEvidenceLink } from "../rules/links";
import { plateCode, ticketIn } from "../rules/search";

const SAYS = {
  village: { title: "扫村牌", hint: "把村牌上或同组平板上的二维码放进框里", label: "扫不了就输入村代码", example: "12 位数字，印在村牌二维码下面", bad: "这不是 12 位村代码，请对照村牌再输一次。" },
  enrol: { title: "扫码登记", hint: "把管理人员给您的登记二维码放进框里", label: "扫不了就输入登记码", example: "二维码下面的一串字母和数字", bad: "登记码不完整，请对照再输一次。" },
} as const;

export function ScanPage({ wants }: { wants: keyof typeof SAYS }) {
  const tablet = useTablet();
  const says = SAYS[wants];
  const done = useRef(false);
  const [note, setNote] = useState("");
  const read = async (text: string, typed: boolean) => {
    if (done.current) return;
    const ticket = ticketIn(text) ?? (typed && wants === "enrol" && /^[\w-]{16,100}$/.test(text.trim()) ? text.trim() : null);
    if (ticket) return leave(`/enrol=${ticket}`);
    const visit = wants === "village" ? readEvidenceLink(text) : null;
    if (visit) return leave(text.trim().replace(/^[^#]*#/, ""));
    const code = wants === "village" ? plateCode(text) : null;
    if (!code) return setNote(typed ? says.bad : wants === "village" ? "这不是村牌或同组平板上的二维码，请换一个。" : "这不是登记二维码，请向管理人员要一张。");
    if (await tablet.rows.one("village", code)) leave(`/village/${code}`);
    else setNote(`本机没有代码为 ${code} 的村：可能不在您的管辖范围内，或还没有同步。`);
  };
  const leave = (path: string) => {
    done.current = true;
    navigator.vibrate?.(60);
    replace(path);
  };
  return (
    <Frame title={says.title} back={wants === "village" ? "/" : "/sign-in"}>
      <div class="stack-wide scan">
        <Scanner hint={says.hint} onText={(text) => void read(text, false)} />
        {note && <Note kind="amber">{note}</Note>}
        <Typed label={says.label} hint={says.example} numeric={wants === "village"} onDone={(text) => void read(text, true)} />
      </div>
    </Frame>
  );
}

function Typed({ label, hint, numeric, onDone }: { label: string; hint: string; numeric: boolean; onDone: (text: string) => void }) {
  const [text, setText] = useState("");
  return (
    <form class="typed" onSubmit={(event) => { event.preventDefault(); onDone(text); }}>
      <Field label={label} hint={hint}>
        <input value={text} inputMode={numeric ? "numeric" : "text"} autocomplete="off" autocapitalize="off" spellcheck={false} onInput={(event) => setText(event.currentTarget.value)} />
      </Field>
      <Button type="submit" kind="main" disabled={!text.trim()}>打开</Button>
    </form>
  );
}
