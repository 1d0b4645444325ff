// SPDX-License-Identifier: GPL-2.0-only
//
// What a drill knows by name while it runs: processes, regions, handles.

import type { Machine, MachineEvent, PageRef, Process, Task } from '../index'
import type { Place } from './ast'
import { FrameNumbers } from './dump'
import { lastNameable, PAGE_BYTES, type Region } from './layout'

/** A command names a process, region or handle that does not exist (never made, or gone): it is skipped. */
export class Missing extends Error {}

/** A command breaks a rule of the language that only shows when it runs. */
export class Misuse extends Error {}

/** A process by its name in the drill. */
export interface Actor {
  readonly name: string
  readonly process: Process
  readonly regions: Map<string, Region>
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
  /** Watched processes by pid. They stay here when they are gone: what happened before is still to be printed. */
  readonly watched = new Map<number, Actor>()

  /** Events that somebody else has taken out of the machine. */
  readonly seen: MachineEvent[] = []

  constructor(machine: Machine) {
    this.machine = machine
    this.addActor('A', machine.process())
  }

  /** Name a new process; a child knows the regions of its parent and goes on placing where that was. */
  addActor(name: string, process: Process, parent?: Actor): void {
    this.actors.set(name, { name, process, regions: new Map(parent?.regions), end: parent?.end })
  }

  /** The events since the last call. */
  takeEvents(): MachineEvent[] {
    return [...this.seen.splice(0), ...this.machine.takeEvents()]
  }

  actor(name: string): Actor {
    const actor = this.actors.get(name)
    if (actor === undefined) throw new Missing()
    return actor
  }

  handle(name: string): readonly PageRef[] {
    const refs = this.handles.get(name)
    if (refs === undefined) throw new Missing()
    return refs
  }

  /** A new handle must not have the name of one that exists. */
  checkFreeHandle(name: string): void {
    if (this.handles.has(name)) throw new Misuse(`handle ${name} exists already; drop it first, or choose another name`)
  }

  pages(processName: string, place: Place): Pages {
    const actor = this.actor(processName)
    const region = actor.regions.get(place.region)
    if (region === undefined) throw new Missing()
    const first = place.first ?? 0
    const last = place.last ?? region.pages - 1
    const limit = lastNameable(region, actor.regions.values())
    if (last > limit)
      throw new Misuse(`page ${last} is too far past the end of ${region.name} (at most ${limit} is allowed)`)
    return { actor, region, first, last, count: last - first + 1, address: region.address + first * PAGE_BYTES }
  }
}

/** The regions of a process in address order. */
export function regionsInOrder(actor: Actor): Region[] {
  return [...actor.regions.values()].sort((a, b) => a.address - b.address)
}
