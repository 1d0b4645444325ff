// SPDX-License-Identifier: GPL-2.0-only
//
// An order as commands one after the other. Steps of tasks alternate more finely than commands can, so the commands are another order:
// it is judged, and its drill run, and taken only if both show the same finding.

import type { TraceStep } from '../api'
import { Order } from '../api/order'
import type { DrillSource } from '../drill/parse'
import { runSource } from '../drill/runner'
import { type ExploreOptions, RAM_PAGES, searchOf, withProgram } from './explore'
import { type PlayedFinding, play } from './play'
import type { Played } from './play-drill'
import type { DrillAction } from './program'
import type { Program } from './program-words'

/** A command, and those that run within it. */
interface Item {
  readonly action: number
  readonly alloc: number[]
  readonly final: number[]
}

type Slot = 'before' | 'alloc' | 'final'

/** Undefined if no such drill shows the finding. */
export function sequentialDrill(
  source: DrillSource,
  played: Played,
  found: PlayedFinding,
  options: ExploreOptions,
): string | undefined {
  const evidence = evidenceOf(played.program, found)
  if (evidence === undefined || played.program.tasks.some(({ cpu }) => cpu !== 0)) return undefined
  for (const early of ['before', 'alloc'] as const) {
    const items = itemsOf(played, early)
    const text = items && textOf(source, played, items, evidence)
    if (!items || text === undefined || !isJudgedAlike(source, options, items, found)) continue
    const { transcript, failure } = runSource(
      { ...source, text },
      { profile: played.profile, quirks: options.quirks, ramPages: RAM_PAGES, strict: true },
    )
    if (failure === undefined && evidence.shows(transcript.split('\n'))) return text
  }
  return undefined
}

/** What a transcript has to show. */
interface Evidence {
  /** Commands behind all others. */
  readonly commands: readonly string[]
  shows(transcript: readonly string[]): boolean
}

function evidenceOf(program: Program<DrillAction>, { finding }: PlayedFinding): Evidence | undefined {
  const { judge, page, process, task, action, found } = finding
  const at = page === undefined ? undefined : program.pages[page]
  const owner = program.processes[process ?? program.tasks[task ?? 0]?.process ?? 0]
  const result = judge === 'stuck-page' ? 'SIGBUS' : `0x${found.toString(16).padStart(2, '0')}`
  const behind = (command: string, shows: (line: string) => boolean): Evidence => ({
    commands: [command],
    shows: (lines) => shows(lines.at(-2) ?? ''),
  })
  switch (judge) {
    case 'wrong-value':
    case 'stuck-page':
    case 'lost-write': {
      const text = action === undefined ? undefined : program.actions[action]?.text
      if (text === undefined)
        return at && behind(`${owner} read ${at.region}[${at.page}]`, (line) => line.includes(result))
      const shows = (lines: readonly string[]) =>
        lines.some((line, i) => line.endsWith(text) && lines[i + 1]?.includes(result))
      return { commands: [], shows }
    }
    case 'soft-dirty-lost':
      return at && behind(`${owner} dump ${at.region}[${at.page}]`, (line) => / (?:sys|dev|mig) [^s ]+ /.test(line))
    case 'dead-space': {
      const region = program.pages[0]?.region
      return region === undefined
        ? undefined
        : behind(`${owner} dump ${region}`, (line) => / (?:sys|dev|zero) /.test(line))
    }
    default:
      return undefined
  }
}

/** The actions in the order in which they begin; those that begin within a migration are in it. @param early where those go that
 * begin before its driver is called */
function itemsOf({ steps, program }: Played, early: Slot): Item[] | undefined {
  const items: Item[] = []
  const begun = new Set<number>()
  let open: Item | undefined
  let slot: Slot = early
  for (const { step } of steps) {
    const isMigration = program.actions[step.action]?.kind === 'migrate'
    if (!begun.has(step.action)) {
      if (open && isMigration) return undefined
      putItem(items, step.action, open, slot)
      if (isMigration) [open, slot] = [items.at(-1), early]
    }
    begun.add(step.action)
    if (step.action !== open?.action) continue
    slot = slotBehind(step, slot)
    if (step.event === 'ends') open = undefined
  }
  return items
}

