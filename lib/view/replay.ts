// SPDX-License-Identifier: GPL-2.0-only

import type { Recording } from '../record/types'
import { apply } from './apply'
import { EMPTY, type MachineState } from './state'

/** Steps from one checkpoint to the next. */
export const CHECKPOINT = 64

/** Any state of a recording. Keeps a checkpoint every 64 steps, and all states of the two blocks last asked for. */
export class Replay {
  readonly last: number
  readonly #checkpoints: MachineState[] = []
  readonly #blocks = new Map<number, MachineState[]>()

  constructor(readonly recording: Recording) {
    this.last = recording.steps.length - 1
  }

  /** The state after step `n`; of a step before the first, a machine without anything. */
  at(n: number): MachineState {
    if (n < 0) return EMPTY
    const step = Math.min(n, this.last)
    return this.#block(Math.floor(step / CHECKPOINT))[step % CHECKPOINT] ?? EMPTY
  }

  #block(number: number): MachineState[] {
    const known = this.#blocks.get(number)
    if (known) return known
    const states = this.#play(number, this.#before(number))
    if (this.#blocks.size >= 2) this.#blocks.delete(this.#blocks.keys().next().value!)
    this.#blocks.set(number, states)
    return states
  }

  /** The state before a block: the checkpoint there, made from the last one that is known. */
  #before(number: number): MachineState {
    if (number === 0) return EMPTY
    for (let block = this.#checkpoints.length; block < number; block++) {
      this.#checkpoints.push(this.#play(block, this.#checkpoints[block - 1] ?? EMPTY).at(-1)!)
    }
    return this.#checkpoints[number - 1]!
  }

  #play(block: number, before: MachineState): MachineState[] {
    let state = before
    const steps = this.recording.steps.slice(block * CHECKPOINT, (block + 1) * CHECKPOINT)
    return steps.map((step) => {
      state = apply(state, step)
      return state
    })
  }
}
