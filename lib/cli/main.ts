#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only

import { ExitCode } from './exit-codes'
import { ignoreClosedPipes, printError } from './output'

/** Loading the library loads the addon. Where that fails there is nothing to run, but a lot to tell. */
function loadProgram(): typeof import('./program') | undefined {
  try {
    return require('./program') as typeof import('./program')
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'HMMU_NO_ADDON') throw error
    printError(`error: ${(error as Error).message}`)
    return undefined
  }
}

ignoreClosedPipes()
// Not process.exit(): what was printed into a pipe still has to get there.
process.exitCode = loadProgram()?.runCommandLine(process.argv) ?? ExitCode.FAILED
