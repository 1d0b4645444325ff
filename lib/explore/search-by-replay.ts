// SPDX-License-Identifier: GPL-2.0-only
//
// Tries all orders of a scenario with callbacks. They can't be rolled back: to go back to a state, the steps that lead to it are made
// again on a fresh machine. Otherwise it is the search of native/core/explore/search.c.

import { judgeNames, judgeValues, Machine, type SearchResult, type TraceStep } from '../api'
import { HmmuError } from '../base/errors'
import type { ExploreOptions } from './explore'
import type { FoundFinding } from './finding'
import { freeBehindAll, Player } from './player'
import type { Scenario } from './scenario'
import { makeScene, type Scene } from './scene'
import { loadable, Values } from './values'

/** States, where the options name no number: some minutes. */
const DEFAULT_STATES = 100_000

/** A state. */
interface Node {
  readonly enabled: readonly number[]
  /** Where each task's step leads. */
  readonly next: Map<number, number>
  /** In how many ways all tasks can end from here. */
  orders: number
  /** Its steps are being tried. */
  isOpen: boolean
}

/** A state under way. */
interface Frame {
  readonly node: number
  readonly key: string
  readonly todo: number[]
  readonly last: number | undefined
  readonly preemptions: number
  /** The task whose step is tried. */
  chosen: number
}

/** Something found by the step of a task in a state, or at the end of all. */
interface Sighting {
  readonly finding: FoundFinding
  readonly node: number
  readonly task: number | undefined
}

/** What was found; of findings and outcomes the shortest orders. */
export interface ReplayedResult extends Omit<SearchResult, 'findings' | 'outcomes'> {
  readonly findings: readonly (FoundFinding & { readonly times: number; readonly choices: Uint8Array })[]
  readonly outcomes: SearchResult['outcomes']
}

/** Options that only the search in C has. */
const REFUSED = ['bytes', 'handlerRetries', 'selfcheck', 'stopOnInterrupt'] as const

export class SearchByReplay {
  readonly #scenario: Scenario
  readonly #options: ExploreOptions
  readonly #words: string
  readonly #first: (number | undefined)[][]
  readonly #freeAtEnd: number
  readonly #nodes: Node[] = []
  readonly #numbers = new Map<string, number>()
  readonly #frames: Frame[] = []
  readonly #sightings: Sighting[] = []
  readonly #outcomes = new Map<string, { node: number; results: SearchResult['outcomes'][number]['results'] }>()
  #scene: Scene
  #player: Player | undefined
  #steps = 0
  #ends = 0
  #depth = 0
  #hasCycles = false
  #cutOff: SearchResult['cutOff']
  #nextReport = 0
  readonly #stopAt: number

  /** @param scene a first one, of which the caller disposes */
  constructor(scenario: Scenario, scene: Scene, options: ExploreOptions) {
    for (const name of REFUSED)
      if (options[name]) throw unsupported(`the option ${name} is not for scenarios with callbacks in TypeScript`)
    this.#scenario = scenario
    this.#options = options
    this.#scene = scene
    this.#words = scene.program.words.join()
    this.#stopAt = Date.now() + (options.time ?? Infinity)
    const bytes = snapshotOf(scene.machine)
    const withCopy = <T>(use: (copy: Machine) => T): T => {
      const copy = Machine.restore(bytes, { verify: false })
      try {
        return use(copy)
      } finally {
        copy.dispose()
      }
    }
    // A copy has no handlers, so that they notice nothing.
    this.#first = withCopy((copy) => loadable(copy, scene.program))
    this.#freeAtEnd = withCopy((copy) => freeBehindAll(copy, () => undefined))
  }

