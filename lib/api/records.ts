// SPDX-License-Identifier: GPL-2.0-only
//
// Decodes the records that the addon copies into a typed array; native/addon/looking.cc asserts their layout.

import {
  EntryBit,
  type EntryKind,
  type EventName,
  entryKindNames,
  eventNames,
  type MapKind,
  mapKindNames,
  type NotifyKind,
  notifyKindNames,
  PageFlag,
  ProtBit,
} from '../base/defs.generated'
import { integer, PAGE_SIZE, requireInternal } from '../base/validate'
import { RECORD_WORDS } from '../native/layout'
import { asText, type Cell, hex, joinRuns, MOST_ITEMS, pagesTable, shownAs, showsItself, table } from './inspect'

/** Access rights: load and store, load only, neither. */
export type Prot = 'rw' | 'r' | 'none'

/** The most pages that one dump looks at. */
export const MOST_DUMPED = 2 ** 22

const flagList = Object.entries(PageFlag).map(([name, bit]) => [name.toLowerCase(), bit] as const)

/** The names of page flags that are set, in lower case, in the order of {@link PageFlag}. */
export function pageFlagNames(flags: number): string[] {
  integer('flags', flags, -(2 ** 31), 2 ** 32 - 1)
  return flagList.filter(([, bit]) => flags & bit).map(([name]) => name)
}

/** The state of one page of an address space: its entry, and the page behind it. */
export class PageEntry {
  /** In bytes. */
  declare readonly address: number
  /** The 64-bit entry itself: a pte, or the pmd of a huge page. */
  declare readonly raw: bigint
  /** What a page table walk ends at. */
  declare readonly kind: EntryKind
  /** Writable; of `dev`, `mig` and `excl` entries: of the write kind. */
  declare readonly write: boolean
  /** The dirty bit of the entry. */
  declare readonly dirty: boolean
  /** The accessed bit of the entry. */
  declare readonly accessed: boolean
  /** Soft-dirty; of swap-type entries: their own soft-dirty bit. */
  declare readonly softDirty: boolean
  /** Write-protected by userfaultfd. */
  declare readonly uffdWp: boolean
  /** Of `mig` entries: of the read-exclusive kind. Of `swap` entries: the mapping had the page alone. */
  declare readonly exclusive: boolean
  /**
   * Page frame number of `sys`, `huge` (this subpage), `dev`, `coh`, `mig` and `excl` entries; of a `swap` entry that of its page in the swap
   * cache; else 0.
   */
  declare readonly pfn: number
  /** Another number whenever the frame is allocated anew; of device pages: their number among those of their kind. */
  declare readonly allocId: number
  /** The page is device memory, private or coherent. */
  declare readonly device: boolean
  /** The page is device-coherent. */
  declare readonly coherent: boolean
  /** page_count(), of a tail page its head's. */
  declare readonly refCount: number
  /** page_mapcount() of this page or subpage. */
  declare readonly mapCount: number
  /** Bits of {@link PageFlag}; {@link pageFlagNames} tells their names. */
  declare readonly flags: number
  /** Of a `swap` entry: how many entries, of all processes, refer to its slot; else 0. */
  declare readonly swapUsers: number

  /** @internal */
  static make(words: BigUint64Array, ints: Int32Array, i: number): PageEntry {
    return new PageEntry(words, ints, i)
  }

  private constructor(words: BigUint64Array, ints: Int32Array, i: number) {
    requireInternal(words instanceof BigUint64Array && ints instanceof Int32Array, 'dump() returns entries')
    const word = i * RECORD_WORDS.entry
    const int = word * 2
    const bits = ints[int + 5] ?? 0
    this.address = Number(words[word])
    this.raw = words[word + 1] ?? 0n
    this.kind = entryKindNames[ints[int + 4] ?? 0] ?? 'nomap'
    this.write = (bits & EntryBit.WRITE) !== 0
    this.dirty = (bits & EntryBit.DIRTY) !== 0
    this.accessed = (bits & EntryBit.ACCESSED) !== 0
    this.softDirty = (bits & EntryBit.SOFT_DIRTY) !== 0
    this.uffdWp = (bits & EntryBit.UFFD_WP) !== 0
    this.exclusive = (bits & EntryBit.EXCLUSIVE) !== 0
    this.pfn = (ints[int + 6] ?? 0) >>> 0
    this.allocId = (ints[int + 7] ?? 0) >>> 0
    this.refCount = ints[int + 8] ?? 0
    this.mapCount = ints[int + 9] ?? 0
    this.flags = ints[int + 10] ?? 0
    this.device = ((ints[int + 11] ?? 0) & 0xff) !== 0
    this.coherent = ((ints[int + 11] ?? 0) & 0xff00) !== 0
    this.swapUsers = (ints[int + 12] ?? 0) >>> 0
  }

  /** The bits as four letters: write (else `p`: uffdWp, or `x`: exclusive), dirty, accessed, soft-dirty. */
  get bits(): string {
    const first = (this.write && 'w') || (this.uffdWp && 'p') || (this.exclusive && 'x') || '-'
    return `${first}${this.dirty ? 'd' : '-'}${this.accessed ? 'a' : '-'}${this.softDirty ? 's' : '-'}`
  }

