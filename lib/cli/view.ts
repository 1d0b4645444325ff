// SPDX-License-Identifier: GPL-2.0-only

import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Command } from 'commander'
import { kernelOf } from '../base/kernel'
import { systemReason } from '../base/system'
import { DrillError, parseDrill, profileOf, readTextFile } from '../drill'
import { ExitCode, UsageError } from './exit-codes'
import { type DrillOptions, drillProfileOption, filterOption, oneDrill, portOption } from './options'
import { print, printError } from './output'
import { type GivenFile, servePage } from './page-server'
import { isRecordFile, readRecord } from './record-file'

const PAGE = join(__dirname, '../site')

const HELP = `
The page shows a drill step by step: a timeline of all pages, the machine at each step, and why a page did not move. Drills
run in the page itself. Only this machine can reach it. Ctrl-C ends it. A drill with an error is served, too: the page shows the
error at its place, and the drill can be mended there.

Exit code: 2 if there is nothing to show.`

interface ViewOptions extends DrillOptions {
  readonly port: number
}

/** `hmmu view` */
export function viewCommand(): Command {
  return new Command('view')
    .description('serve a page that shows drills step by step, and print its address, for a browser on this machine')
    .argument('[file]', 'NAME.drill, X.drills with --filter, or a record in JSON; read anew when the page is loaded')
    .addOption(drillProfileOption())
    .addOption(filterOption())
    .addOption(portOption())
    .addHelpText('after', HELP)
    .action((file: string | undefined, options: ViewOptions) => {
      view(file === undefined ? undefined : givenFile(file, options), options, file)
    })
}

/** The file must be there, and be a record or a text, when the command begins. The page shows a drill's error at its place. */
function givenFile(file: string, options: DrillOptions): GivenFile {
  if (file === '-') throw new UsageError('the page asks for the file more than once; name a file')
  const name = basename(file)
  if (isRecordFile(file)) {
    readRecord(file)
    return { name, read: () => readTextFile(file) }
  }
  const source = oneDrill(file, options)
  warnOfError(() => parseDrill(source, kernelOf(options.profile ?? profileOf(file))))
  return { name, read: () => oneDrill(file, options).text }
}

function warnOfError(parse: () => unknown): void {
  try {
    parse()
  } catch (error) {
    if (!(error instanceof DrillError)) throw error
    printError(error.message)
  }
}

function view(given: GivenFile | undefined, { port, profile }: ViewOptions, file: string | undefined): void {
  const shown = profile ?? (file === undefined || isRecordFile(file) ? undefined : profileOf(file))
  serveFile(given, port, { ...(given && { file: given.name }), ...(shown && { profile: shown }) })
}

/** Serves the page, and a file with it. @param look what is shown first, as the page's address has it */
export function serveFile(given: GivenFile | undefined, port: number, look: Readonly<Record<string, string>>): void {
  if (!existsSync(join(PAGE, 'index.html')))
    throw new UsageError('the page is not built (in a checkout: npm run build:wasm && npm run site)')
  const hash = new URLSearchParams(look).toString()
  const server = servePage(PAGE, given, port, (bound) => {
    print(`http://127.0.0.1:${bound}/${hash && `#${hash}`}\n`)
  })
  server.on('error', (error) => {
    printError(`port ${port} can't be used: ${systemReason(error)}`)
    process.exitCode = ExitCode.USAGE
  })
}
