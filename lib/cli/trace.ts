// SPDX-License-Identifier: GPL-2.0-only

import { writeFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { type DrillSource, readDrills } from '../drill'
import { chromeTrace, foldedStacks, traceDrill } from '../trace'
import { ExitCode, UsageError } from './exit-codes'
import { type DrillOptions, filterOption, passesFilter, profileOption } from './options'
import { colorsFor, print, printError } from './output'

interface TraceOptions extends DrillOptions {
  readonly chrome?: string
  readonly folded?: true
  readonly cycles?: true
}

const HELP = `
Time is the number of the event, so that the trace of a drill is the same in every run; --cycles has the host's time
instead. Folded stacks weigh what their innermost slice has itself: events, or cycles.

  hmmu trace FILE --chrome out.json      open out.json at ui.perfetto.dev or in chrome://tracing
  hmmu trace FILE --folded | inferno-flamegraph > out.svg`

/** `hmmu trace` */
export function traceCommand(exit: (code: number) => void): Command {
  return new Command('trace')
    .description('run a drill and write what happened in it, for trace viewers or as folded stacks')
    .argument('<file>', 'NAME.drill, or X.drills with --filter')
    .option('--chrome <out>', 'write a trace in the JSON trace event format; - for standard output')
    .option('--folded', 'print folded stacks, the input of flame graph tools')
    .addOption(new Option('--cycles', "time and weights in cycles of the host's clock"))
    .addOption(profileOption())
    .addOption(filterOption())
    .addHelpText('after', HELP)
    .action((file: string, options: TraceOptions) => {
      exit(trace(file, options))
    })
}

function trace(file: string, options: TraceOptions): number {
  if (options.chrome === undefined && !options.folded) throw new UsageError('say what to write: --chrome or --folded')
  const source = oneDrill(file, options)
  const clock = options.cycles ? 'cycles' : 'events'
  const { trace, run } = traceDrill(source, clock, { profile: options.profile })
  if (options.folded) print(foldedStacks(trace))
  if (options.chrome !== undefined) {
    const about = { drill: source.name, profile: options.profile }
    write(options.chrome, `${JSON.stringify(chromeTrace(trace, about), null, 1)}\n`)
  }
  if (run.failure === undefined) return ExitCode.OK
  printError(`${colorsFor(process.stderr).red('error:')} ${run.failure.message}`)
  return ExitCode.FAILED
}

function oneDrill(file: string, options: TraceOptions): DrillSource {
  const sources = readDrills(file).filter((source) => passesFilter(options, source.name))
  const [source] = sources
  if (source === undefined) throw new UsageError('no drill has such a name')
  if (sources.length > 1) throw new UsageError(`${sources.length} drills are there: choose one by --filter`)
  return source
}

function write(path: string, text: string): void {
  try {
    if (path === '-') print(text)
    else writeFileSync(path, text)
  } catch (error) {
    throw new UsageError(`${path} can't be written: ${(error as Error).message}`)
  }
}