  /** A machine from which nothing has run. */
  #begin(): Player {
    this.#leave()
    this.#scene = makeScene(this.#scenario, this.#options)
    if (this.#scene.program.words.join() === this.#words)
      return new Player(this.#scene, new Values(this.#scene.program, this.#first))
    this.#scene.machine.dispose()
    throw otherWay('setup or a task has done something else')
  }

  #leave(): void {
    if (this.#player !== undefined) this.#scene.machine.dispose()
    this.#player = undefined
  }

  run(): ReplayedResult {
    try {
      this.#player = this.#begin()
      this.#arrive(undefined, 0)
      while (this.#frames.length > 0) this.#advance()
      return this.#result()
    } finally {
      this.#leave()
    }
  }

  /** The steps of an order, and what they have found. */
  replay(choices: Iterable<number>): { steps: TraceStep[]; findings: FoundFinding[] } {
    try {
      const player = this.#begin()
      this.#player = player
      const steps: TraceStep[] = []
      for (const task of choices) {
        if (!player.canStep(task)) break
        steps.push(player.step(task, player.key(this.#scenario.state)))
      }
      if (player.enabled().length === 0) this.#judge(player)
      return { steps, findings: player.findings }
    } finally {
      this.#leave()
    }
  }

  #advance(): void {
    const frame = this.#frames.at(-1)!
    const node = this.#nodes[frame.node]!
    const task = this.#cutOff === undefined ? frame.todo.shift() : undefined
    if (task === undefined) {
      node.isOpen = false
      node.orders = [...node.next.values()].reduce((sum, next) => sum + (this.#nodes[next]?.orders ?? 0), 0)
      this.#frames.pop()
      this.#leave()
      return
    }
    this.#player ??= this.#goTo(frame)
    const player = this.#player
    frame.chosen = task
    this.#steps++
    player.step(task, frame.key)
    this.#see(player, frame.node, task)
    const isPreempted = frame.last !== undefined && frame.last !== task && node.enabled.includes(frame.last)
    const next = this.#arrive(task, frame.preemptions + (isPreempted ? 1 : 0))
    node.next.set(task, next)
  }

  /** Make the steps again that lead to a state. */
  #goTo(frame: Frame): Player {
    const player = this.#begin()
    this.#player = player
    for (const { chosen, key } of this.#frames.slice(0, -1)) {
      if (!player.canStep(chosen)) throw otherWay('a task could not go on as before')
      player.step(chosen, key)
    }
    if (this.#keyOf(player, frame.last, frame.preemptions) !== frame.key)
      throw otherWay('it has led to another state of machine and drivers')
    player.findings = []
    return player
  }

  #keyOf(player: Player, last: number | undefined, preemptions: number): string {
    const key = player.key(this.#scenario.state)
    return this.#options.preemptions === undefined ? key : `${key}:${last}:${preemptions}`
  }

  /** The machine is in a state: look at it if it is new, and go into it. */
  #arrive(last: number | undefined, preemptions: number): number {
    const player = this.#player!
    const key = this.#keyOf(player, last, preemptions)
    const known = this.#numbers.get(key)
    if (known !== undefined) {
      this.#hasCycles ||= this.#nodes[known]!.isOpen
      this.#leave()
      return known
    }
    const enabled = player.enabled()
    const number = this.#nodes.push({ enabled, next: new Map(), orders: 0, isOpen: enabled.length > 0 }) - 1
    this.#numbers.set(key, number)
    if (this.#options.verify) player.judgeVerify()
    if (enabled.length === 0) this.#end(player, number)
    else this.#enter({ node: number, key, todo: this.#toTry(enabled, last, preemptions), last, preemptions, chosen: 0 })
    this.#see(player, number, undefined)
    if (enabled.length === 0) this.#leave()
    return number
  }

  #toTry(enabled: readonly number[], last: number | undefined, preemptions: number): number[] {
    const { preemptions: most = Infinity } = this.#options
    return last !== undefined && preemptions >= most && enabled.includes(last) ? [last] : [...enabled]
  }

  #enter(frame: Frame): void {
    this.#depth = Math.max(this.#depth, this.#frames.push(frame))
    const { states = DEFAULT_STATES, onProgress } = this.#options
    if (this.#nodes.length >= states) this.#cutOff = 'states'
    const now = Date.now()
    if (now >= this.#stopAt) this.#cutOff = 'time'
    if (onProgress === undefined || now < this.#nextReport) return
    this.#nextReport = now + 100
    const open = this.#frames.filter(({ todo }) => todo.length > 0).length
    if (onProgress({ states: this.#nodes.length, open }) !== true) this.#cutOff = 'stopped'
  }

  #end(player: Player, number: number): void {
    if (player.alive().length === 0) {
      this.#nodes[number]!.orders = 1
      this.#ends++
      this.#outcomes.set(player.outcome(), { node: number, results: [...player.results] })
    }
    this.#judge(player)
  }

  #judge(player: Player): void {
    if (player.alive().length > 0) player.judgeDeadlock()
    else player.judgeEnd(this.#freeAtEnd)
  }

  #see(player: Player, node: number, task: number | undefined): void {
    for (const finding of player.findings) this.#sightings.push({ finding, node, task })
    player.findings = []
  }

  #result(): ReplayedResult {
    const ways = this.#ways()
    const findings = new Map<string, { finding: FoundFinding; times: number; choices: number[] }>()
    for (const { finding, node, task } of this.#sightings) {
      const choices = [...wayTo(ways, node), ...(task === undefined ? [] : [task])]
      const id = JSON.stringify(finding)
      const seen = findings.get(id)
      const isShorter = seen === undefined || choices.length < seen.choices.length
      findings.set(id, { finding, times: (seen?.times ?? 0) + 1, choices: isShorter ? choices : seen.choices })
    }
    const outcomes = [...this.#outcomes.values()].map(({ node, results }) => ({
      results,
      choices: Uint8Array.from(wayTo(ways, node)),
    }))
    return {
      schedules: this.#nodes[0]?.orders ?? 0,
      states: this.#nodes.length,
      steps: this.#steps,
      ends: this.#ends,
      depth: this.#depth,
      cutOff: this.#cutOff,
      hasCycles: this.#hasCycles,
      findings: [...findings.values()]
        .map(({ finding, times, choices }) => ({ ...finding, times, choices: Uint8Array.from(choices) }))
        .sort((a, b) => rank(a) - rank(b) || a.choices.length - b.choices.length),
      outcomes: outcomes.sort((a, b) => a.choices.length - b.choices.length),
    }
  }

  /** The last steps of the shortest orders to all states. */
  #ways(): Way[] {
    const ways: Way[] = [undefined]
    const queue = [0]
    for (const from of queue) {
      for (const [task, next] of this.#nodes[from]?.next ?? []) {
        if (next === 0 || ways[next] !== undefined) continue
        ways[next] = { from, task }
        queue.push(next)
      }
    }
    return ways
  }
}

/** A step to a state; undefined: it is the first one. */
type Way = { readonly from: number; readonly task: number } | undefined

function wayTo(ways: readonly Way[], node: number): number[] {
  const tasks: number[] = []
  for (let way = ways[node]; way !== undefined; way = ways[way.from]) tasks.push(way.task)
  return tasks.reverse()
}

/** Judges in the order of their list. */
function rank({ judge }: FoundFinding): number {
  return judge === 'driver' ? judgeNames.length : judgeValues[judge]
}

function snapshotOf(machine: Machine): Uint8Array {
  try {
    return machine.snapshot()
  } catch (error) {
    throw error instanceof HmmuError && error.code === 'HMMU_BUSY'
      ? new HmmuError('HMMU_BUSY', `setup has left something under way: ${error.message}`, { cause: error })
      : error
  }
}

function unsupported(text: string): HmmuError {
  return new HmmuError('HMMU_UNSUPPORTED', text)
}

export function otherWay(text: string): HmmuError {
  return new HmmuError('HMMU_NOT_DETERMINISTIC', `a replay went another way: ${text}`)
}