  /** What JSON has: all properties, `raw` in hexadecimal. */
  toJSON(): object {
    return { ...this, raw: hex(this.raw) }
  }

  /** @internal */
  [asText](): string {
    const [, ...cells] = joinRuns([dumpRow(this, 0)])[0] ?? []
    return `PageEntry ${cells.join(' ').trimEnd()} at ${hex(this.address)}`
  }

  static {
    showsItself(PageEntry.prototype)
  }
}

/** @internal Decodes a dump. */
export function decodeEntries(words: BigUint64Array, count: number): PageEntry[] {
  const ints = new Int32Array(words.buffer)
  const entries = Array.from({ length: count }, (_, i) => PageEntry.make(words, ints, i))
  return shownAs(entries, dumpTable)
}

/** A dump as a table. */
export function dumpTable(entries: readonly PageEntry[], all = false): string {
  const headings = ['page', 'entry', 'bits', 'frame', 'refs', 'maps', 'flags']
  return pagesTable(headings, entries.length, (page) => dumpRow(entries[page] as PageEntry, page), all)
}

const WITH_PAGE: ReadonlySet<EntryKind> = new Set(['sys', 'huge', 'dev', 'coh', 'mig', 'excl'])
const WITHOUT_BITS: ReadonlySet<EntryKind> = new Set(['nomap', 'none', 'special', 'marker'])

function dumpRow(entry: PageEntry, page: number): Cell[] {
  const index = { prefix: '', number: page }
  const bits = WITHOUT_BITS.has(entry.kind) ? '' : entry.bits
  if (!WITH_PAGE.has(entry.kind) && entry.pfn === 0) return [index, entry.kind, bits, '', '', '', '']
  const letter = entry.coherent ? 'C' : 'D'
  const frame = entry.device ? { prefix: letter, number: entry.allocId } : { prefix: '#', number: entry.pfn }
  const flags = pageFlagNames(entry.flags).filter((name) => name !== 'device')
  return [index, entry.kind, bits, frame, String(entry.refCount), String(entry.mapCount), flags.join(',')]
}

/** One mapping (VMA) of a process. */
export interface VmaInfo {
  /** First byte. */
  readonly start: number
  /** First byte behind it. */
  readonly end: number
  /** Its length. */
  readonly pages: number
  /** What is mapped. */
  readonly kind: MapKind
  /** Access rights. */
  readonly prot: Prot
  /** VM_LOCKED. */
  readonly locked: boolean
  /** VM_SOFTDIRTY. */
  readonly softDirty: boolean
  /** VM_HUGEPAGE. */
  readonly huge: boolean
  /** VM_NOHUGEPAGE. */
  readonly noHuge: boolean
  /** VM_DONTCOPY. */
  readonly dontFork: boolean
  /** VM_UFFD_MISSING. */
  readonly userfault: boolean
  /** It has an anon_vma. */
  readonly hasAnonVma: boolean
}

/** @internal */
export function decodeMappings(words: BigUint64Array, count: number): VmaInfo[] {
  const ints = new Uint32Array(words.buffer)
  const bytes = new Uint8Array(words.buffer)
  const all = Array.from({ length: count }, (_, i) => decodeMapping(words, ints, bytes, i * RECORD_WORDS.vma))
  return shownAs(all, mappingTable)
}

function decodeMapping(words: BigUint64Array, ints: Uint32Array, bytes: Uint8Array, word: number): VmaInfo {
  const start = Number(words[word])
  const end = Number(words[word + 1])
  const flag = (i: number) => bytes[word * 8 + 24 + i] !== 0
  return {
    start,
    end,
    pages: (end - start) / PAGE_SIZE,
    kind: mapKindNames[ints[word * 2 + 4] ?? 0] ?? 'anon',
    prot: protName(ints[word * 2 + 5] ?? 0),
    locked: flag(0),
    softDirty: flag(1),
    huge: flag(2),
    noHuge: flag(3),
    dontFork: flag(4),
    userfault: flag(5),
    hasAnonVma: flag(6),
  }
}

function protName(bits: number): Prot {
  if (bits & ProtBit.WRITE) return 'rw'
  return bits & ProtBit.READ ? 'r' : 'none'
}

const VMA_FLAGS = ['locked', 'softDirty', 'huge', 'noHuge', 'dontFork', 'userfault', 'hasAnonVma'] as const

/** Mappings as a table. */
export function mappingTable(mappings: readonly VmaInfo[], all = false): string {
  const rows = mappings.map((vma) => {
    const flags = VMA_FLAGS.filter((name) => vma[name])
    return [`${hex(vma.start)}-${hex(vma.end)}`, String(vma.pages), vma.kind, vma.prot, flags.join(',')]
  })
  return table(['addresses', 'pages', 'kind', 'prot', 'flags'], rows, all)
}

