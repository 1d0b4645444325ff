// SPDX-License-Identifier: GPL-2.0-only
//
// hmmu explore --random: random drills, and the smallest one for each kind of finding.

import { visible } from '../base/visible'
import { exploreRandom, type RandomExploration, type RandomFinding, type RandomOptions } from '../explore'
import { switchPointNames } from '../index'
import { ExitCode } from './exit-codes'
import { print } from './output'
import { showProgress } from './progress'

/** Returns the exit code. */
export function exploreAtRandom(options: Omit<RandomOptions, 'onProgram'>, json: boolean): number {
  const progress = showProgress(options.programs, 'drills')
  const explored = exploreRandom({ ...options, onProgram: () => progress.step() })
  progress.stop()
  print(json ? `${JSON.stringify(documentOf(explored), null, 2)}\n` : report(explored))
  if (explored.findings.length > 0) return ExitCode.FAILED
  return explored.cutOff > 0 ? ExitCode.CUT_OFF : ExitCode.OK
}

function documentOf(explored: RandomExploration): object {
  const findings = explored.findings.map((each) => ({
    ...each,
    finding: { ...each.finding, choices: [...each.finding.choices] },
  }))
  return { ...explored, findings }
}

function report({ profile, programs, seed, states, steps, cutOff, judges, findings }: RandomExploration): string {
  const lines = [
    `${programs} random drills from seed ${seed} on (${profile}): ${states} states, ${steps} steps, ${cutOff} searches cut off`,
    ...Object.entries(judges).map(([judge, count]) => `  ${judge}: ${count} drills`),
    ...(findings.length === 0 ? ['  no finding'] : findings.flatMap(findingLines)),
  ]
  return `${lines.join('\n')}\n`
}

/** The drill's lines begin where those of a file do: its id is that of a file with just these. */
function findingLines({ judge, quirk, programs, seed, points, drill, finding }: RandomFinding): string[] {
  const stops = points.length === switchPointNames.length ? 'all' : points.join(',') || 'none'
  return [
    '',
    `${judge}${quirk === undefined ? '' : ` with ${quirk}`}: ${programs} drills; that of seed ${seed}, without what it does not need:`,
    ...drill.trimEnd().split('\n'),
    `=> ${visible(finding.sentence)}`,
    `=> ${finding.id} (--points ${stops})`,
  ]
}
