/** Keeps the screen on while photos are on their way: many tablets stop a page with the screen. */
interface Lock {
  release(): Promise<void>;
}

/** Returns how to let go. Browsers drop the lock of a hidden page; it is taken again when the page is seen again. */
export function stayAwake(): () => void {
  const asking = (globalThis.navigator as { wakeLock?: { request(kind: "screen"): Promise<Lock> } } | undefined)?.wakeLock;
  if (!asking || typeof document === "undefined") return () => undefined;
  let lock: Lock | null = null;
  let over = false;
  const take = async (): Promise<void> => {
    if (over || document.visibilityState !== "visible") return;
    try {
      const taken = await asking.request("screen");
      if (over) await taken.release();
      else lock = taken;
    } catch {
      // A low battery forbids it; the upload goes on without.
    }
  };
  const seen = (): void => void take();
  document.addEventListener("visibilitychange", seen);
  void take();
  return () => {
    over = true;
    document.removeEventListener("visibilitychange", seen);
    lock?.release().catch(() => undefined);
  };
}
