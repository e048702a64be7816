/** What went wrong after its screen was left (a photo that could not be kept): told on whatever screen stands now. */
import { useEffect, useState } from "preact/hooks";
import type { Trouble } from "../tablet";

let told: Trouble | null = null;
const ears = new Set<() => void>();

function tell(trouble: Trouble | null): void {
  told = trouble;
  for (const hear of [...ears]) hear();
}

/** The first stands until somebody has read it. */
export const miss = (trouble: Trouble): void => tell(told ?? trouble);
export const readMissed = (): void => tell(null);

/** Throws what nobody has read yet: now it is read. */
export function takeMissed(): void {
  const trouble = told;
  if (!trouble) return;
  readMissed();
  throw trouble;
}

export function useMissed(): Trouble | null {
  const [trouble, set] = useState(told);
  useEffect(() => {
    const hear = () => set(told);
    hear();
    ears.add(hear);
    return () => void ears.delete(hear);
  }, []);
  return trouble;
}
