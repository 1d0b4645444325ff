// SPDX-License-Identifier: GPL-2.0-only
//
// The values that loads may read, as native/core/explore/judge_values.c knows them: a store leaves one, a call that empties a page adds 0
// as long as it runs, and a load leaves what it has read.

import { adviceValues, type Machine, PAGE_SIZE } from '../api'
import type { Program, ProgramAction } from './program-words'

/** What is known of a page in a process. */
interface PageModel {
  /** The values that a load may read. */
  may: Set<number>
  mapped: boolean
  /** Calls under way that empty the page. */
  zaps: number
  /** MADV_FREE: it may become empty at any time, until a store. */
  lazy: boolean
}

const unmapped = (): PageModel => ({ may: new Set(), mapped: false, zaps: 0, lazy: false })

export class Values {
  readonly #program: Program
  /** By process, then by page. Of a shared page all processes know the same. */
  readonly #models: PageModel[][]

  /** @param first what each process can load from each page; undefined: nothing is mapped there, or it can't be loaded */
  constructor(program: Program, first: readonly (readonly (number | undefined)[])[]) {
    this.#program = program
    const { pages } = program
    const model = (process: number, page: number): PageModel => {
      const value = first[process]?.[page]
      return value === undefined ? unmapped() : { ...unmapped(), may: new Set([value]), mapped: true }
    }
    this.#models = program.processes.map((_, process) => pages.map((_, page) => model(process, page)))
  }

  #model(process: number, page: number): PageModel {
    const owner = this.#program.pages[page]?.shared ? 0 : process
    return this.#models[owner]?.[page] ?? unmapped()
  }

  isMapped(process: number, page: number): boolean {
    return this.#model(process, page).mapped
  }

  /** Whether an order of the stores allows the value. */
  allows(process: number, page: number, value: number): boolean {
    const { mapped, may } = this.#model(process, page)
    return !mapped || may.has(value)
  }

  loaded(process: number, page: number, value: number): void {
    const model = this.#model(process, page)
    if (model.mapped) model.may = new Set(model.zaps > 0 || model.lazy ? [value, 0] : [value])
  }

  /** @param forking the children that calls under way of the process fork */
  stored(process: number, page: number, value: number, forking: readonly number[]): void {
    const model = this.#model(process, page)
    model.may = new Set(model.zaps > 0 ? [value, 0] : [value])
    model.lazy = false
    for (const child of forking) this.#model(child, page).may.add(value)
  }

  /** An action that empties pages, or unmaps them, begins or ends. */
  zap(process: number, action: ProgramAction, ends: boolean, forking: readonly number[]): void {
    if (!empties(action)) return
    for (const [page, { address, shared }] of this.#program.pages.entries()) {
      const { at, pages } = action.words
      const isMeant = action.kind === 'oom-reap' || (address >= at && address < at + pages * PAGE_SIZE)
      if (isMeant && (!shared || action.kind === 'unmap')) this.#zapPage(process, page, action, ends, forking)
    }
  }

  #zapPage(process: number, page: number, action: ProgramAction, ends: boolean, forking: readonly number[]): void {
    const model = this.#model(process, page)
    if (action.kind === 'advise' && action.words.value === adviceValues.free) model.lazy = true
    model.zaps += ends ? -1 : 1
    model.may.add(0)
    for (const child of forking) this.#model(child, page).may.add(0)
    if (ends && action.kind === 'unmap' && !this.#program.pages[page]?.shared) Object.assign(model, unmapped())
  }

  forked(parent: number, child: number, ends: boolean): void {
    for (const page of this.#program.pages.keys()) {
      const [from, to] = [this.#model(parent, page), this.#model(child, page)]
      if (from === to) continue
      const soFar = ends ? to.may : []
      Object.assign(to, { may: new Set([...from.may, ...soFar]), mapped: from.mapped, zaps: 0, lazy: from.lazy })
    }
  }

  exited(process: number): void {
    for (const [page, { shared }] of this.#program.pages.entries())
      if (!shared) Object.assign(this.#model(process, page), unmapped())
  }

  /** Equal if and only if all is. */
  key(): string {
    const texts = this.#models.flat().map(({ may, mapped, zaps, lazy }) => {
      const values = [...may].sort((a, b) => a - b).join('.')
      return mapped || values !== '' ? `${values}${lazy ? 'l' : ''}${zaps > 0 ? `z${zaps}` : ''}` : ''
    })
    return texts.join(',')
  }
}

function empties({ kind, words: { value } }: ProgramAction): boolean {
  if (kind === 'advise') return value === adviceValues.dontneed || value === adviceValues.free
  return kind === 'unmap' || kind === 'oom-reap'
}

/** What all processes can load from all pages of a machine, in which loads may change anything. */
export function loadable(copy: Machine, program: Program): (number | undefined)[][] {
  return program.processes.map((_, number) => {
    const process = copy.processes[number]
    return program.pages.map(({ address }) => {
      const { outcome, value } = process?.tryLoad(address) ?? { outcome: 'SIGSEGV', value: 0 }
      return outcome === 'ok' ? value : undefined
    })
  })
}
