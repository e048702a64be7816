/** A pad of large digits: no keyboard comes up and moves the page. The text may be half typed ("8."). */
import { useState } from "preact/hooks";
import { Button } from "../button";
import { Dialog } from "../dialog";
import { pressed, typed } from "../../rules/digits";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", ".", "0", "⌫"] as const;

interface Props { text: string; places: number; digits?: number; onText: (text: string) => void }

export function Pad({ text, places, digits, onText }: Props) {
  return (
    <div class="pad" role="group" aria-label="数字键">
      {KEYS.map((key) => (
        <button
          type="button" class="pad-key" key={key} aria-label={key === "⌫" ? "退格" : key === "." ? "小数点" : key}
          disabled={key === "." && !places} onClick={() => onText(pressed(text, key, places, digits))}
        >
          {key}
        </button>
      ))}
    </div>
  );
}

interface DialogProps { title: string; unit: string; value: number | null; digits: number; onDone: (value: number) => void; onClose: () => void }

/** The pad over the page, for a whole number. */
export function PadDialog({ title, unit, value, digits, onDone, onClose }: DialogProps) {
  const [text, setText] = useState("");
  const done = () => {
    onDone(Number(typed(text) ?? value ?? 0));
    onClose();
  };
  const leave = () => (text ? done() : onClose()); // whatever was typed counts, however one leaves
  return (
    <Dialog title={title} onClose={leave} actions={<Button kind="main" onClick={done}>填好了</Button>}>
      <p class="pad-figure">{text || <span class="muted">{value ?? "–"}</span>} <small>{unit}</small></p>
      <Pad text={text} places={0} digits={digits} onText={setText} />
    </Dialog>
  );
}
