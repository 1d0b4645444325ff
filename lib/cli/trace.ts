// SPDX-License-Identifier: GPL-2.0-only

import { Command, Option } from 'commander'
import { visibleJson } from '../base/visible'
import { profileOf } from '../drill'
import { chromeTrace, foldedStacks, traceDrill } from '../trace'
import { ExitCode, UsageError } from './exit-codes'
import { type DrillOptions, drillProfileOption, filterOption, oneDrill, ramPagesOption } from './options'
import { print, printError, printTo } from './output'

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
    .argument('<file>', 'NAME.drill, or X.drills with --filter; - for standard input')
    .option('--chrome <out>', 'write a trace in the JSON trace event format; - for standard output')
    .option('--folded', 'print folded stacks, the input of flame graph tools')
    .addOption(new Option('--cycles', "time and weights in cycles of the host's clock"))
    .addOption(drillProfileOption())
    .addOption(filterOption())
    .addOption(ramPagesOption())
    .addHelpText('after', HELP)
    .action((file: string, options: TraceOptions) => {
      exit(trace(file, options))
    })
}

function trace(file: string, options: TraceOptions): number {
  if (options.chrome === undefined && !options.folded) throw new UsageError('say what to write: --chrome or --folded')
  const source = oneDrill(file, options)
  const clock = options.cycles ? 'cycles' : 'events'
  const profile = options.profile ?? profileOf(source.file)
  const { trace, run } = traceDrill(source, clock, { profile, ramPages: options.ramPages })
  if (options.folded) print(foldedStacks(trace))
  if (options.chrome !== undefined) {
    const about = { drill: source.name, profile }
    printTo(options.chrome, `${visibleJson(chromeTrace(trace, about), 1)}\n`)
  }
  if (run.failure === undefined) return ExitCode.OK
  printError(run.failure.message)
  return ExitCode.FAILED
}
