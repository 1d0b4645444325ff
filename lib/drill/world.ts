// SPDX-License-Identifier: GPL-2.0-only
//
// The named objects of a running drill: processes, regions, handles.

import type { Machine, MachineEvent, PageRef, Process, Task } from '../api'
import { didYouMean } from '../base/suggest'
import { excerpt } from '../base/visible'
import type { Place } from './ast'
import { FrameNumbers } from './dump'
import { lastNameable, PAGE_BYTES, type Region } from './layout'
import { Regions } from './regions'

/** A command names a process, region or handle that does not exist (never made, or gone): it is skipped. */
export class Missing extends Error {}

/** A command breaks a rule of the language that only shows when it runs. */
export class Misuse extends Error {}

/** An owner of no page. That of the device is 1. */
export const OTHER_OWNER = 0

/** A process by its name in the drill. */
export interface Actor {
  readonly name: string
  readonly process: Process
  readonly regions: Regions
  /** End of the region placed last. */
  end: number | undefined
}

/** Pages of a region. */
export interface Pages {
  readonly actor: Actor
  readonly region: Region
  readonly first: number
  readonly last: number
  readonly count: number
  readonly address: number
}

/** Gives the task on which a command of a process runs. */
export type TaskOf = (actor: Actor) => Task

export class World {
  readonly machine: Machine
  readonly frames = new FrameNumbers()
  readonly actors = new Map<string, Actor>()
  /** Page references by the name given with `as`. They outlive the process. */
  readonly handles = new Map<string, readonly PageRef[]>()
  /** Watched processes by pid. They stay here after their end, because earlier events have still to be printed. */
  readonly watched = new Map<number, Actor>()

  /** Those that an observer has not met. */
  readonly newActors: Actor[] = []
  /** Events that somebody else has taken out of the machine. */
  readonly seen: MachineEvent[] = []

  /** Gives the thread on which commands run that stand alone. */
  taskOf: TaskOf = ({ process }) => process.mainTask

  /** The processes are in a memory cgroup with a limit. */
  limited = false

  /** Nothing may be skipped. */
  readonly strict: boolean

  constructor(machine: Machine, strict = false) {
    this.machine = machine
    this.strict = strict
    this.addActor('A', machine.process())
  }

  /** Name a new process; a child knows the regions of its parent and goes on placing where that was. */
  addActor(name: string, process: Process, parent?: Actor): void {
    const actor = { name, process, regions: new Regions(parent?.regions), end: parent?.end }
    this.actors.set(name, actor)
    this.newActors.push(actor)
  }

  /** The events since the last call. */
  takeEvents(): MachineEvent[] {
    return [...this.seen.splice(0), ...this.machine.takeEvents()]
  }

  actor(name: string): Actor {
    const actor = this.actors.get(name)
    if (actor === undefined) throw this.#missing('process', name, this.actors.keys())
    return actor
  }

  handle(name: string): readonly PageRef[] {
    const refs = this.handles.get(name)
    if (refs === undefined) throw this.#missing('handle', name, this.handles.keys())
    return refs
  }

  #missing(what: string, name: string, names: Iterable<string>): Error {
    if (!this.strict) return new Missing()
    return new Misuse(`there is no ${what} ${excerpt(name)}, or it is gone${didYouMean(name, names)}`)
  }

  /** A new handle must not have the name of one that exists. */
  checkFreeHandle(name: string): void {
    if (this.handles.has(name))
      throw new Misuse(`handle ${excerpt(name)} exists already; drop it first, or choose another name`)
  }

  /** A new region must not have the name of one that the process knows. */
  checkFreeRegion(actor: Actor, name: string): void {
    if (actor.regions.get(name) !== undefined)
      throw new Misuse(`process ${excerpt(actor.name)} has a region ${excerpt(name)} already; choose another name`)
  }

  pages(processName: string, place: Place): Pages {
    const actor = this.actor(processName)
    const region = actor.regions.get(place.region)
    if (region === undefined) throw this.#missing('region', place.region, actor.regions.names())
    const first = place.first ?? 0
    const last = place.last ?? region.pages - 1
    const limit = lastNameable(region, actor.regions.next(region))
    if (last > limit)
      throw new Misuse(`page ${last} is too far past the end of ${excerpt(region.name)} (at most ${limit} is allowed)`)
    return { actor, region, first, last, count: last - first + 1, address: region.address + first * PAGE_BYTES }
  }
}
