// SPDX-License-Identifier: GPL-2.0-only
//
// Mappings of a process: ranges of pages with common properties. A mapping splits when a part gets other properties,
// and merges as in Linux. So they decide which ranges migrate_vma() accepts.

import type { Kind, MapRequest, Prot } from './side'

export const PROTS: Readonly<Record<Prot, Pick<VmaFlags, 'read' | 'write'>>> = {
  rw: { read: true, write: true },
  r: { read: true, write: false },
  none: { read: false, write: false },
}

/** The properties that have to be equal for two mappings to merge. */
export interface VmaFlags {
  readonly kind: Kind
  readonly file: object | undefined
  /** The page number at which page 0 of the file is mapped; for anonymous memory, how far it was moved. */
  readonly origin: number
  readonly read: boolean
  readonly write: boolean
  /** Counted as committed memory: private, and was once writable. */
  readonly account: boolean
  readonly hugePage: boolean
  readonly noHugePage: boolean
  readonly dontFork: boolean
  readonly locked: boolean
  /** Registered with userfaultfd: for missing pages, for write protection. */
  readonly missingMode: boolean
  readonly writeProtectMode: boolean
}

/** The identity of an anon_vma. */
export type AnonVma = object

export class Vma {
  start: number
  end: number
  flags: VmaFlags
  softDirty = true
  anonVma: AnonVma | undefined
  /** All anon_vmas that pages of this mapping may have: its own, and those of its parents. */
  chain = new Set<AnonVma>()
  /**
   * Its place in the reverse map of anonymous pages, and in that of a file, among mappings that start equally. Later ones
   * come last; but in the file's, a child's mapping comes right behind that of its parent.
   */
  linked = 0
  linkedToFile: readonly number[] = []

  static #links = 0

  constructor(start: number, end: number, flags: VmaFlags) {
    this.start = start
    this.end = end
    this.flags = flags
    this.link()
  }

