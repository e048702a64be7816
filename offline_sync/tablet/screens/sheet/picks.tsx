/** One of a few, wrapping over as many lines as it takes. */

interface Props<T extends string> {
  name: string;
  hint?: string;
  choices: readonly { value: T; words: string }[];
  chosen: T | null;
  onChoose: (value: T) => void;
}

export function Picks<T extends string>({ name, hint, choices, chosen, onChoose }: Props<T>) {
  return (
    <div class="field">
      <span class="field-label">{name}{hint && <small class="field-hint"> {hint}</small>}</span>
      <div class="chips chips-wrap" role="group" aria-label={name}>
        {choices.map(({ value, words }) => (
          <button type="button" class="chip" key={value} aria-pressed={value === chosen} onClick={() => onChoose(value)}>{words}</button>
        ))}
      </div>
    </div>
  );
}
