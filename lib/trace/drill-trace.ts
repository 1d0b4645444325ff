// SPDX-License-Identifier: GPL-2.0-only
//
// Runs a drill and makes a trace of it.

import {
  type DrillObserver,
  type DrillRun,
  type DrillSource,
  kernelOfProfile,
  parseDrill,
  type RunOptions,
  runDrill,
} from '../drill'
import type { Command, InnerCommand } from '../drill/ast'
import type { World } from '../drill/world'
import { HmmuError } from '../index'
import { EventWriter, TRACED_EVENTS } from './machine-events'
import { Trace, type TraceClock, type TraceThread } from './trace'

/** A thread with the events that it has not written yet. */
interface Writer {
  readonly thread: TraceThread
  readonly events: EventWriter
}

type AnyCommand = Command | InnerCommand

interface Running {
  readonly writer: Writer
  readonly command: AnyCommand
  /** The slice of the command is open in the trace. */
  begun: boolean
  /** It has waited, and no event has happened since. */
  waiting: boolean
}

const WAITING = 'blocked'
/** A process for commands without a process. */
const NOBODY = 'drill'

/** Watches a drill. Each part of a command goes to its thread, with its events. */
class DrillTracer implements DrillObserver {
  readonly trace: Trace
  #world: World | undefined
  /** The main threads of the processes, by name. */
  readonly #main = new Map<string, Writer>()
  /** Threads of interleaved commands. */
  readonly #own = new Map<AnyCommand, Writer>()
  /** The commands that are running, the innermost last. */
  readonly #running: Running[] = []

  constructor(clock: TraceClock) {
    this.trace = new Trace(clock)
  }

  start(world: World): void {
    this.#world = world
    world.machine.recordEvents(TRACED_EVENTS)
    world.machine.timeEvents(this.trace.clock === 'cycles')
    this.#meet(world)
  }

  part(command: AnyCommand, call: () => boolean): boolean {
    this.#flush()
    const writer = this.#writerOf(command)
    const open = this.trace.open(writer.thread)
    const running: Running = { writer, command, begun: open.length > 0, waiting: open.at(-1) === WAITING }
    this.#running.push(running)
    let ended = true
    try {
      ended = call()
    } finally {
      this.#flush()
      writer.events.release()
      if (ended) this.trace.end(writer.thread, command.text)
      else if (!running.waiting) this.trace.begin(writer.thread, 'wait', WAITING)
      this.#running.pop()
    }
    if (this.#world) this.#meet(this.#world)
    return ended
  }

  /** New processes get their main thread. They are watched, so that the ranges of notifiers are recorded. */
  #meet(world: World): void {
    for (const { name, process } of world.newActors.splice(0)) {
      if (!process.alive) continue
      process.watch()
      this.#main.set(name, this.#newWriter(process.pid, name, 'main'))
    }
  }

  #newWriter(pid: number, process: string, name: string): Writer {
    const thread = this.trace.thread(pid, process, name)
    return { thread, events: new EventWriter(this.trace, thread) }
  }

  /** A top-level command belongs to the main thread of its process. An interleaved command has a thread of its own. */
  #writerOf(command: AnyCommand): Writer {
    const own = this.#own.get(command)
    if (own) return own
    const process = 'process' in command ? command.process : NOBODY
    const main = this.#main.get(process) ?? this.#newWriter(0, NOBODY, 'main')
    this.#main.set(main.thread.process, main)
    if (this.#running.length === 0) return main
    const writer = this.#newWriter(main.thread.pid, main.thread.process, command.text)
    this.#own.set(command, writer)
    return writer
  }

  /** Assigns the events so far to the running command. */
  #flush(): void {
    const running = this.#running.at(-1)
    const world = this.#world
    if (!running || !world) return
    const events = world.machine.takeEvents()
    // The drill knows only of processes that it watches itself.
    for (const event of events) if (world.watched.has(event.pid)) world.seen.push(event)
    const { thread, events: writer } = running.writer
    if (!running.begun) this.trace.begin(thread, 'drill', running.command.text, {}, events[0]?.cycles)
    running.begun = true
    if (running.waiting && events.length > 0) this.trace.end(thread, WAITING, {}, events[0]?.cycles)
    if (events.length > 0) running.waiting = false
    for (const event of events) writer.write(event)
    const { eventsLost } = world.machine.counters()
    if (eventsLost > 0) {
      throw new HmmuError('HMMU_INVALID_ARGUMENT', `the machine had no room for ${eventsLost} events of one command`)
    }
  }
}

/** Runs a drill on a fresh machine, and traces it. If the drill fails, the trace ends there. */
export function traceDrill(
  source: DrillSource,
  clock: TraceClock,
  options: RunOptions = {},
): { trace: Trace; run: DrillRun } {
  const tracer = new DrillTracer(clock)
  const run = runDrill(parseDrill(source, kernelOfProfile(options.profile)), { ...options, observer: tracer })
  return { trace: tracer.trace, run }
}
