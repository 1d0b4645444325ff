// SPDX-License-Identifier: GPL-2.0-only

import type { Recording } from '../record/types'
import { applyAll } from './apply'
import { EMPTY, type MachineState } from './state'

/** Steps from one checkpoint to the next. */
export const CHECKPOINT = 64

/**
 * Any state of a recording. Keeps a checkpoint every 64 steps, and of the two blocks last asked for each state that was
 * asked for.
 */
export class Replay {
  readonly last: number
  readonly #checkpoints: MachineState[] = []
  readonly #blocks = new Map<number, Map<number, MachineState>>()

  constructor(readonly recording: Recording) {
    this.last = recording.steps.length - 1
  }

  /** The state after step `n`; of a step before the first, a machine without anything. */
  at(n: number): MachineState {
    if (n < 0) return EMPTY
    const step = Math.min(n, this.last)
    const states = this.#block(Math.floor(step / CHECKPOINT))
    const known = states.get(step)
    if (known) return known
    const state = this.#from(states, step)
    states.set(step, state)
    return state
  }

  /** From the last state of the block that is known, or from its checkpoint. */
  #from(states: ReadonlyMap<number, MachineState>, step: number): MachineState {
    const first = step - (step % CHECKPOINT)
    let from = step - 1
    while (from >= first && !states.has(from)) from--
    const before = states.get(from) ?? this.#checkpoint(first / CHECKPOINT)
    return applyAll(before, this.recording.steps.slice(from + 1, step + 1))
  }

  #block(number: number): Map<number, MachineState> {
    const known = this.#blocks.get(number)
    if (known) return known
    const states = new Map<number, MachineState>()
    if (this.#blocks.size >= 2) this.#blocks.delete(this.#blocks.keys().next().value!)
    this.#blocks.set(number, states)
    return states
  }

  /** The state before a block, made from the last checkpoint that is known. */
  #checkpoint(number: number): MachineState {
    const { steps } = this.recording
    for (let block = this.#checkpoints.length; block < number; block++) {
      const before = this.#checkpoints[block - 1] ?? EMPTY
      this.#checkpoints.push(applyAll(before, steps.slice(block * CHECKPOINT, (block + 1) * CHECKPOINT)))
    }
    return this.#checkpoints[number - 1] ?? EMPTY
  }
}
