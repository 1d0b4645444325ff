#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only

import { ExitCode } from './exit-codes'
import { ignoreStreamErrors, printError } from './output'

/** Loading the library loads the addon. If that fails, the error explains why. */
function loadProgram(): typeof import('./program') | undefined {
  try {
    return require('./program') as typeof import('./program')
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'HMMU_NO_ADDON') throw error
    printError((error as Error).message)
    return undefined
  }
}

ignoreStreamErrors()
// Not process.exit(): a progress bar may still have to be cleared.
process.exitCode = loadProgram()?.runCommandLine(process.argv) ?? ExitCode.FAILED
