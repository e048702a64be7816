/** Who wants to hear of what changed: screens of this tab, and of every other tab of the same browser. */
import type { Live, Topic } from "./tablet";

const CHANNEL = "xuncun";

interface Ear {
  topics: readonly Topic[];
  hear: () => void;
}

export interface OpenLive extends Live {
  close(): void;
}

/** `channel` is for tests; several `tell`s in one turn are heard once. */
export function openLive(channel: string = CHANNEL): OpenLive {
  const ears = new Set<Ear>();
  const others = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(channel);
  let pending = new Set<Topic>();

  function hear(topics: ReadonlySet<Topic>): void {
    for (const ear of [...ears]) {
      // One may have left while another was told.
      if (!ears.has(ear) || !ear.topics.some((topic) => topics.has(topic))) continue;
      try {
        ear.hear();
      } catch (error) {
        reportError(error); // one screen's fault must not keep the others from hearing
      }
    }
  }

  function flush(): void {
    const told = pending;
    pending = new Set();
    others?.postMessage([...told]);
    hear(told);
  }

  if (others) others.onmessage = (event: MessageEvent<Topic[]>) => hear(new Set(event.data));
  return {
    on(topics, hearer) {
      const ear = { topics, hear: hearer };
      ears.add(ear);
      return () => void ears.delete(ear);
    },
    tell(...topics) {
      if (!pending.size) queueMicrotask(flush);
      for (const topic of topics) pending.add(topic);
    },
    close() {
      ears.clear();
      others?.close();
    },
  };
}
