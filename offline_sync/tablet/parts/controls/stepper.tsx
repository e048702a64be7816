/** Counting places: two large keys and the figure between them. */
import { Icon } from "../icons";

interface Props {
  label: string; // for those who cannot see it: what is counted
  value: number | null; // null: nothing counted yet
  most?: number;
  least?: number;
  onChange: (value: number) => void;
  onFigure?: (() => void) | undefined; // the figure itself opens the pad
}

export function Stepper({ label, value, most = 9999, least = 0, onChange, onFigure }: Props) {
  const now = value ?? 0;
  return (
    <div class="stepper" role="group" aria-label={label}>
      <button type="button" class="step" aria-label={`${label}减一`} disabled={now <= least} onClick={() => onChange(now - 1)}>
        <svg class="icon" viewBox="0 0 24 24" width={28} height={28} aria-hidden="true"><path d="M5 12h14" /></svg>
      </button>
      {onFigure
        ? <button type="button" class="step-figure" aria-label={`${label} ${now}，点这里直接填数`} onClick={onFigure}>{value ?? "–"}</button>
        : <output class="step-figure">{value ?? "–"}</output>}
      <button type="button" class="step" aria-label={`${label}加一`} disabled={now >= most} onClick={() => onChange(now + 1)}>
        <Icon name="plus" size={28} />
      </button>
    </div>
  );
}
