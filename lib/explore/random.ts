// SPDX-License-Identifier: GPL-2.0-only
//
// Random drills with tasks. A seed and a kernel give the same text on each machine.

import type { Kernel } from '../base/kernel'

/** Small numbers of everything: a search through all orders has to end. */
const MOST_REGIONS = 2
const MOST_PAGES = 3
const HUGE_PAGES = 512
const MOST_TASKS = 3
const MOST_ACTIONS = 4
/** Of all tasks together, with weights. Most faults need few actions, and two more take ten times the states. */
const ACTIONS_IN_ALL: readonly Choice<number>[] = [
  [5, 3],
  [6, 4],
  [5, 5],
  [2, 6],
  [1, 8],
]
/** With the parts of a huge page a state takes ten times the time. */
const MOST_HUGE_ACTIONS = 4

/** A number from 0 to below 2^32 for each call (mulberry32). */
function numbersFrom(seed: number): () => number {
  // Seeds that follow each other begin far apart.
  let state = Math.imul(seed ^ 0x5bf03635, 0x9e3779b1) | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let word = Math.imul(state ^ (state >>> 15), state | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return (word ^ (word >>> 14)) >>> 0
  }
}

/** What may be chosen, with a weight. */
type Choice<T> = readonly [weight: number, value: T]

interface RandomRegion {
  readonly name: string
  readonly hasFile: boolean
  readonly pages: number
}

/** What an action of a task, or a line before the tasks, is made by; undefined: it does not fit here. */
type Maker = (process: string) => readonly string[] | undefined

/** Whether a random drill has a huge page. */
export function hasHugePage(drill: string): boolean {
  return / thp$/m.test(drill)
}

/** A drill with tasks, of a kernel's words. */
export function randomDrill(seed: number, kernel: Kernel): string {
  return new Generator(seed, kernel).drill()
}

class Generator {
  readonly #next: () => number
  /** Numbers for what came to the drills later: without it a seed's drill is as it was. */
  readonly #later: () => number
  readonly #has612: boolean
  /** Linux 6.12: a second device, whose pages CPUs map. */
  readonly #hasCoherent: boolean
  readonly #regions: RandomRegion[] = []
  /** Processes before the tasks begin. */
  readonly #processes = ['A']
  /** A process that some task may fork, once. */
  #child: string | undefined
  #cpus = 1
  #value = 0
  #handles = 0

  constructor(seed: number, kernel: Kernel) {
    this.#next = numbersFrom(seed)
    this.#later = numbersFrom(~seed)
    this.#has612 = kernel !== 'linux-4.14'
    this.#hasCoherent = this.#has612 && this.#later() % 4 === 0
  }