/** What the struct page of a frame or device page says. */
export interface PageInfo {
  /** Page frame number. */
  readonly pfn: number
  /** Another number whenever the frame is allocated anew; of device pages: their number among those of their kind. */
  readonly allocId: number
  /** Bits of {@link PageFlag}. */
  readonly flags: number
  /** page_count() */
  readonly refCount: number
  /** page_mapcount() */
  readonly mapCount: number
  /** Offset in what the page belongs to, in pages. */
  readonly index: number
  /** The page is device memory, private or coherent. */
  readonly device: boolean
  /** The page is device-coherent. */
  readonly coherent: boolean
  /** PageAnon() */
  readonly anon: boolean
  /** It belongs to the page cache. */
  readonly hasMapping: boolean
  /** Nobody has it. A free page of the device has one reference, its pagemap's, and keeps flags of its last use. */
  readonly free: boolean
  /** Which anon_vma (if `anon`) or file it belongs to: a number from 1 on; 0: none. */
  readonly mapping: number
  /** The first byte of its contents; 0 for a page table and a free page. */
  readonly byte: number
}

/** @internal */
export function decodePages(words: BigUint64Array): PageInfo[] {
  const ints = new Int32Array(words.buffer)
  const bytes = new Uint8Array(words.buffer)
  return Array.from({ length: words.length / RECORD_WORDS.page }, (_, i) => {
    const word = i * RECORD_WORDS.page
    const int = word * 2
    const byte = word * 8
    return {
      pfn: (ints[int] ?? 0) >>> 0,
      allocId: (ints[int + 1] ?? 0) >>> 0,
      flags: ints[int + 2] ?? 0,
      refCount: ints[int + 3] ?? 0,
      mapCount: ints[int + 4] ?? 0,
      index: Number(words[word + 3]),
      device: bytes[byte + 32] !== 0,
      coherent: bytes[byte + 41] !== 0,
      anon: bytes[byte + 33] !== 0,
      hasMapping: bytes[byte + 34] !== 0,
      free: bytes[byte + 35] !== 0,
      mapping: (ints[int + 9] ?? 0) >>> 0,
      byte: bytes[byte + 40] ?? 0,
    }
  })
}

/** @internal */
export function decodePage(words: BigUint64Array): PageInfo {
  return decodePages(words)[0] as PageInfo
}

/** Something that happened. What `a` and `b` are depends on the type; {@link eventTexts} says it. */
export interface MachineEvent {
  /** What happened. */
  readonly type: EventName
  /** Why a range is invalidated: of `invalidate_start` and `invalidate_end` in Linux 6.12. Absent in 4.14, which has no kinds. */
  readonly kind?: NotifyKind
  /** Of the process concerned, 0: none in particular. */
  readonly pid: number
  /** As {@link eventTexts} says for the type. */
  readonly a: number
  /** As {@link eventTexts} says for the type. */
  readonly b: number
  /** Of `references`: how many references the page may have. */
  readonly expected?: number
  /** Of `references`: how many it has. */
  readonly found?: number
  /** When it happened, in cycles of the host; there after {@link Machine.timeEvents} only. */
  readonly cycles?: number
}

/** @internal The field `kind` of an invalidation. */
export function notifyKind(kind: number): { readonly kind?: NotifyKind } {
  const name = notifyKindNames[kind]
  return kind === 0 || name === undefined ? {} : { kind: name }
}

/** What a check of references expected and found. */
function counted(type: EventName | undefined, b: bigint): { expected?: number; found?: number } {
  return type === 'references' ? { expected: Number(b >> 32n), found: Number(b & 0xffffffffn) } : {}
}

/** @internal */
export function decodeEvents(words: BigUint64Array, count: number, cycles?: BigUint64Array): MachineEvent[] {
  const ints = new Uint32Array(words.buffer)
  return Array.from({ length: count }, (_, i) => {
    const word = i * RECORD_WORDS.event
    const time = cycles && { cycles: Number(cycles[i]) }
    const what = ints[word * 2] ?? 0
    return {
      type: eventNames[what & 0xffff] ?? 'stage',
      ...notifyKind(what >>> 16),
      pid: ints[word * 2 + 1] ?? 0,
      a: Number(words[word + 1]),
      b: Number(words[word + 2]),
      ...counted(eventNames[what & 0xffff], words[word + 2] ?? 0n),
      ...time,
    }
  })
}

/** @internal Events as a table. */
export function eventTable(events: readonly MachineEvent[], all = false): string {
  const shown = all ? events : events.slice(0, MOST_ITEMS)
  const rows = shown.map(({ type, kind, pid, a, b }) => [
    kind ? `${type} (${kind})` : type,
    String(pid),
    hex(a),
    hex(b),
  ])
  const more = events.length - shown.length
  return table(['event', 'process', 'a', 'b'], rows, all) + (more > 0 ? `\n  … ${more} more events` : '')
}

const LEVELS = ['pgd', 'p4d', 'pud', 'pmd', 'pte']

/** @internal The entries of a walk as a table. */
export function walkTable(entries: readonly bigint[]): string {
  return table(
    ['level', 'entry'],
    entries.map((entry, i) => [LEVELS[i] ?? '', `0x${entry.toString(16).padStart(16, '0')}`]),
  )
}
