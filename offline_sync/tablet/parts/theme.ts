/** 阳光模式: every text at 7:1 or more. A matter of this device and this moment, not of a person. */
const KEY = "xuncun-theme";

export const isSun = (): boolean => document.documentElement.dataset.theme === "sun";

export function setSun(on: boolean): void {
  if (on) document.documentElement.dataset.theme = "sun";
  else delete document.documentElement.dataset.theme;
  try {
    localStorage.setItem(KEY, on ? "sun" : "");
  } catch { /* storage refused: it holds until the app is closed */ }
}

export function restoreTheme(): void {
  try {
    if (localStorage.getItem(KEY) === "sun") document.documentElement.dataset.theme = "sun";
  } catch { /* as above */ }
}
