/** Everything that is pressed. A button that acts is `main`; beside it stand plain ones; `quiet` for what is seldom. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icons";
import type { IconName } from "./icons";

interface Props {
  children?: ComponentChildren;
  kind?: "main" | "plain" | "quiet";
  icon?: IconName;
  label?: string; // what an icon without words says to those who cannot see it
  disabled?: boolean;
  busy?: boolean;
  wide?: boolean;
  type?: "button" | "submit";
  onClick?: () => void;
}

export function Button({ children, kind = "plain", icon, label, disabled, busy, wide, type = "button", onClick }: Props) {
  const shape = ["btn", `btn-${kind}`, wide ? "btn-wide" : "", children ? "" : "btn-icon"].join(" ");
  return (
    <button type={type} class={shape} aria-label={label} aria-busy={busy} disabled={disabled || busy} onClick={onClick}>
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </button>
  );
}

/** A link that looks like a button: it leads somewhere and does nothing else. */
export function LinkButton({ to, children, kind = "plain", icon, wide }: Pick<Props, "children" | "kind" | "icon" | "wide"> & { to: string }) {
  return (
    <a class={`btn btn-${kind} ${wide ? "btn-wide" : ""}`} href={`#${to}`}>
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </a>
  );
}

interface ChipsProps<T extends string> {
  name: string; // what is chosen here, for those who cannot see it
  choices: readonly { value: T; words: string; count?: number }[];
  chosen: T;
  onChoose: (value: T) => void;
}

/** One of a few, in a line that scrolls sideways where it must. */
export function Chips<T extends string>({ name, choices, chosen, onChoose }: ChipsProps<T>) {
  const line = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const on = line.current?.querySelector<HTMLElement>("[aria-pressed=true]");
    if (on && line.current) line.current.scrollLeft = on.offsetLeft - (line.current.clientWidth - on.offsetWidth) / 2;
  }, [chosen]);
  return (
    <div ref={line} class="chips" role="group" aria-label={name}>
      {choices.map(({ value, words, count }) => (
        <button type="button" class="chip" key={value} aria-pressed={value === chosen} onClick={() => onChoose(value)}>
          {words}
          {count !== undefined && <span class="chip-count">{count}</span>}
        </button>
      ))}
    </div>
  );
}
