/** One of a few, each a large button: what it is called, what it is worth, what it means. */
import { Icon } from "../icons";

export interface Option<T> { value: T; words: string; worth?: string; means?: string }

interface Props<T> {
  name: string;
  options: readonly Option<T>[];
  chosen: T | null;
  onChoose: (value: T) => void;
  row?: boolean; // side by side
}

export function Choice<T extends string | boolean | number>({ name, options, chosen, onChoose, row }: Props<T>) {
  return (
    <div class={row ? "choice choice-row" : "choice"} role="group" aria-label={name}>
      {options.map(({ value, words, worth, means }) => (
        <button type="button" class="option" key={String(value)} aria-pressed={value === chosen} onClick={() => onChoose(value)}>
          <span class="option-tick">{value === chosen && <Icon name="tick" />}</span>
          <span class="option-words"><b>{words}</b>{means && <span>{means}</span>}</span>
          {worth && <span class="option-worth">{worth}</span>}
        </button>
      ))}
    </div>
  );
}
