// SPDX-License-Identifier: GPL-2.0-only

import { Command, Option } from 'commander'
import { excerpt, visible } from '../base/visible'
import { type DrillSource, readDrills, runSource, type SideBySide, sideBySide } from '../drill'
import { type Profile, profileNames } from '../index'
import { ExitCode, UsageError } from './exit-codes'
import { type DrillOptions, filterDrills, filterOption, ramPagesOption } from './options'
import { type Colors, colorsFor, print, printError } from './output'
import { plainTable } from './tables'

interface DiffCommandOptions extends Omit<DrillOptions, 'profile'> {
  /** Two profiles, and the files if these come behind them. */
  readonly profile: readonly string[]
}

/** Lines around a difference that are shown. */
const CONTEXT = 3

/** `hmmu drill diff` */
export function drillDiffCommand(exit: (code: number) => void): Command {
  return new Command('diff')
    .description('run drills with two profiles, and print what differs side by side, the first difference first')
    .usage('[options] --profile A B <file>')
    .argument('[file]', 'NAME.drill or X.drills, also compressed (.gz); - for standard input')
    .addOption(new Option('--profile <names...>', `two of ${profileNames.join(', ')}`).makeOptionMandatory())
    .addOption(filterOption())
    .addOption(ramPagesOption())
    .addHelpText('after', '\nExit code: 0 if the transcripts are equal, 1 if they differ or a drill fails.')
    .action((file: string | undefined, options: DiffCommandOptions) => {
      exit(diffFile(file, options))
    })
}

function diffFile(given: string | undefined, options: DiffCommandOptions): number {
  const [left, right, ...behind] = options.profile
  const [file, ...more] = given === undefined ? behind : [...behind, given]
  if (right === undefined || file === undefined || more.length > 0)
    throw new UsageError('drill diff takes two profiles and one file')
  const profiles: Profiles = [profileOf(left), profileOf(right)]
  const sources = filterDrills({ ...options, profile: profiles[0] }, readDrills(file))
  const differing = sources.filter((source) => !diffOne(source, profiles, options)).length
  print(`${sources.length - differing} equal, ${differing} not\n`)
  return differing === 0 ? ExitCode.OK : ExitCode.FAILED
}

type Profiles = readonly [Profile, Profile]

function profileOf(name = ''): Profile {
  const profile = profileNames.find((each) => each === name)
  if (profile === undefined) throw new UsageError(`there is no profile '${name}'; there are ${profileNames.join(', ')}`)
  return profile
}

/** Whether the transcripts of a drill are equal, and the drill fails with neither profile. */
function diffOne(source: DrillSource, profiles: Profiles, { ramPages }: DiffCommandOptions): boolean {
  const [left, right] = profiles.map((profile) => runSource(source, { profile, ramPages }))
  for (const [i, run] of [left, right].entries()) {
    if (run?.failure !== undefined) printError(`${run.failure.message} (${profiles[i]})`)
  }
  const rows = sideBySide(left?.transcript ?? '', right?.transcript ?? '')
  if (rows.some(differs)) print(differenceText(source.name, rows, profiles))
  return !rows.some(differs) && left?.failure === undefined && right?.failure === undefined
}

function differs({ left, right }: SideBySide): boolean {
  return left !== right
}

function differenceText(name: string, rows: readonly SideBySide[], profiles: Profiles): string {
  const colors = colorsFor(process.stdout)
  const first = rows.findIndex(differs)
  const command = rows
    .slice(0, first + 1)
    .map(({ left, right }) => left ?? right)
    .filter(isEcho)
    .at(-1)
  const head = `${colors.bold(visible(name))}: the first difference is in '${excerpt(command ?? '')}'\n`
  const sides = [rows[first]?.left, rows[first]?.right].map(
    (line, i) => `  ${profiles[i]}: ${line?.trim() ?? 'nothing'}\n`,
  )
  return `${head}${sides.join('')}\n${plainTable(['', profiles[0], '', profiles[1]], tableRows(rows, colors), colors)}\n\n`
}

/** Whether a line of a transcript is the echo of a command. */
function isEcho(line = ''): boolean {
  return line !== '' && !line.startsWith(' ')
}

/** The rows that differ and those near them, with the numbers of the lines on the left. */
function tableRows(rows: readonly SideBySide[], colors: Colors): string[][] {
  const near = new Set<number>()
  for (const [i, row] of rows.entries()) {
    if (differs(row)) for (let at = i - CONTEXT; at <= i + CONTEXT; at++) near.add(at)
  }
  const table: string[][] = []
  let line = 0
  for (const [i, row] of rows.entries()) {
    if (row.left !== undefined) line++
    if (near.has(i)) table.push(rowCells(row, line, colors))
    else if (near.has(i - 1)) table.push(['…', '', '', ''])
  }
  return table
}

function rowCells({ left, right }: SideBySide, line: number, colors: Colors): string[] {
  if (left === right) return [`${line}`, left ?? '', '', right ?? '']
  return [left === undefined ? '' : `${line}`, colors.red(left ?? ''), '|', colors.green(right ?? '')]
}
