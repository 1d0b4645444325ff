// SPDX-License-Identifier: GPL-2.0-only

import { Command, Option } from 'commander'
import { profileNames } from '../index'
import { isInRow } from '../view/histories'
import { type PageKey, parseKey } from '../view/pages'
import { ExitCode, UsageError } from './exit-codes'
import { drillProfileOption, filterOption, parseInteger, ramPagesOption } from './options'
import { colorsFor, print, printError } from './output'
import { type OpenOptions, open } from './step/open'
import { stepLines, storyLines, titleLine } from './step/plain'
import { type Line, painted } from './step/span'
import type { Subject } from './step/subject'
import { explore } from './step/terminal'

interface StepCommandOptions extends OpenOptions {
  readonly plain?: true
  readonly step?: number
  readonly page?: string
}

const HELP = `
In a terminal: keys go back and forward (? shows them). Else, and with --plain, all steps are printed. Each row of a table
has two marks in front: ">" for the page that is followed, "*" for what the step has changed ("none→sys": from none to sys),
with --compare a third one: "≠" for what differs on the other profile ("mig≠sys": sys there).

Exit code: 0, or 1 if the drill fails; it is shown up to there.`

const MOST_STEP = 10_000_000

/** `hmmu drill step` */
export function drillStepCommand(exit: (code: number) => void): Command {
  return new Command('step')
    .description(
      'show a drill step by step in the terminal, back and forward: the machine, and why a page did not move',
    )
    .argument(
      '<file>',
      'NAME.drill, X.drills with --filter, also compressed (.gz), - for standard input; or a record (.json)',
    )
    .addOption(drillProfileOption())
    .addOption(new Option('--compare <profile>', 'a second profile to compare with').choices(profileNames))
    .addOption(filterOption())
    .addOption(ramPagesOption())
    .option('--step <n>', 'the step to begin with; as text, the only one', parseInteger(0, MOST_STEP))
    .option('--page <page>', 'the page to follow, as A/buf[0]')
    .option('--plain', 'print the steps as text, also in a terminal')
    .addHelpText('after', HELP)
    .action((file: string, options: StepCommandOptions) => {
      exit(step(file, options))
    })
}

function step(file: string, options: StepCommandOptions): number {
  const { subject, failures } = open(file, options)
  const page = pageOf(subject, options.page)
  const { last, opening } = subject.book
  if (options.step !== undefined && options.step > last)
    throw new UsageError(`there is no step ${options.step}; the last is ${last}`)
  const tellFailures = (): void => failures.forEach(printError)
  if (options.plain || !isTerminal()) {
    printSteps(subject, options.step, page)
    tellFailures()
  } else explore(subject, options.step ?? opening, page, tellFailures)
  return failures.length > 0 ? ExitCode.FAILED : ExitCode.OK
}

const isTerminal = (): boolean => process.stdin.isTTY && process.stdout.isTTY && process.env.TERM !== 'dumb'

function pageOf({ book }: Subject, text: string | undefined): PageKey | undefined {
  if (text === undefined) return undefined
  const page = parseKey(text)
  if (!page) throw new UsageError(`a page is written as A/buf[0], not '${text}'`)
  if (!book.rows.some((row) => isInRow(row, page))) throw new UsageError(`no step has a page ${text}`)
  return page
}

function printSteps(subject: Subject, only: number | undefined, page: PageKey | undefined): void {
  const colors = colorsFor(process.stdout)
  const printLines = (lines: readonly Line[]): void =>
    print(`${lines.map((spans) => painted(spans, colors).trimEnd()).join('\n')}\n`)
  printLines([titleLine(subject)])
  const { last } = subject.book
  for (let n = only ?? 0; n <= (only ?? last); n++) printLines([[], ...stepLines(subject, n, page)])
  if (page) printLines([[], ...storyLines(subject, only ?? last, page)])
}
