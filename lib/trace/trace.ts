// SPDX-License-Identifier: GPL-2.0-only
//
// A trace: threads, each with nested slices and instants, in order of time.

/** Arguments of a slice or an instant. */
export type TraceArgs = Readonly<Record<string, string | number>>

/**
 * A thread of a trace. A process of a drill has a thread for its own commands, and one for each interleaved command.
 */
export interface TraceThread {
  /** Of the process; 0 for no process. */
  readonly pid: number
  /** Counts up from 1 in each process. */
  readonly tid: number
  readonly process: string
  readonly name: string
}

/** A slice begins or ends, or an instant. */
export interface TraceRecord {
  readonly kind: 'begin' | 'end' | 'instant'
  readonly thread: TraceThread
  readonly name: string
  readonly category: string
  readonly time: number
  readonly args: TraceArgs
}

/** The unit of `time`. */
export type TraceClock = 'events' | 'cycles'

export class Trace {
  readonly clock: TraceClock
  readonly threads: TraceThread[] = []
  readonly records: TraceRecord[] = []
  readonly #open = new Map<TraceThread, TraceRecord[]>()
  /** How many threads each process has. */
  readonly #counts = new Map<number, number>()
  #time = 0
  #origin: number | undefined

  constructor(clock: TraceClock) {
    this.clock = clock
  }

  /** A new thread of a process. */
  thread(pid: number, process: string, name: string): TraceThread {
    const tid = 1 + (this.#counts.get(pid) ?? 0)
    this.#counts.set(pid, tid)
    const thread = { pid, tid, process, name }
    this.threads.push(thread)
    return thread
  }

  begin(thread: TraceThread, category: string, name: string, args: TraceArgs = {}, cycles?: number): void {
    this.#stack(thread).push(this.#add('begin', thread, category, name, args, cycles))
  }

  instant(thread: TraceThread, category: string, name: string, args: TraceArgs = {}, cycles?: number): void {
    this.#add('instant', thread, category, name, args, cycles)
  }

  /** Ends the innermost slice of a name, and the slices open within it. Without such a slice, does nothing. */
  end(thread: TraceThread, name: string, args: TraceArgs = {}, cycles?: number): void {
    const stack = this.#stack(thread)
    const at = stack.map((slice) => slice.name).lastIndexOf(name)
    if (at < 0) return
    for (const slice of stack.splice(at).reverse()) {
      this.#add('end', thread, slice.category, slice.name, slice.name === name ? args : {}, cycles)
    }
  }

  /** The names of the slices that are open, from the outermost. */
  open(thread: TraceThread): string[] {
    return this.#stack(thread).map((slice) => slice.name)
  }

  #stack(thread: TraceThread): TraceRecord[] {
    const stack = this.#open.get(thread) ?? []
    this.#open.set(thread, stack)
    return stack
  }

  #add(
    kind: TraceRecord['kind'],
    thread: TraceThread,
    category: string,
    name: string,
    args: TraceArgs,
    cycles: number | undefined,
  ): TraceRecord {
    const record = { kind, thread, name, category, time: this.#tick(cycles), args }
    this.records.push(record)
    return record
  }

  /** The number of the record, or its cycles since the first record; if unknown, those of the record before. */
  #tick(cycles: number | undefined): number {
    if (this.clock === 'events') return this.#time++
    if (cycles !== undefined) {
      this.#origin ??= cycles
      this.#time = Math.max(this.#time, cycles - this.#origin)
    }
    return this.#time
  }
}
