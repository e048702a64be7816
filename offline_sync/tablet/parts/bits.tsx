/** Small pieces that many screens share: rows of a list, what is empty, how far, what went wrong. */
import type { ComponentChildren } from "preact";
import type { Trouble } from "../tablet";
import { Button } from "./button";
import { Icon } from "./icons";

interface RowProps {
  title: ComponentChildren;
  sub?: ComponentChildren;
  side?: ComponentChildren; // signs, figures: at the right, below on a phone when they are long
  to?: string | undefined;
  onClick?: (() => void) | undefined;
}

/** One thing of a list; the whole row is the target. */
export function Row({ title, sub, side, to, onClick }: RowProps) {
  const inside = (
    <>
      <span class="row-main">
        <span class="row-title">{title}</span>
        {sub && <span class="row-sub">{sub}</span>}
      </span>
      {side && <span class="row-side">{side}</span>}
      {(to || onClick) && <Icon name="go" size={20} />}
    </>
  );
  if (to) return <a class="row" href={`#${to}`}>{inside}</a>;
  if (onClick) return <button type="button" class="row" onClick={onClick}>{inside}</button>;
  return <div class="row">{inside}</div>;
}

export function Rows({ children, label }: { children: ComponentChildren; label?: string }) {
  return <div class="rows" role="group" aria-label={label}>{children}</div>;
}

/** A part of a page with its heading. */
export function Part({ title, side, children }: { title?: string; side?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="part">
      {title && <div class="part-head"><h2>{title}</h2>{side}</div>}
      {children}
    </section>
  );
}

/** Nothing here: why, and what to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return <div class="empty"><p class="empty-title">{title}</p>{children && <div class="empty-words">{children}</div>}</div>;
}

/** Where this device can no longer be trusted to keep things. */
const KEEPING: ReadonlySet<string> = new Set(["store_failed", "store_lost", "store_stuck", "storage_full"]);

/** A trouble as people are told it: the sentence large, the code small. */
export function TroubleCard({ trouble, again, words = "再试一次" }: { trouble: Trouble; again?: (() => void) | undefined; words?: string }) {
  return (
    <div class="trouble" role="alert">
      <Icon name="warn" />
      <div>
        <p>{trouble.message}</p>
        <small>代码 {trouble.code}</small>
        {KEEPING.has(trouble.code) && <a href="#/rescue">把本机内容导出成文件</a>}
      </div>
      {again && <Button onClick={again}>{words}</Button>}
    </div>
  );
}

/** Something to know, without alarm. */
export function Note({ children, kind = "plain" }: { children: ComponentChildren; kind?: "plain" | "amber" }) {
  return <div class={`note note-${kind}`}>{children}</div>;
}

/** How far: `value` of `of`. */
export function Bar({ value, of, label }: { value: number; of: number; label: string }) {
  const share = of > 0 ? Math.min(1, Math.max(0, value / of)) : 0;
  return (
    <div class="bar" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={of} aria-valuenow={value}>
      <div style={{ width: `${share * 100}%` }} />
    </div>
  );
}

/** A line to write in, with its name above it. */
export function Field({ label, hint, children }: { label: string; hint?: string; children: ComponentChildren }) {
  return (
    <label class="field">
      <span class="field-label">{label}</span>
      {children}
      {hint && <small>{hint}</small>}
    </label>
  );
}

/** While something is being read: says so only when it takes long enough to be noticed (CSS waits). */
export function Loading({ words = "正在读取…" }: { words?: string }) {
  return <p class="loading" role="status">{words}</p>;
}
