/** How long a step of the camera's work may take: a browser that never answers must not keep the next photos waiting. */

/** ms a step. Where the picture could be kept as it came, another way is tried soon; where not, only a hang ends it. */
export const SHORT = 15_000;
export const LONG = 60_000;

/** The step did not end in time. */
export class Late extends Error {}

/** What `work` gives. Raises Late; what comes after that goes to `late`, to be let go of. `signal` asks it to stop. */
export async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>, late: (found: T) => void = () => undefined): Promise<T> {
  const given = new AbortController();
  const working = work(given.signal);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_, fail) => {
    timer = setTimeout(() => {
      working.then(late, () => undefined);
      fail(new Late());
      given.abort();
    }, ms);
  });
  return Promise.race([working, over]).finally(() => clearTimeout(timer));
}
