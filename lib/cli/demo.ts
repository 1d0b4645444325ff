// SPDX-License-Identifier: GPL-2.0-only
//
// The story of one buffer, in a screenful.

import { Command } from 'commander'
import { Machine, type Mapping, type MigrationResult, type PageEntry, type Profile, pageFlagNames } from '../index'
import { profileOption } from './options'
import { type Colors, colorsFor, print } from './output'
import { plainTable } from './tables'

/** Page 2 is left alone until the end: it is the hole. */
const PAGES = 3
const SHOWN_FLAGS = ['locked', 'dirty', 'lru', 'active', 'referenced', 'swapbacked']

/** `hmmu demo` */
export function demoCommand(): Command {
  return new Command('demo')
    .description('tell the story of one buffer: fault in, migrate, fault back, migrate a hole')
    .addOption(profileOption())
    .action((options: { profile: Profile }) => tellStory(options.profile))
}

function tellStory(profile: Profile): void {
  using machine = new Machine({ ramPages: 4096, devicePages: 16, profile })
  const story = new Story(machine, colorsFor(process.stdout))
  const process_ = machine.process()
  const buffer = process_.map({ pages: PAGES })
  print(`A buffer of ${PAGES} pages, a device with ${machine.counters().devicePages} pages of its own (${profile}).\n`)

  buffer.write(0, Uint8Array.of(0x11))
  buffer.write(4096, Uint8Array.of(0x22))
  story.tell(buffer, 'The CPU writes to pages 0 and 1: two faults, two frames of RAM. Page 2 stays a hole.')

  const there = process_.migrate({ start: buffer.address, pages: 2 }, { to: 'device' })
  story.tell(buffer, 'migrate_vma() takes pages 0 and 1 to the device. The CPU is left with device entries.', there)

  const [byte] = buffer.read(0, 1)
  story.tell(buffer, `The CPU reads page 0 and finds 0x${byte?.toString(16)}: a fault, and the driver brought it back.`)

  const hole = process_.migrate({ start: buffer.pageAddress(2), pages: 1 }, { to: 'device' })
  story.tell(buffer, 'migrate_vma() on the hole: there is nothing to copy, a fresh device page is put in.', hole, 2)

  const complaints = machine.verify()
  const balance = complaints.length === 0 ? 'All references, maps and lists balance.' : complaints.join('\n')
  print(`\n${balance} Next: hmmu drill run FILE, hmmu --help\n`)
}

class Story {
  readonly #machine: Machine
  readonly #colors: Colors
  #step = 0

  constructor(machine: Machine, colors: Colors) {
    this.#machine = machine
    this.#colors = colors
  }

  /** Print a step and the entries after it; `firstPage` is the page with which a migration began. */
  tell(buffer: Mapping, what: string, result?: MigrationResult, firstPage = 0): void {
    this.#step += 1
    // Pages that wait for their place on an LRU list have a reference more, which would only puzzle the reader.
    this.#machine.drainPagevecs()
    print(`\n${this.#colors.bold(`${this.#step}. ${what}`)}\n`)
    const head = ['page', 'entry', 'bits', 'frame', 'ref', 'map', 'byte', 'flags']
    if (result !== undefined) head.push('src', 'dst')
    const rows = buffer
      .dump()
      .map((entry, page) => [...this.#entryCells(entry, page), ...wordCells(result, page - firstPage)])
    print(`${plainTable(head, rows, this.#colors)}\n`)
  }

  #entryCells(entry: PageEntry, page: number): string[] {
    const kind = entry.device ? this.#colors.magenta(entry.kind) : this.#colors.green(entry.kind)
    if (entry.refCount === 0) return [`${page}`, this.#colors.dim(entry.kind), '', '', '', '', '', '']
    const byte = this.#machine.pageData(entry.pfn)[0] ?? 0
    const flags = pageFlagNames(entry.flags).filter((name) => SHOWN_FLAGS.includes(name))
    const frame = entry.device ? `device ${entry.allocId}` : `RAM ${entry.pfn}`
    const counts = [`${entry.refCount}`, `${entry.mapCount}`, `0x${byte.toString(16).padStart(2, '0')}`]
    return [`${page}`, kind, entry.bits, frame, ...counts, flags.join(',')]
  }
}

/** Flags of the words of src and dst, for the pages that took part. */
function wordCells(result: MigrationResult | undefined, index: number): string[] {
  if (result === undefined) return []
  const [src, dst] = [result.src[index], result.dst[index]]
  return src === undefined || dst === undefined ? ['', ''] : [wordFlags(src), wordFlags(dst)]
}

function wordFlags(word: bigint): string {
  const letters = ['V', 'M', 'L', 'W', 'D', 'E'].filter((_, bit) => (word >> BigInt(bit)) & 1n)
  return letters.length === 0 ? '-' : letters.join('')
}
