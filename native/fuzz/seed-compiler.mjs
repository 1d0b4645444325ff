// SPDX-License-Identifier: GPL-2.0-only
//
// Drills as programs for fuzz_machine.
import { createRequire } from 'node:module'
import { breaches, countOf, number, operation, record } from './seed-records.mjs'

const require = createRequire(import.meta.url)
export const KINDS = ['anon', 'shmem', 'file', 'sharedfile', 'hugetlb', 'special']
export const ADVICES = require('../../dist/base/defs.generated').adviceNames
/** The profile of Linux 6.12, as the first record has it. */
export const LINUX_6_12 = 3
const PROTS = { none: 0, r: 1, rw: 3 }

/** enum hmmu_pin_flag. */
const pinFlags = ({ write, dma, longterm }) => (write ? 1 : 0) | (dma || longterm ? 2 : 0) | (longterm ? 4 : 0)

/** 8192 frames; 1024 device pages, or about as many as the drill wants; a few coherent pages, swap, a limit. */
function machineOf(head, profile) {
  const pages = (verb, coherent) =>
    head.find((command) => command.verb === verb && command.coherent === coherent)?.pages
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
export class Compiler {
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
