// SPDX-License-Identifier: GPL-2.0-only
//
// `evict`, with the commands that run between its steps.

import type { Device, Migration } from '../api'
import type { EvictCommand, PageRange } from './ast'
import { advance, type Hooks, Interleaving, type Outcome, skipped } from './interleaving'
import { migrateWords } from './migrate-words'
import type { World } from './world'

/** Carry out an `evict`. */
export function evict(world: World, command: EvictCommand, hooks: Hooks): Outcome {
  const device = world.machine.devices.find(({ kind }) => kind === command.kind)
  const range = device && pagesOf(device, command)
  if (!device || !range) return skipped(command.interleaved)
  const migration = device.beginEviction({ first: device.base + range.first, pages: range.last - range.first + 1 })
  const interleaving = new Interleaving(world, command.interleaved, hooks)
  return interleaving.end(run(migration, range, interleaving, hooks))
}

/** The pages that there are; undefined if there is none. */
function pagesOf(device: Device, { pages }: EvictCommand): PageRange | undefined {
  const last = device.pages - 1
  const { first, last: wanted } = pages ?? { first: 0, last }
  return first > last ? undefined : { first, last: Math.min(wanted, last) }
}

/** The driver does not ask whether any page can move: it calls all functions. */
function run(migration: Migration, { first, last }: PageRange, interleaving: Interleaving, hooks: Hooks): string[] {
  const pages = { process: '', region: '', first, count: last - first + 1 }
  const lines: string[] = []
  try {
    advance(hooks, migration, pages, 'alloc_and_copy')
    lines.push(`src ${migrateWords(migration.src, first)}`, ...interleaving.run('alloc'))
    advance(hooks, migration, pages, 'finalize_and_map')
    lines.push(`final ${migrateWords(migration.src, first)}`, ...interleaving.run('final'))
    advance(hooks, migration, pages, 'done')
    migration.finish()
  } catch (error) {
    migration.abandon()
    throw error
  }
  return lines
}