/** @param open the migration that is under way, the last item */
function putItem(items: Item[], action: number, open: Item | undefined, slot: Slot): void {
  const item = { action, alloc: [], final: [] }
  if (open === undefined) items.push(item)
  else if (slot === 'before') items.splice(-1, 0, item)
  else open[slot].push(action)
}

function slotBehind({ stage, event }: TraceStep, slot: Slot): Slot {
  if (event === 'step' && stage === 'alloc_and_copy') return 'alloc'
  return event === 'step' && stage === 'finalize_and_map' ? 'final' : slot
}

/** Whether the commands, as an order of tasks, show the finding. */
function isJudgedAlike(
  source: DrillSource,
  options: ExploreOptions,
  items: readonly Item[],
  wanted: PlayedFinding,
): boolean {
  return withProgram(source, options, (drill, machine, program, _, world) => {
    const search = searchOf(drill, options)
    const order = new Order(machine, program.words, search)
    let choices: Uint8Array | undefined
    try {
      choices = choicesOfItems(order, program, items)
    } finally {
      order.end()
    }
    if (choices === undefined) return false
    const steps = play(drill, machine, program, search, choices, world)
    return steps.some(({ found }) => found.some((each) => isSame(each, wanted)))
  })
}

function isSame({ finding: a }: PlayedFinding, { finding: b }: PlayedFinding): boolean {
  const keys = ['judge', 'task', 'action', 'page', 'process', 'found'] as const
  return keys.every((key) => a[key] === b[key])
}

/** The steps of the commands; undefined if a task's actions would come in another order, or a command can't end. */
function choicesOfItems(order: Order, program: Program, items: readonly Item[]): Uint8Array | undefined {
  const maker = new StepMaker(order, program)
  for (const { action, alloc, final } of items) {
    const inner = { alloc_and_copy: alloc, finalize_and_map: final }
    const waiting: number[] = []
    while (!maker.ended.has(action)) {
      const stage = maker.step(action)
      if (stage === undefined) return undefined
      for (const each of stage in inner ? inner[stage as keyof typeof inner] : []) {
        if (!maker.finish(each)) waiting.push(each)
      }
    }
    if (!waiting.every((each) => maker.finish(each))) return undefined
  }
  return Uint8Array.from(maker.choices)
}

class StepMaker {
  readonly choices: number[] = []
  readonly ended = new Set<number>()
  readonly #order: Order
  readonly #taskOf: readonly number[]

  constructor(order: Order, program: Program) {
    this.#order = order
    this.#taskOf = program.tasks.flatMap(({ actions }, task) => actions.map(() => task))
  }

  /** Make a step of an action. Returns the stage, or undefined if it can't. */
  step(action: number): string | undefined {
    const task = this.#taskOf[action]
    if (task === undefined || !this.#order.enabled.includes(task)) return undefined
    const step = this.#order.step(task)
    this.choices.push(task)
    if (step.event === 'ends') this.ended.add(step.action)
    return step.action === action ? (step.event === 'step' ? step.stage : '') : undefined
  }

  /** Whether an action comes to its end. */
  finish(action: number): boolean {
    while (!this.ended.has(action)) if (this.step(action) === undefined) return false
    return true
  }
}

/** The drill; undefined if a command of several pages would have to be split that can't be. */
function textOf(
  { text, firstLine }: DrillSource,
  { drill, program }: Played,
  items: readonly Item[],
  { commands }: Evidence,
): string | undefined {
  const lines = text.split('\n').slice(0, (drill.tasks[0]?.position.line ?? firstLine) - firstLine)
  const all = items.flatMap(({ action, alloc, final }) => [
    { action, prefix: '' },
    ...alloc.map((each) => ({ action: each, prefix: '  @alloc ' })),
    ...final.map((each) => ({ action: each, prefix: '  @final ' })),
  ])
  for (let i = 0, next = 0; i < all.length; i = next) {
    const { command, text: own } = program.actions[all[i]?.action ?? 0] as DrillAction
    const prefix = all[i]?.prefix ?? ''
    while (program.actions[all[next]?.action ?? -1]?.command === command && all[next]?.prefix === prefix) next++
    const isWhole = next - i === program.actions.filter((each) => each.command === command).length
    if (!isWhole && 'handle' in command) return undefined
    if (isWhole) lines.push(prefix + command.text)
    else next = i + 1
    if (!isWhole) lines.push(prefix + own)
  }
  return `${[...lines, ...commands].join('\n')}\n`
}
