// SPDX-License-Identifier: GPL-2.0-only
//
// Programs for fuzz_machine to begin with: every drill as a program, and every breach of a driver's rules, every
// injection, every call that can block.
//
//   node native/fuzz/seeds.mjs FOLDER      writes files, named as libFuzzer names its own (needs `npm run build:ts`)
//   node native/fuzz/seeds.mjs --text      prints those of the named drills, a line each: native/fuzz/seeds.txt
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { emulatorDrills } from '../../scripts/lib/run.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const require = createRequire(import.meta.url)
const ops = namesOf('FUZZ_OPS')
const breaches = namesOf('FUZZ_BREACHES')

/** The items of a list in ops.h by number, as `#define LIST(X)` has them. */
function namesOf(list) {
  const text = readFileSync(new URL('ops.h', import.meta.url), 'utf8')
  const body = new RegExp(`#define ${list}\\(X\\)((?:.*\\\\\\n)*.*)`).exec(text)[1]
  return [...body.matchAll(/^\s*X\((\w+),/gm)].map((match) => match[1])
}

const number = (names, name) => {
  const found = names.indexOf(name)
  if (found < 0) throw new Error(`ops.h has no ${name}`)
  return found
}

/** struct fuzz_record as bytes. */
function record({ op = 0, who = 0, region = 0, count = 0, first = 0, x = 0, y = 0 }) {
  return Buffer.from([op, who, region, count, first & 255, first >> 8, x, y].map((byte) => byte & 255))
}

/** FUZZ_OTHER_CALL in ops.h. */
const OTHER_CALL = 64

const operation = (name, fields) => record({ op: number(ops, name), ...fields })

/** The count byte for a number of pages, or the next lower one: the reverse of fuzz_pages(). */
function countOf(pages) {
  if (pages >= 1024) return 254
  if (pages >= 512) return pages === 512 ? 252 : 253
  return pages <= 128 ? pages - 1 : Math.floor(pages / 9) + 127
}

const KINDS = ['anon', 'shmem', 'file', 'sharedfile', 'hugetlb', 'special']
const ADVICES = require('../../dist/base/defs.generated').adviceNames
/** The profile of Linux 6.12, as the first record has it. */
const LINUX_6_12 = 3
const PROTS = { none: 0, r: 1, rw: 3 }

/** enum hmmu_pin_flag. */
const pinFlags = ({ write, dma, longterm }) => (write ? 1 : 0) | (dma || longterm ? 2 : 0) | (longterm ? 4 : 0)

/** 8192 frames; 1024 device pages, or about as many as the drill wants; a few coherent pages, swap, a limit. */
function machineOf(head, profile) {
  const pages = (verb, coherent) => head.find((command) => command.verb === verb && command.coherent === coherent)?.pages
  const device = Math.min(7, Math.ceil(Math.log2((pages('devmem', false) ?? 0) + 1)))
  const limit = pages('memcg')
  return record({
    who: pages('swap') === undefined ? 0 : pages('swap') > 5 ? 16 : 8,
    count: 15,
    region: profile,
    x: device | (limit === undefined ? 0 : 128 | (Math.min(15, limit >> 3) << 3)),
    y: 7 | (pages('devmem', true) === undefined ? 0 : 64),
  })
}

/** Goes through a drill and says the same in records, keeping the numbers under which fuzz_machine knows things. */
class Compiler {
  records = []
  #regions = ['']
  #processes = ['A']
  #tasks = ['A']
  #refs = []

  /** `steps`: migrations in steps, with the interleaved commands in between, instead of within the callbacks. */
  constructor(drill, steps, profile = 0) {
    this.records.push(machineOf(drill.head, profile))
    this.steps = steps
    for (const command of drill.commands) this.#command(command)
  }

  #add(name, fields) {
    this.records.push(operation(name, fields))
  }

  /** Which task: the process's first, or one of its own for an interleaved command. */
  #task(process) {
    return Math.max(0, this.#tasks.lastIndexOf(process))
  }

  #place(command) {
    const { region, first = 0, last } = command.place ?? { region: '' }
    const count = last === undefined ? 255 : countOf(last - first + 1)
    return { who: this.#task(command.process), region: Math.max(0, this.#regions.lastIndexOf(region)), first, count }
  }

  #command(command) {
    this.#add('DRAIN', {})
    if (command.verb === 'migrate') this.#migrate(command)
    else if (command.verb === 'evict') this.#evict()
    else this.#simple(command)
  }

  #simple(command) {
    const simple = { unmap: 'UNMAP', lock: 'LOCK', unlock: 'UNLOCK', read: 'LOAD', dump: 'LOOK' }
    const { verb } = command
    if (simple[verb]) this.#add(simple[verb], this.#place(command))
    else if (verb === 'map') this.#map(command)
    else if (verb === 'uffd') this.#uffd(command)
    else if (verb === 'protect') this.#add('PROTECT', { ...this.#place(command), x: PROTS[command.prot] })
    else if (verb === 'advise') this.#add('ADVISE', { ...this.#place(command), x: ADVICES.indexOf(command.advice) })
    else if (verb === 'write') this.#add('STORE', { ...this.#place(command), x: command.value })
    else if (verb === 'clear') this.#add('CLEAR', { who: this.#task(command.process) })
    else if (verb === 'watch') this.#add('EVENTS', { who: this.#process(command.process) })
    else if (verb === 'fork') this.#fork(command)
    else if (verb === 'exit') this.#add('EXIT', { who: this.#process(command.process) })
    else if (verb === 'pin') this.#pin(command)
    else if (verb === 'hold' || verb === 'isolate') this.#take(verb, command)
    else if (verb === 'drop') this.#drop(command)
    else if (verb === 'mirror') this.#mirror(command)
    else if (verb === 'exclusive') this.#add('EXCLUSIVE', this.#place(command))
    else if (verb === 'reclaim') this.#add('RECLAIM', { ...this.#place(command), y: 1 })
    else if (verb === 'truncate') this.#add('TRUNCATE', { ...this.#place(command), x: countOf(command.pages) })
  }

  #process(name) {
    return Math.max(0, this.#processes.lastIndexOf(name))
  }

  #map({ process, region, kind, pages, readOnly, at2m, thp }) {
    this.#regions.push(region)
    this.#add('MAP', {
      who: this.#task(process),
      count: countOf(pages),
      x: KINDS.indexOf(kind),
      y: (readOnly ? 2 : 0) | (at2m ? 4 : 0) | (thp ? 16 : 0),
    })
  }

  /** The modes of UFFDIO_REGISTER, and write protection at once, as the command means it. */
  #uffd(command) {
    const protect = command.wp
    this.#add('UFFD', { ...this.#place(command), x: protect ? 2 : 1, y: 1 })
    if (protect) this.#add('UFFD', { ...this.#place(command), x: 1 })
  }

  #fork({ process, child }) {
    this.#add('FORK', { who: this.#task(process) })
    this.#processes.push(child)
    this.#tasks.push(child)
  }

  #pin(command) {
    const place = this.#place(command)
    const { first = 0, last = first + 3 } = command.place
    for (let page = first; page <= Math.min(last, first + 7); page++) {
      this.#add('PIN', { ...place, first: page, x: pinFlags(command) })
      this.#refs.push(command.handle)
    }
  }

  #take(verb, command) {
    this.#add(verb.toUpperCase(), { ...this.#place(command), who: this.#process(command.process) })
    this.#refs.push(command.handle)
  }

  /** fuzz_machine moves its last reference to the place of the one that goes. */
  #drop({ handle }) {
    for (let at = this.#refs.indexOf(handle); at >= 0; at = this.#refs.indexOf(handle)) {
      this.#add('DROP', { first: at })
      const last = this.#refs.pop()
      if (at < this.#refs.length) this.#refs[at] = last
    }
  }

  #migrate(command) {
    const place = this.#place(command)
    const before = command.interleaved.filter((line) => line.callback === 'alloc').map((line) => line.command)
    const after = command.interleaved.filter((line) => line.callback === 'final').map((line) => line.command)
    for (const { process } of [...before, ...after]) this.#newTask(process)
    if (this.steps) this.#inSteps(command, place, before, after)
    else this.#whole(command, place, before, after)
    // What was blocked goes on, the rest is done twice.
    for (const inner of [...before, ...after]) this.#simple(inner)
  }

  /** All pages of the device, by calls. */
  #evict() {
    this.#add('DEVICE_RANGE', { count: 254 })
    this.records.push(record({ op: 1 | 8 }))
    this.#add('RUN', { y: 2 })
    this.#add('CALLS', {})
    this.#add('CALLS', { y: 1 })
  }

  /** The loop as one call, and its parts. */
  #mirror(command) {
    const at = { ...this.#place(command), x: command.write ? 3 : command.fault ? 1 : 0 }
    this.#add('MIRROR', at)
    this.#add('INTERVAL', { ...at, who: this.#process(command.process), x: 0 })
    this.#add('RANGE_FAULT', at)
    this.#add('INTERVAL', { x: 1 })
  }

  #newTask(process) {
    if (process === undefined) return
    this.#add('TASK', { who: this.#process(process) })
    this.#tasks.push(process)
  }

  #driver({ to, skip, error, select = [to === 'sys' ? 'private' : 'system'] }, x, y) {
    const bits = (ranges) => {
      let mask = 0
      for (const { first, last } of ranges)
        for (let i = first; i <= Math.min(last, first + 7); i++) mask |= 1 << (i % 8)
      return mask
    }
    const own = x + y > 0 || skip.length + error.length > 0
    const unselected = (select.includes('private') ? 0 : 16) | (select.includes('system') ? 0 : 32)
    const coherent = (to === 'coh' ? 4 : 0) | (select.includes('coherent') ? 128 : 0)
    return record({
      op: (to === 'sys' ? 1 : 0) | (own ? 0 : 2) | unselected | coherent,
      who: error.length > 0 ? number(breaches, 'ERROR') : 0,
      region: bits(skip),
      count: bits(error),
      x,
      y,
    })
  }

  #whole(command, place, before, after) {
    const inner = (commands) => {
      const start = this.records.length
      for (const each of commands) this.#simple(each)
      return this.records.length - start
    }
    this.#add('MIGRATE', place)
    const at = this.records.push(undefined) - 1
    const x = Math.min(7, inner(before))
    this.records[at] = this.#driver(command, x, Math.min(7, inner(after)))
  }

  #inSteps(command, place, before, after) {
    this.#add('BEGIN', place)
    this.records.push(this.#driver(command, 0, 0))
    this.#add('RUN', { y: 3 })
    for (const inner of before) this.#simple(inner)
    this.#add('RUN', { y: 5 })
    for (const inner of after) this.#simple(inner)
    this.#add('END', {})
  }
}

