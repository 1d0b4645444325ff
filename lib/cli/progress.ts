// SPDX-License-Identifier: GPL-2.0-only

import { Presets, SingleBar } from 'cli-progress'

/** How far a long job has come. */
export interface Progress {
  step(): void
  stop(): void
}

/**
 * A progress bar on standard error if that is a terminal, else nothing. It changes no mode of the terminal: the work is one long call,
 * so ^C ends the process before anything could bring a hidden cursor back.
 */
export function showProgress(total: number, what: string): Progress {
  if (process.stderr.isTTY !== true || total < 2) return { step: () => {}, stop: () => {} }
  const format = `${what} [{bar}] {value}/{total}`
  const bar = new SingleBar(
    { format, clearOnComplete: true, hideCursor: false, linewrap: true, barsize: 30 },
    Presets.legacy,
  )
  bar.start(total, 0)
  return {
    step: () => {
      bar.increment()
      bar.updateETA()
    },
    stop: () => bar.stop(),
  }
}
