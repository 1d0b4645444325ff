// SPDX-License-Identifier: GPL-2.0-only
//
// hmmu explore --random: random drills, a table of the kinds of findings, and the smallest drill of each.

import { visible } from '../base/visible'
import {
  exploreRandom,
  type ProgramResult,
  type RandomExploration,
  type RandomFinding,
  type RandomOptions,
} from '../explore'
import { switchPointNames } from '../index'
import { ExitCode } from './exit-codes'
import { colorsFor, print } from './output'
import { type Progress, showProgress } from './progress'
import { exploreInThreads } from './random-workers'
import { plainTable } from './tables'

/** Returns the exit code. */
export function exploreAtRandom(options: RandomOptions, workers: number, json: boolean): number {
  const progress = showProgress(options.programs, 'drills')
  const explored = exploreRandom(options, counted(exploreInThreads(options, workers), progress))
  print(json ? `${JSON.stringify(documentOf(explored), null, 2)}\n` : report(explored))
  if (explored.findings.length > 0) return ExitCode.FAILED
  return explored.cutOff > 0 ? ExitCode.CUT_OFF : ExitCode.OK
}

function* counted(results: Iterable<ProgramResult>, progress: Progress): Generator<ProgramResult> {
  try {
    for (const result of results) {
      progress.step()
      yield result
    }
  } finally {
    progress.stop()
  }
}

function documentOf(explored: RandomExploration): object {
  const findings = explored.findings.map((each) => ({
    ...each,
    finding: { ...each.finding, choices: [...each.finding.choices] },
  }))
  return { ...explored, findings }
}

function report({ profile, programs, seed, states, steps, cutOff, found, findings }: RandomExploration): string {
  const lines = [
    `${programs} random drills from seed ${seed} on (${profile}): ${states} states, ${steps} steps, ${cutOff} searches cut off`,
    `  ${found === 0 ? 'no finding' : `findings in ${found} drills`}`,
    ...(found === 0 ? [] : [tableOf(findings), ...findings.flatMap(findingLines)]),
  ]
  return `${lines.join('\n')}\n`
}

function tableOf(findings: readonly RandomFinding[]): string {
  const rows = findings.map(({ judge, quirks, programs, firstSeed }) => [
    judge,
    quirksText(quirks),
    String(programs),
    String(firstSeed),
  ])
  return plainTable(['finding', 'quirk', 'drills', 'first seed'], rows, colorsFor(process.stdout))
}

function quirksText(quirks: RandomFinding['quirks']): string {
  return quirks.length === 0 ? 'none' : quirks.join(' + ')
}

/** The drill's lines begin where those of a file do: its id is that of a file with just these. */
function findingLines({ judge, quirks, seed, points, drill, finding }: RandomFinding): string[] {
  const stops = points.length === switchPointNames.length ? 'all' : points.join(',') || 'none'
  return [
    '',
    `${judge} (${quirksText(quirks)}); the drill of seed ${seed}, without what it does not need:`,
    ...drill.trimEnd().split('\n'),
    `=> ${visible(finding.sentence)}`,
    `=> ${finding.id} (--points ${stops})`,
  ]
}
