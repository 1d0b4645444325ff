// SPDX-License-Identifier: GPL-2.0-only
//
// The property: for all commands, model and machine agree. A sequence on which they disagree is printed as a drill.

import fc from 'fast-check'
import { type Drill, parseDrill } from '../../lib/drill'
import { type Layout, SPACIOUS, TIGHT } from '../model/layout'
import type { Sizes } from '../model/side'
import type { Build } from './commands'
import type { Subject } from './kernels'
import { Disagreement, Pair } from './pair'
import { Dice, REGIONS, type RegionShape, Scene } from './scene'

/** A sequence under way. */
interface Run {
  readonly subject: Subject<never, never>
  readonly pair: Pair<never, never>
  readonly drill: string[]
}

type Sequence = Iterable<fc.Command<Run, Run>>

/** Most numbers that a command needs. */
const NUMBERS = 20

/** The size of the device; sometimes too small. */
const devicePages = fc.constantFrom(1024, 1024, 1024, 8, 2)
/** Most sequences have neighbours in one table, next to the borders of tables. */
const layouts = fc.constantFrom(SPACIOUS, ...TIGHT)
/** The regions that process A maps in the beginning. */
const regions = fc.subarray([...REGIONS], { minLength: 1 })
// Without noBias the first and the last item of a list would be drawn far more often than other items.
const numbers = fc.noBias(fc.array(fc.nat(2 ** 16), { minLength: NUMBERS, maxLength: NUMBERS }))
const one = (builds: readonly Build[]) => fc.record({ build: fc.noBias(fc.constantFrom(...builds)), numbers })
const interleaved = (builds: readonly Build[]) =>
  fc.array(fc.record({ callback: fc.constantFrom('@alloc', '@final'), command: one(builds) }), { maxLength: 4 })

interface Chosen {
  readonly build: Build
  readonly numbers: readonly number[]
}

interface Inner {
  readonly callback: string
  readonly command: Chosen
}

class RandomCommand implements fc.Command<Run, Run> {
  readonly #head: Chosen
  readonly #inner: readonly Inner[]
  #text = ''

  constructor(head: Chosen, inner: readonly Inner[] = []) {
    this.#head = head
    this.#inner = inner
  }

  check({ pair }: Readonly<Run>): boolean {
    return !pair.ended && this.#build(new Scene(pair)) !== undefined
  }

  run(run: Run): void {
    this.#text = this.#build(new Scene(run.pair)) ?? ''
    playText(run, this.#text)
  }

  #build(scene: Scene): string | undefined {
    // During an eviction the last process can end, if the fork of another one comes too late.
    if (scene.processes.length === 0) return undefined
    const head = this.#head.build(scene, new Dice(this.#head.numbers))
    if (head === undefined) return undefined
    scene.migrating = head.split(' ')[0]
    const lines = this.#inner.map(({ callback, command }) => {
      const line = command.build(scene, new Dice(command.numbers))
      return line === undefined ? '' : `\n  ${callback} ${line}`
    })
    return head + lines.join('')
  }

  toString(): string {
    return this.#text
  }
}

function playText({ subject, pair, drill }: Run, text: string): void {
  drill.push(text)
  for (const command of parse(subject, text).commands) pair.play(command)
}

function parse({ profile }: Subject<never, never>, text: string): Drill {
  return parseDrill({ name: 'sequence', file: 'sequence.drill', firstLine: 1, text }, profile)
}

/** The property, to be run by fast-check. */
export function sequences<P, H>(subject: Subject<P, H>, maxCommands: number): fc.IProperty<unknown> {
  const erased = subject as unknown as Subject<never, never>
  const simple = one(subject.commands).map((head) => new RandomCommand(head))
  const commands = fc.commands([simple, simple, simple, ...migrations(subject)], { maxCommands, size: 'max' })
  const sizes = fc.record({
    devicePages,
    coherentPages: fc.constantFrom(...subject.coherentPages),
    swapPages: fc.constantFrom(...subject.swapPages),
    memcgLimit: fc.constantFrom(...subject.memcgLimits),
  })
  return fc.property(sizes, layouts, regions, commands, (...drawn) => play(erased, ...drawn)) as fc.IProperty<unknown>
}

/** Migrations without and with interleaved commands. */
function migrations({ migrations, inner }: Subject): fc.Arbitrary<RandomCommand>[] {
  if (migrations.length === 0) return []
  const alone = one(migrations).map((head) => new RandomCommand(head))
  const interrupted = fc
    .tuple(one(migrations), interleaved(inner))
    .map(([head, within]) => new RandomCommand(head, within))
  return [alone, interrupted]
}

function play(
  subject: Subject<never, never>,
  sizes: Sizes,
  layout: Layout,
  shapes: readonly RegionShape[],
  commands: Sequence,
): void {
  const run: Run = {
    subject,
    pair: new Pair(subject, sizes, layout),
    drill: [`# ${layout.name}`, ...firstLines(sizes)],
  }
  try {
    for (const { name, map } of shapes) playText(run, `A map ${name} ${map}`)
    fc.modelRun(() => ({ model: run, real: run }), commands)
  } catch (error) {
    throw new Disagreement(describe(error, run))
  } finally {
    run.pair.dispose()
  }
}

function firstLines({ devicePages, coherentPages, swapPages, memcgLimit }: Sizes): string[] {
  return [
    `devmem ${devicePages}`,
    ...(coherentPages > 0 ? [`devmem ${coherentPages} coherent`] : []),
    ...(swapPages > 0 ? [`swap ${swapPages}`] : []),
    ...(memcgLimit > 0 ? [`memcg ${memcgLimit}`] : []),
  ]
}

/** A failure, and the drill that shows it. */
function describe(error: unknown, { pair, drill }: Run): string {
  const reason = error instanceof Disagreement ? error.message : `${(error as Error).stack}`
  const comments = reason.split('\n').map((line) => `# ${line}`)
  const looks = pair.ended ? [] : lookAtAll(pair)
  return `model and machine disagree:\n\n${[...comments, ...drill, ...looks].join('\n')}\n`
}

/** Commands that print the whole state. */
function lookAtAll({ model }: Pair): string[] {
  return [...model.actors].flatMap(([name, { regions: known }]) => [
    ...[...known.keys()].map((region) => `${name} dump ${region}`),
    `${name} count`,
  ])
}
