/** One window at a time speaks to the server. Only a saving: the server keeps order even if all of them speak. */
import { passed } from "./passed";

const NAME = "xuncun-sync";
const PATIENCE = 2 * 60_000; // ms; a window that the system froze keeps its lock for ever

let refused_since: number | null = null;

/** False when another window is at it. Work that throws makes this throw. */
export async function withLock(work: () => Promise<void>): Promise<boolean> {
  const locks = (globalThis.navigator as Navigator | undefined)?.locks as LockManager | undefined;
  if (!locks || (refused_since !== null && passed(refused_since) > PATIENCE)) {
    refused_since = null;
    await work();
    return true;
  }
  const held = await locks.request(NAME, { ifAvailable: true }, async (lock) => {
    if (lock) await work();
    return lock !== null;
  });
  refused_since = held ? null : (refused_since ?? Date.now());
  return held;
}