  drill(): string {
    const lines = this.#hasCoherent ? ['devmem 8', 'devmem 8 coherent', 'swap 8'] : ['devmem 8', 'swap 8']
    if (this.#chance(50)) {
      this.#cpus = 2
      lines.push('cpus 2')
    }
    const regions = 1 + (this.#chance(30) ? MOST_REGIONS - 1 : 0)
    for (let i = 0; i < regions; i++) lines.push(this.#map(i === 0 ? 'buf' : 'more'))
    for (const region of this.#regions) lines.push(...this.#state(region))
    if (this.#processes.length === 1) this.#child = 'B'
    return [...lines, ...this.#tasks(), ''].join('\n')
  }

  /** An integer from 0 to below `count`. */
  #below(count: number): number {
    return this.#next() % count
  }

  #chance(percent: number): boolean {
    return this.#below(100) < percent
  }

  #choose<T>(choices: readonly Choice<T>[]): T {
    let rest = this.#below(choices.reduce((sum, [weight]) => sum + weight, 0))
    for (const [weight, value] of choices) {
      if (rest < weight) return value
      rest -= weight
    }
    throw new RangeError('no choice has a weight')
  }

  #of<T>(values: readonly T[]): T {
    return this.#choose(values.map((value) => [1, value] as const))
  }

  #map(name: string): string {
    const kind = this.#choose([
      [14, 'anon'],
      [3, 'huge'],
      [2, 'shmem'],
      [1, 'file'],
      [1, 'sharedfile'],
    ] as const)
    const pages = kind === 'huge' ? HUGE_PAGES : 1 + this.#below(MOST_PAGES)
    this.#regions.push({ name, hasFile: kind !== 'anon' && kind !== 'huge', pages })
    return kind === 'huge' ? `A map ${name} anon ${pages} at2m thp` : `A map ${name} ${kind} ${pages}`
  }

  /** Commands that bring a region's pages into some state. */
  #state(region: RandomRegion): string[] {
    const lines = this.#chance(85) ? [`A write ${this.#place(region)} ${this.#newValue()}`] : []
    for (let count = this.#below(4); count > 0; count--) lines.push(...this.#stateLine(region))
    return lines
  }

  #stateLine(region: RandomRegion): readonly string[] {
    const process = this.#of(this.#processes)
    const line = (verb: string, more = '') => [`${process} ${verb} ${this.#place(region)}${more}`]
    const makers: Choice<() => readonly string[]>[] = [
      [8, () => line('migrate', this.#toDevice())],
      [2, () => line('migrate', this.#toSystem())],
      [3, () => line('write', ` ${this.#newValue()}`)],
      [2, () => line('read')],
      [4, () => line('reclaim')],
      [2, () => line('lock')],
      [2, () => line('protect', ' r')],
      [2, () => line('advise', ' free')],
      [1, () => line('pin', ` as ${this.#newHandle()}${this.#chance(50) ? ' write' : ''}`)],
      [3, () => [`${process} clear`]],
      [5, () => this.#forkBefore()],
    ]
    if (this.#has612) makers.push([1, () => line('exclusive')], [1, () => line('advise', ' cold')])
    return this.#choose(makers)()
  }

  #forkBefore(): string[] {
    if (this.#processes.length > 1) return []
    this.#processes.push('B')
    return ['fork A B']
  }

  #actionsInAll(): number {
    const count = this.#choose(ACTIONS_IN_ALL)
    return this.#regions.some(({ pages }) => pages === HUGE_PAGES) ? Math.min(count, MOST_HUGE_ACTIONS) : count
  }

  #tasks(): string[] {
    const count = 2 + this.#below(MOST_TASKS - 1)
    const lines: string[] = []
    let rest = this.#actionsInAll()
    for (let i = 0; i < count; i++) {
      const process = this.#of(this.#processes)
      const cpu = this.#below(this.#cpus)
      const options = `${cpu > 0 ? ` cpu=${cpu}` : ''}${process === 'A' ? '' : ` proc=${process}`}`
      lines.push(`task ${'abc'[i]}${options}`)
      for (let actions = 1 + this.#below(Math.min(MOST_ACTIONS, rest - (count - i - 1))); actions > 0; actions--) {
        rest--
        lines.push(...this.#action(process).map((line) => `  ${line}`))
      }
    }
    return lines
  }

  /** One action of a task, or two: what is taken may be given back. */
  #action(process: string): readonly string[] {
    const maker = this.#choose(this.#makers())
    return maker(process) ?? this.#action(process)
  }

  #makers(): Choice<Maker>[] {
    const at = (verb: string, more: () => string = () => '', whole = false): Maker => {
      return (process) => [`${process} ${verb} ${this.#place(this.#of(this.#regions), whole)}${more()}`]
    }
    const advise = (advice: string) => at('advise', () => ` ${advice}`, true)
    const makers: Choice<Maker>[] = [
      [8, at('read')],
      [12, at('write', () => ` ${this.#newValue()}`)],
      [10, at('migrate', () => `${this.#toDevice()}${this.#refused()}`)],
      [6, at('migrate', () => this.#toSystem())],
      [2, at('unmap', undefined, true)],
      [3, at('protect', () => ` ${this.#of(['r', 'rw', 'none'])}`, true)],
      [4, advise('dontneed')],
      [4, advise('free')],
      [2, at('lock', undefined, true)],
      [2, at('unlock', undefined, true)],
      [4, (process) => [`${process} clear`]],
      [4, (process) => this.#fork(process)],
      [1, () => [`exit ${this.#of(this.#processes)}`]],
      [4, (process) => this.#take(process, 'pin', this.#chance(50) ? ' write' : '')],
      [3, (process) => this.#take(process, 'hold', '')],
      [1, (process) => this.#take(process, 'isolate', '')],
      [4, at('reclaim')],
      [2, (process) => [`${process} oom-reap`]],
    ]
    if (this.#has612) {
      for (const advice of ['cold', 'pageout', 'collapse', 'populate_read', 'populate_write'] as const)
        makers.push([1, advise(advice)])
      if (this.#regions.some(({ hasFile }) => hasFile)) makers.push([6, (process) => this.#truncate(process)])
      makers.push([1, (process) => this.#take(process, 'pin', this.#dma())])
    }
    return makers
  }

  /** Which device, and what the migration takes. */
  #toDevice(): string {
    if (!this.#hasCoherent) return ' to dev'
    return [' to dev', ' to coh', ' to coh', ' to dev select=system,coherent'][this.#later() % 4] ?? ''
  }

  #toSystem(): string {
    if (!this.#hasCoherent) return ' to sys'
    return this.#later() % 4 === 0 ? ' to sys' : ' to sys select=private,coherent'
  }

  #dma(): string {
    return this.#hasCoherent && this.#later() % 2 === 0 ? ' dma longterm' : ' dma'
  }

  /** The file of a region gets another end. */
  #truncate(process: string): readonly string[] {
    const { name, pages } = this.#of(this.#regions.filter(({ hasFile }) => hasFile))
    return [`${process} truncate ${name} ${this.#below(pages + 1)}`]
  }

  /** The driver gives the first page none, or reports an error for it. */
  #refused(): string {
    return this.#choose([
      [6, ''],
      [1, ' skip=0'],
      [1, ' error=0'],
    ])
  }

  /** A child that has a task of its own has it behind all others. */
  #fork(process: string): readonly string[] | undefined {
    if (this.#child === undefined || process !== 'A') return undefined
    const child = this.#child
    this.#child = undefined
    this.#processes.push(child)
    return [`fork ${process} ${child}`]
  }

  #take(process: string, verb: string, more: string): readonly string[] {
    const handle = this.#newHandle()
    const line = `${process} ${verb} ${this.#page(this.#of(this.#regions))} as ${handle}${more}`
    return this.#chance(80) ? [line, `drop ${handle}`] : [line]
  }

  #newHandle(): string {
    return `h${this.#handles++}`
  }

  #newValue(): number {
    return ++this.#value
  }

  /** Some pages. @param whole: also all of a large region */
  #place(region: RandomRegion, whole = false): string {
    if (this.#chance(40) && (whole || region.pages <= MOST_PAGES)) return region.name
    const first = this.#firstPage(region)
    const last = Math.min(first + this.#below(MOST_PAGES), region.pages - 1)
    return first === last ? `${region.name}[${first}]` : `${region.name}[${first}-${last}]`
  }

  #page(region: RandomRegion): string {
    return `${region.name}[${this.#firstPage(region)}]`
  }

  #firstPage(region: RandomRegion): number {
    return this.#below(Math.min(region.pages, MOST_PAGES))
  }
}
