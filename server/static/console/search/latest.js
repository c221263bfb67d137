// Runs one thing at a time: what is asked later ends what was asked before, so that answers never come out of order.

import { isAborted } from "../errors.js";

/** Return `{run, stop}`. `run(work, waitMs)` calls `work(signal)` after the wait, unless another run comes first. */
export function latest(failed) {
  let controller = new AbortController();
  let timer = 0;

  function stop() {
    clearTimeout(timer);
    controller.abort();
  }

  function run(work, waitMs = 0) {
    stop();
    controller = new AbortController();
    const { signal } = controller;
    timer = setTimeout(async () => {
      try {
        await work(signal);
      } catch (error) {
        if (!signal.aborted && !isAborted(error)) failed(error);
      }
    }, waitMs);
  }

  return { run, stop };
}