/** Those of a folder; not those with a command that hmmu does not know yet. */
function drills(folder) {
  const { DrillError, findDrillFiles, kernelOfProfile, parseDrill, profileOf, readDrills } = require(
    `${root}/dist/drill/index.js`,
  )
  return findDrillFiles(folder)
    .flatMap(readDrills)
    .flatMap((source) => {
      try {
        return [parseDrill(source, kernelOfProfile(profileOf(source.file)))]
      } catch (error) {
        if (error instanceof DrillError) return []
        throw error
      }
    })
}

/** Some pages, a few of them written, migrated by a driver with one breach, and then touched again. */
function hostile(breach, to) {
  const all = { region: 0, count: 255 }
  const migrate = (toWhere, name) => [
    operation('MIGRATE', all),
    record({ op: toWhere, who: number(breaches, name), count: 0b0100, first: 4099 }),
  ]
  return [
    record({ y: 0 }),
    operation('STORE', { region: 0, count: 9, x: 5 }),
    operation('DRAIN', {}),
    ...(to === 1 ? migrate(0, 'NONE') : []),
    ...migrate(to, breach),
    operation('LOAD', all),
    ...migrate(1, 'NONE'),
    operation('EXIT', {}),
  ]
}

/** The passages of one site fail, one after the other. */
function injections(site, nth) {
  const rounds = [0, 1, 2].flatMap((round) => [
    operation('INJECT', { x: site, y: nth + round }),
    operation('MAP', { count: 252, y: 4 | 16 }),
    operation('STORE', { region: 1 + round, count: 3, x: 9 }),
    operation('FORK', {}),
    operation('STORE', { who: 1 + round, region: 1 + round, count: 3, x: 8 }),
    operation('PROTECT', { region: 1 + round, first: 2, count: 1, x: 1 }),
    operation('MIGRATE', { region: 1 + round, count: 40 }),
    record({ op: 2 }),
  ])
  return [record({ count: 15, y: 0 }), ...rounds]
}

