// SPDX-License-Identifier: GPL-2.0-only
//
// Plays commands on both the model and the machine, and compares their whole observable state after each command.

import type { PageRef, Process, Task } from '../../lib'
import type { Command } from '../../lib/drill'
import { Declined } from '../model/declined'
import type { Held } from '../model/hold'
import type { Layout } from '../model/layout'
import { ModelSide } from '../model/model-side'
import { type Played, Player } from '../model/player'
import type { ModelProcess } from '../model/process'
import type { Counters, Seen } from '../model/side'
import { MachineSide } from './machine-side'

/** Pages after the end of a region that are compared, too: nothing is mapped there. */
const BEHIND = 1

/** Model and machine disagree, or the machine is out of balance. */
export class Disagreement extends Error {}

export class Pair {
  readonly #modelSide: ModelSide
  readonly #machineSide: MachineSide
  readonly model: Player<ModelProcess, ModelProcess, Held>
  readonly #machine: Player<Process, Task, PageRef>
  readonly #frames = new Identities()
  /** A command is blocked for good, or the model declines a prediction; nothing can be played after it. */
  ended = false

  constructor(devicePages: number, layout: Layout) {
    this.#modelSide = new ModelSide(devicePages)
    this.#machineSide = new MachineSide(devicePages)
    this.model = new Player(this.#modelSide, layout)
    this.#machine = new Player(this.#machineSide, layout)
  }

  dispose(): void {
    this.#machineSide.machine.dispose()
  }

  /** Play a command on both. Throws a Disagreement. */
  play(command: Command): void {
    const expected = this.#predict(command)
    if (expected === undefined) return
    const { lines, ended } = this.#machine.play(command)
    compareLines(expected.lines, lines)
    this.ended = ended
    this.#machineSide.before()
    this.#verify()
    if (ended) return
    for (const [name, actor] of this.model.actors) this.#compareProcess(name, actor.process)
  }

  /** The model's prediction; undefined if it declines, which ends the sequence. */
  #predict(command: Command): Played | undefined {
    try {
      return this.model.play(command)
    } catch (error) {
      if (!(error instanceof Declined)) throw error
      this.ended = true
      return undefined
    }
  }

  #verify(): void {
    const complaints = this.#machineSide.machine.verify()
    if (complaints.length > 0) throw new Disagreement(`verify(): ${complaints.join('; ')}`)
  }

  #compareProcess(name: string, process: ModelProcess): void {
    const actor = this.#machine.actors.get(name)
    const regions = this.model.actors.get(name)?.regions ?? []
    if (actor === undefined) throw new Disagreement(`process ${name} is gone`)
    compareCounters(name, this.#modelSide.count(process), this.#machineSide.count(actor.process))
    for (const [region, { start, pages }] of regions) {
      const end = start + pages + BEHIND
      const expected = this.#modelSide.see(process, start, end)
      const found = this.#machineSide.see(actor.process, start, end)
      for (const [i, seen] of expected.entries()) this.#compare(`${name} ${region}[${i}]`, seen, found[i] as Seen)
    }
  }

  #compare(where: string, expected: Seen, found: Seen): void {
    const differs =
      expected.kind !== found.kind ||
      expected.bits !== found.bits ||
      expected.refCount !== found.refCount ||
      expected.mapCount !== found.mapCount ||
      expected.value !== found.value ||
      !this.#frames.agree(expected.frame, found.frame)
    if (differs) throw new Disagreement(`${where}: the model has ${show(expected)}, the machine ${show(found)}`)
  }
}

/** Maps frames of the model to frames of the machine. A frame keeps its identity until it is freed. */
class Identities {
  readonly #ofModel = new Map<object | string, object | string>()
  readonly #ofMachine = new Map<object | string, object | string>()

  agree(expected: object | string | undefined, found: object | string | undefined): boolean {
    if (typeof expected !== 'object' || found === undefined) return expected === found
    if (!this.#ofModel.has(expected) && !this.#ofMachine.has(found)) {
      this.#ofModel.set(expected, found)
      this.#ofMachine.set(found, expected)
    }
    return this.#ofModel.get(expected) === found && this.#ofMachine.get(found) === expected
  }
}

function show({ kind, bits, frame, refCount, mapCount, value }: Seen): string {
  if (frame === undefined) return `'${kind} ${bits}'`
  const which = typeof frame === 'string' ? frame : 'another frame'
  return `'${kind} ${bits} ref=${refCount} map=${mapCount}' of ${which} holding ${value}`
}

function compareLines(expected: readonly string[], found: readonly string[]): void {
  const length = Math.max(expected.length, found.length)
  for (let i = 0; i < length; i++) {
    if (expected[i] !== found[i]) {
      throw new Disagreement(`the model prints '${expected[i] ?? ''}', the machine '${found[i] ?? ''}'`)
    }
  }
}

function compareCounters(name: string, expected: Counters, found: Counters): void {
  for (const counter of Object.keys(expected) as (keyof Counters)[]) {
    if (expected[counter] !== found[counter]) {
      throw new Disagreement(
        `${name}: ${counter} is ${expected[counter]} in the model, ${found[counter]} in the machine`,
      )
    }
  }
}
