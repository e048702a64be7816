/** A reason or a place: tapped from those that people give, or written. */

interface Props { label: string; choices: readonly string[]; value: string; most?: number; placeholder?: string; onValue: (value: string) => void }

export function Reasons({ label, choices, value, most = 200, placeholder = "也可以自己写", onValue }: Props) {
  return (
    <div class="field">
      <span class="field-label">{label}</span>
      <div class="chips chips-wrap" role="group" aria-label={label}>
        {choices.map((choice) => (
          <button type="button" class="chip" key={choice} aria-pressed={choice === value} onClick={() => onValue(choice)}>{choice}</button>
        ))}
      </div>
      <input class="reason-own" aria-label={`${label}，自己写`} placeholder={placeholder} maxLength={most} value={value}
        onInput={(event) => onValue(event.currentTarget.value)} />
    </div>
  );
}