/** Small mappings on both sides of a border of page tables, which go, move and come again one by one. */
function neighbours(border) {
  const at = (page) => border + 5 * page
  const pages = [0, 2, 4, 6]
  const maps = pages.map((page) => operation('MAP', { count: 0, first: at(page), y: 32 | (border === 4 ? 64 : 0) }))
  const rounds = pages.flatMap((_, i) => [
    operation('UNMAP', { region: 1 + i, count: 255 }),
    ...pages.map((_, other) => operation('LOAD', { region: 1 + other, count: 255 })),
    operation('FORK', {}),
    operation('MREMAP', { region: 1 + ((i + 1) % 4), count: 255, x: 0, y: 3 | ((1 + i) << 3) }),
    maps[(i + 1) % 4],
    operation('STORE', { region: 1 + ((i + 1) % 4), count: 255, x: 3 }),
    operation('EXIT', { who: 1 }),
  ])
  return [record({ y: 0 }), ...maps, ...pages.map((_, i) => operation('STORE', { region: 1 + i, x: 7 })), ...rounds]
}

/** A call blocks on another task's migration in steps. Its task tries calls that are refused, then goes on. */
function blocked(name) {
  const all = { region: 0, count: 255 }
  // MADV_NOHUGEPAGE is the advice that waits for mmap_sem; a store, and a pin to write.
  const own = { ...all, who: 1, x: name === 'ADVISE' ? ADVICES.indexOf('nohugepage') : 1 }
  const other = { who: 1 | OTHER_CALL }
  const round = (stage, end) => [
    operation('STORE', { ...all, x: 5 }),
    operation('DRAIN', {}),
    operation('BEGIN', all),
    record({ op: 2 }),
    operation('RUN', { y: stage }),
    operation(name, own),
    operation(name, own),
    operation(name, { ...own, ...other, first: 3 }),
    operation(name === 'UNMAP' ? 'LOAD' : 'UNMAP', { ...all, ...other }),
    ...end,
  ]
  return [
    record({ count: 8, y: 7 }),
    operation('TASK', { x: 0 }),
    operation('NOTIFY', { x: 1 }),
    operation('LOCK', all),
    ...round(3, [operation('TASK', { who: 1, x: 2 }), operation('END', {})]),
    ...round(5, [operation('END', {}), operation(name, own)]),
    operation('LOAD', all),
  ]
}

