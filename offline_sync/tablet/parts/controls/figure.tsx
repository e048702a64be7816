/** A figure typed on the pad, beside what it comes to. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { typed } from "../../rules/digits";
import { Pad } from "./pad";

interface Props {
  value: string | null; // as kept
  unit: string;
  label: string;
  places: number;
  digits?: number;
  wrong: string | null; // why it cannot stand
  children?: ComponentChildren; // what it comes to
  onValue: (value: string | null) => void;
}

export function Figure({ value, unit, label, places, digits, wrong, children, onValue }: Props) {
  const [text, setText] = useState(value ?? "");
  const said = useRef(value);
  // Another value than the one typed here (a jump to another item, the answer cleared) takes the place of the text.
  useEffect(() => {
    if (value !== said.current) setText(value ?? "");
    said.current = value;
  }, [value]);
  const take = (next: string) => {
    setText(next);
    said.current = typed(next);
    onValue(typed(next));
  };
  return (
    <div class="figure-box">
      <div class="figure-told">
        <p class={`pad-figure ${wrong ? "pad-wrong" : ""}`} aria-label={label} role="status">
          {text || "–"} <small>{unit}</small>
        </p>
        {wrong ? <p class="figure-wrong" role="alert">{wrong}</p> : children}
      </div>
      <Pad text={text} places={places} {...(digits ? { digits } : {})} onText={take} />
    </div>
  );
}
