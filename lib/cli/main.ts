#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only

import { ignoreClosedPipes } from './output'
import { runCommandLine } from './program'

ignoreClosedPipes()
// Not process.exit(): what was printed into a pipe still has to get there.
process.exitCode = runCommandLine(process.argv)