/** A writer stops at a mapping whose lock a fault keeps while it waits. Others go on or fall back; then all end. */
function stopped(name) {
  const shared = { region: 1, count: 255 }
  const advice = { PROTECT: 1, ADVISE: ADVICES.indexOf('dontfork'), UFFD: 1 }[name] ?? 1
  const own = { ...shared, x: advice, y: 1 }
  return [
    record({ count: 8, region: LINUX_6_12, y: 7 }),
    operation('MAP', { count: 3, x: KINDS.indexOf('shmem') }),
    operation('STORE', { ...shared, x: 5 }),
    ...[1, 2, 3].map(() => operation('TASK', { x: 0 })),
    operation('HOLD', { region: 1 }),
    operation('ADVISE', { region: 1, x: ADVICES.indexOf('dontneed') }),
    operation('LOAD', { who: 1, region: 1 }),
    operation(name, own),
    operation(name, own),
    operation('LOAD', { who: 2, region: 1 }),
    operation('STORE', { who: 3, region: 0, count: 255, x: 7 }),
    operation('COPY', {}),
    operation('DROP', {}),
    operation('LOAD', { who: 1, region: 1 }),
    operation(name, own),
    operation('LOAD', { who: 2, region: 1 }),
    operation('STORE', { who: 3, region: 0, count: 255, x: 7 }),
  ]
}

/** Migrations are not among them: they do not wait for each other. */
const CALLS = 'MAP UNMAP PROTECT ADVISE LOCK UNLOCK CLEAR UFFD STORE LOAD PIN FORK MREMAP'.split(' ')
/** Calls that mark mappings. */
const WRITERS = 'UNMAP PROTECT ADVISE LOCK CLEAR UFFD FORK MREMAP'.split(' ')

function* seeds() {
  const named = [`${root}/test/conformance/linux-4.14`, `${root}/examples`].flatMap(drills)
  for (const [i, drill] of named.entries()) yield [drill.name, new Compiler(drill, i % 2 === 1).records]
  const modern = emulatorDrills.filter((folder) => folder.includes('linux-6.12')).flatMap(drills)
  for (const drill of modern) yield [`${drill.name}-6.12`, new Compiler(drill, false, LINUX_6_12).records]
  for (const call of WRITERS) yield [`stopped-${call.toLowerCase()}`, stopped(call)]
  for (const breach of breaches) {
    for (const to of [0, 1]) yield [`breach-${breach.toLowerCase()}-${to}`, hostile(breach, to)]
  }
  for (let border = 0; border < 5; border++) yield [`neighbours-${border}`, neighbours(border)]
  for (const call of CALLS) yield [`blocked-${call.toLowerCase()}`, blocked(call)]
  for (let site = 0; site < 7; site++) for (const nth of [1, 4]) yield [`inject-${site}-${nth}`, injections(site, nth)]
}

/** Random drills are many; they are not in seeds.txt. */
const isRandom = (name) => /^((mem-)?r\d+-|[mt]\d+-|(x|xh|i|mix-|file-|thp-|pageout-)\d)/.test(name)

function main([target]) {
  if (!target) {
    console.error('usage: node native/fuzz/seeds.mjs FOLDER | --text')
    return 1
  }
  if (target !== '--text') mkdirSync(target, { recursive: true })
  for (const [name, records] of seeds()) {
    const bytes = Buffer.concat(records)
    if (target !== '--text') writeFileSync(`${target}/${createHash('sha1').update(bytes).digest('hex')}`, bytes)
    else if (!isRandom(name)) console.log(`${name} ${bytes.toString('hex')}`)
  }
  return 0
}

process.exitCode = main(process.argv.slice(2))
