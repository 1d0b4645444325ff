// SPDX-License-Identifier: GPL-2.0-only
//
// Every command of the drills runs on a copy that was made for it. Transcripts and hashes are equal to those of a
// machine that was never copied.

import { join } from 'node:path'
import { Machine, type Process } from '../../lib'
import { type Command, type Drill, findDrillFiles, listDrills, parseDrill } from '../../lib/drill'
import { execute } from '../../lib/drill/commands'
import { Execution } from '../../lib/drill/execution'
import type { Outcome } from '../../lib/drill/interleaving'
import { invalidationLines } from '../../lib/drill/invalidations'
import { carryOut } from '../../lib/drill/migrations'
import { isMigration } from '../../lib/drill/parse'
import { devicePagesOf } from '../../lib/drill/runner'
import { type Actor, World } from '../../lib/drill/world'

/** The results to compare. */
interface Played {
  readonly lines: readonly string[]
  readonly hash: bigint
}

const twinOf = (process: Process, copy: Machine) => copy.processes.find(({ pid }) => pid === process.pid)

/** Lets a drill go on with a copy of its machine. */
function move(world: World, copy: Machine): void {
  const moved = (actor: Actor): Actor => ({ ...actor, process: twinOf(actor.process, copy) ?? actor.process })
  for (const [name, actor] of world.actors) world.actors.set(name, moved(actor))
  for (const [pid, actor] of world.watched) world.watched.set(pid, moved(actor))
  for (const [name, refs] of world.handles) {
    world.handles.set(
      name,
      refs.map((ref) => copy.pageRef(ref)),
    )
  }
  world.machine.dispose()
  Object.assign(world, { machine: copy })
}

function run(world: World, command: Command): Outcome {
  world.machine.drainPagevecs()
  if (isMigration(command)) {
    return carryOut(world, command, {
      before: () => world.machine.drainPagevecs(),
      within: (_, part) => part(),
      after: () => undefined,
    })
  }
  const execution = new Execution(execute(world, command, (actor) => actor.process.mainTask))
  const ended = !execution.resume()
  return { lines: execution.results ?? ['blocked'], ended }
}

function play(drill: Drill, before: (world: World, i: number) => void): Played[] {
  const world = new World(new Machine({ ramPages: 4096, devicePages: devicePagesOf(drill) }))
  const played: Played[] = []
  try {
    for (const [i, command] of drill.commands.entries()) {
      before(world, i)
      const { lines, ended } = run(world, command)
      const invalidations = ended ? [] : invalidationLines(world)
      played.push({ lines: [command.text, ...lines, ...invalidations], hash: world.machine.hash() })
      if (ended) break
    }
    expect(world.machine.verify()).toEqual([])
  } finally {
    world.machine.dispose()
  }
  return played
}

const folder = join(__dirname, '../conformance/linux-4.14')
const drills = [...listDrills(findDrillFiles(folder)).values()].filter((sources) => sources.length === 1).flat()

test.each(drills.map((source) => [source.name, source] as const))('%s', (_, source) => {
  const drill = parseDrill(source)
  const whole = play(drill, () => undefined)
  const copied = play(drill, (world, i) => {
    move(world, i % 2 === 0 ? Machine.restore(world.machine.snapshot()) : world.machine.fork())
  })
  expect(copied).toEqual(whole)
})
