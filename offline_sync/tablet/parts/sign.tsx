/** The state of a piece of work: the same sign everywhere. */
import { Icon } from "./icons";

export type SignKind = "todo" | "draft" | "waiting" | "sent" | "missing" | "held" | "withdrawn";

const WORDS: Record<SignKind, string> = {
  todo: "未检", draft: "草稿", waiting: "待传", sent: "已传", missing: "照片缺", held: "已收到，待批", withdrawn: "已撤回",
};

/** `n`: how many photos are missing; `of`: which checklist, where a village has several. */
export function Sign({ kind, n, of }: { kind: SignKind; n?: number | undefined; of?: string | undefined }) {
  return (
    <span class={`sign sign-${kind}`}>
      {kind === "waiting" && <span class="dot" aria-hidden="true" />}
      {kind === "sent" && <Icon name="tick" size={18} />}
      <span>{of && `${of} `}{WORDS[kind]}{kind === "missing" && n !== undefined && ` ${n}`}</span>
    </span>
  );
}