  /** The mapping is new in both reverse maps, or has other bounds there. */
  link(): void {
    this.linkAnon()
    this.linkedToFile = [Vma.#links++]
  }

  /** The mapping is new in the reverse map of anonymous pages. */
  linkAnon(): void {
    this.linked = Vma.#links++
  }

  /** The mapping is a child's copy of a parent's one, of a file. */
  linkBehind(parent: Vma): void {
    this.linkedToFile = [...parent.linkedToFile, -Vma.#links++]
  }

  get anonymous(): boolean {
    return this.flags.kind === 'anon'
  }

  get special(): boolean {
    return this.flags.kind === 'special' || this.flags.kind === 'hugetlb'
  }

  get shared(): boolean {
    return this.flags.kind === 'shmem' || this.flags.kind === 'sharedfile'
  }

  get accessible(): boolean {
    return this.flags.read || this.flags.write
  }

  /** Whether fresh entries are writable without a fault. Not if the kernel or userfaultfd has to see the first write. */
  get freshWritable(): boolean {
    return this.shared && this.flags.write && this.softDirty && !this.flags.writeProtectMode
  }

  contains(page: number): boolean {
    return page >= this.start && page < this.end
  }

  /** A copy of a part, with the same anon_vmas. */
  part(start: number, end: number): Vma {
    const copy = new Vma(start, end, this.flags)
    copy.softDirty = this.softDirty
    copy.takeAnonVma(this)
    return copy
  }

  takeAnonVma(from: Vma): void {
    if (this.anonVma !== undefined || from.anonVma === undefined) return
    this.anonVma = from.anonVma
    this.chain = new Set(from.chain)
    this.linkAnon()
  }
}

/** The mapping that mmap() makes. */
export function newVma({ start, pages, kind, prot }: MapRequest, file: object | undefined): Vma {
  const account = PROTS[prot].write && (kind === 'anon' || kind === 'file')
  const unset = { hugePage: false, noHugePage: false, dontFork: false, locked: false }
  const userfault = { missingMode: false, writeProtectMode: false }
  const origin = kind === 'anon' ? 0 : start
  return new Vma(start, start + pages, { kind, file, origin, ...PROTS[prot], account, ...unset, ...userfault })
}

/** The number of a page within its file. */
export function fileIndex(vma: Vma, page: number): number {
  return page - vma.flags.origin
}

export function sameFlags(a: VmaFlags, b: VmaFlags): boolean {
  return (Object.keys(a) as (keyof VmaFlags)[]).every((name) => a[name] === b[name])
}

/** Whether mapping `vma` may take over pages that have the given anon_vma. */
function takes(vma: Vma, anonVma: AnonVma | undefined): boolean {
  const oneUnset = vma.anonVma === undefined || anonVma === undefined
  return (oneUnset && vma.chain.size === 1) || vma.anonVma === anonVma
}

/** Mappings of a process, ascending. */
export class VmaList {
  list: Vma[] = []
  readonly #onCut: (vma: Vma, page: number) => void

  /** `onCut` is called before a mapping begins or ends at a page within it. */
  constructor(onCut: (vma: Vma, page: number) => void = () => {}) {
    this.#onCut = onCut
  }

  /** The mapping that contains the page, or else the next one above: find_vma(). */
  find(page: number): Vma | undefined {
    return this.list.find((vma) => page < vma.end)
  }

  at(page: number): Vma | undefined {
    const vma = this.find(page)
    return vma?.contains(page) ? vma : undefined
  }

  /** The mappings that a range touches. */
  within(start: number, end: number): Vma[] {
    return this.list.filter((vma) => vma.start < end && vma.end > start)
  }

  add(vma: Vma): void {
    this.list = [...this.list, vma].sort((a, b) => a.start - b.start)
  }

  /** Cut a mapping in two at a page within it. */
  split(page: number): void {
    const vma = this.at(page)
    if (vma === undefined || vma.start === page) return
    this.#onCut(vma, page)
    this.add(vma.part(page, vma.end))
    vma.end = page
    vma.link()
  }

  remove(start: number, end: number): void {
    this.list = this.list.filter((vma) => vma.start < start || vma.end > end)
  }

  before(vma: Vma): Vma | undefined {
    return this.list[this.list.indexOf(vma) - 1]
  }

  after(vma: Vma): Vma | undefined {
    return this.list[this.list.indexOf(vma) + 1]
  }

  /** Give a part of a mapping other flags. Returns the mapping that the part then belongs to. */
  change(vma: Vma, start: number, end: number, flags: VmaFlags, mayMerge = true): Vma {
    if (sameFlags(vma.flags, flags)) return vma
    const merged = mayMerge ? this.#merge(vma, start, end, flags) : undefined
    if (merged !== undefined) return merged
    this.split(start)
    this.split(end)
    const part = this.at(start) as Vma
    part.flags = flags
    return part
  }

  /** Give the part to a neighbour that already has these flags. */
  #merge(vma: Vma, start: number, end: number, flags: VmaFlags): Vma | undefined {
    if (vma.special) return undefined
    const previous = start === vma.start ? this.before(vma) : undefined
    const next = end === vma.end ? this.after(vma) : undefined
    const joins = (other: Vma | undefined, at: number | undefined, edge: number): other is Vma =>
      other !== undefined && at === edge && sameFlags(other.flags, flags) && takes(other, vma.anonVma)
    const below = joins(previous, previous?.end, start)
    const above = joins(next, next?.start, end)
    if (below && above && this.#bothMerge(previous, next)) return this.#mergeAll(previous, vma, next)
    if (below) return this.#mergeBelow(previous, vma, end)
    if (above) return this.#mergeAbove(next, vma, start)
    return undefined
  }

  #bothMerge(previous: Vma, next: Vma): boolean {
    const oneUnset = previous.anonVma === undefined || next.anonVma === undefined
    return oneUnset || previous.anonVma === next.anonVma
  }

  #mergeAll(previous: Vma, vma: Vma, next: Vma): Vma {
    previous.takeAnonVma(vma.anonVma === undefined ? next : vma)
    previous.end = next.end
    previous.link()
    this.list = this.list.filter((each) => each !== vma && each !== next)
    return previous
  }

  #mergeBelow(previous: Vma, vma: Vma, end: number): Vma {
    previous.takeAnonVma(vma)
    if (end !== vma.end) this.#onCut(vma, end)
    previous.end = end
    previous.link()
    vma.link()
    if (end === vma.end) this.list = this.list.filter((each) => each !== vma)
    else vma.start = end
    return previous
  }

  #mergeAbove(next: Vma, vma: Vma, start: number): Vma {
    next.takeAnonVma(vma)
    if (start !== vma.start) this.#onCut(vma, start)
    next.start = start
    vma.link()
    next.link()
    if (start === vma.start) this.list = this.list.filter((each) => each !== vma)
    else vma.end = start
    return next
  }

  /** Before a mapping's first anonymous page: share the anon_vma of a neighbour that it could merge with, or make one. */
  prepareAnonVma(vma: Vma): void {
    if (vma.anonVma !== undefined) return
    const shared = [this.after(vma), this.before(vma)].find((near) => near !== undefined && this.#lends(near, vma))
    vma.anonVma = shared?.anonVma ?? {}
    vma.chain = new Set([vma.anonVma])
    vma.linkAnon()
  }

  #lends(near: Vma, vma: Vma): boolean {
    const adjacent = near.end === vma.start || vma.end === near.start
    const alike = sameFlags({ ...near.flags, read: true, write: true }, { ...vma.flags, read: true, write: true })
    return adjacent && alike && near.anonVma !== undefined && near.chain.size === 1
  }
}
