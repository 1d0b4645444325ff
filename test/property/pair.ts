// SPDX-License-Identifier: GPL-2.0-only
//
// Plays commands on both the model and the machine, and compares their whole observable state after each command.

import type { PageRef, Process, Task } from '../../lib'
import type { Command } from '../../lib/drill'
import { Declined } from '../model/declined'
import type { Layout } from '../model/layout'
import { type Played, Player } from '../model/player'
import type { Counters, Seen, Side, Sizes } from '../model/side'
import type { Subject } from './kernels'
import { MachineSide } from './machine-side'

/** Pages after the end of a region that are compared, too: nothing is mapped there. */
const BEHIND = 1

/** Model and machine disagree, or the machine is out of balance. */
export class Disagreement extends Error {}

/** `Modelled`: a process of the model. `Held`: a page of it that is pinned, held or isolated. */
export class Pair<Modelled = unknown, Held = unknown> {
  readonly #modelSide: Side<Modelled, Modelled, Held>
  readonly #machineSide: MachineSide
  readonly model: Player<Modelled, Modelled, Held>
  readonly #machine: Player<Process, Task, PageRef>
  readonly #frames = new Identities()
  /** A command is blocked for good, or the model declines a prediction; nothing can be played after it. */
  ended = false
  /** Whether the memory cgroup has a limit. */
  readonly limited: boolean

  constructor({ model, profile, exact }: Subject<Modelled, Held>, sizes: Sizes, layout: Layout) {
    this.limited = sizes.memcgLimit > 0
    this.#modelSide = model(sizes)
    this.#machineSide = new MachineSide(sizes, profile)
    this.model = new Player(this.#modelSide, layout, exact)
    this.#machine = new Player(this.#machineSide, layout, exact)
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
    this.#modelSide.before()
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

  #compareProcess(name: string, process: Modelled): void {
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
      (expected.wp ?? false) !== (found.wp ?? false) ||
      expected.refCount !== found.refCount ||
      expected.mapCount !== found.mapCount ||
      expected.users !== found.users ||
      expected.value !== found.value ||
      (expected.flags ?? found.flags) !== found.flags ||
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

function show({ kind, bits, wp, frame, refCount, mapCount, flags, users, value }: Seen): string {
  const hidden = (wp ? ' (wp)' : '') + (users === undefined ? '' : ` n=${users}`)
  if (frame === undefined) return `'${kind} ${bits}${hidden}'`
  const which = typeof frame === 'string' ? frame : 'another frame'
  return `'${kind} ${bits}${hidden} ref=${refCount} map=${mapCount} ${flags ?? ''}' of ${which} holding ${value}`
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
