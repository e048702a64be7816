/** Words half written in a dialog: a tap beside it, the back button or a crash must not cost them. Not part of any record
 * until they are handed in, so they lie beside the stores; `key` names whose they are and what they are about. */
import { useState } from "preact/hooks";

const name = (key: string): string => `xuncun-words ${key}`;

function read(key: string): string | null {
  try {
    return localStorage.getItem(name(key));
  } catch {
    return null; // storage refused: they live as long as the dialog
  }
}

function write(key: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(name(key));
    else localStorage.setItem(name(key), text);
  } catch { /* as above */ }
}

/** Words that are taken back from where they stood: found again where they were written. */
export const keepWords = (key: string, text: string): void => { if (text.trim()) write(key, text); };

/** The words, how to change them, and how to let them go once they are handed in. */
export function useScratch(key: string, otherwise = ""): [string, (text: string) => void, () => void] {
  const [text, set] = useState(() => read(key) ?? otherwise);
  const change = (next: string) => {
    set(next);
    write(key, next);
  };
  return [text, change, () => write(key, null)];
}
