// SPDX-License-Identifier: GPL-2.0-only
//
// Node's read-eval-print loop with a machine in it.

import { homedir } from 'node:os'
import { join } from 'node:path'
import { type REPLServer, start } from 'node:repl'
import { Command } from 'commander'
import { profileOf, runSource, type World } from '../drill'
import * as hmmu from '../index'
import { UsageError } from './exit-codes'
import { type DrillOptions, drillProfileOption, filterOption, oneDrill, ramPagesOption } from './options'
import { colorsFor, print } from './output'

/** What the session has by name. */
type Names = Readonly<Record<string, unknown>>

const RAM_PAGES = 65536
const DEVICE_PAGES = 1024

const HELP = `
The session has machine, its first process as A, and all names of the package. With a drill it has the machine at the
end of it, the processes by their names, and regions.A.buf for their regions. Top-level await works, and Tab completes.
The history is in ~/.hmmu_repl_history; HMMU_REPL_HISTORY names another file, or none if it is empty.`

/** `hmmu repl` */
export function replCommand(): Command {
  return new Command('repl')
    .description('try a machine by hand: the JavaScript prompt of Node.js, with a machine, or that of a drill')
    .argument('[file]', 'NAME.drill, or X.drills with --filter: it is run first')
    .addOption(drillProfileOption())
    .addOption(filterOption())
    .addOption(ramPagesOption())
    .addHelpText('after', HELP)
    .action((file: string | undefined, options: DrillOptions) => {
      openSession(file === undefined ? freshMachine(options) : machineOfDrill(file, options))
    })
}

function freshMachine({ profile, ramPages = RAM_PAGES }: DrillOptions): Names {
  const machine = new hmmu.Machine({ ramPages, devicePages: DEVICE_PAGES, ...(profile && { profile }) })
  return { machine, A: machine.process() }
}

/** Runs the drill, and names what it leaves. */
function machineOfDrill(file: string, options: DrillOptions): Names {
  if (file === '-') throw new UsageError('the session itself reads standard input; name a file')
  const source = oneDrill(file, options)
  let left: World | undefined
  const { profile = profileOf(source.file), ramPages } = options
  const run = runSource(source, { profile, ramPages, keep: (world) => (left = world) })
  if (process.stdin.isTTY) print(run.transcript)
  if (left === undefined || run.failure !== undefined) throw run.failure
  return namesOf(left)
}

function namesOf({ machine, actors }: World): Names {
  const names: Record<string, unknown> = {}
  const regions: Record<string, Names> = {}
  for (const { name, process, regions: its } of actors.values()) {
    names[name] = process
    regions[name] = Object.fromEntries(
      its.all().map((region) => [region.name, process.mapping({ start: region.address, pages: region.pages })]),
    )
  }
  return { ...names, machine, regions }
}

function openSession(names: Names): void {
  const { isTTY } = process.stdin
  if (isTTY) print(`${greeting(names)}\n`)
  const server = start({ prompt: isTTY ? 'hmmu> ' : '' })
  const define = () => Object.assign(server.context, hmmu, names)
  define()
  server.on('reset', define)
  if (isTTY) keepHistory(server)
}

function greeting(names: Names): string {
  const { dim } = colorsFor(process.stdout)
  const { profile } = names.machine as hmmu.Machine
  return dim(
    `A machine of ${profile}. You have ${Object.keys(names).join(', ')}, and the package. .exit or Ctrl+D ends.`,
  )
}

/** A history that can't be read or written is no reason to stop. */
function keepHistory(server: REPLServer): void {
  const file = process.env.HMMU_REPL_HISTORY ?? join(homedir(), '.hmmu_repl_history')
  if (file !== '') server.setupHistory(file, () => undefined)
}
