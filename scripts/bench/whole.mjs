// SPDX-License-Identifier: GPL-2.0-only
//
// npm run bench:whole: 256 GiB of emulated memory without contents, mapped and migrated to a device and back. Takes some
// 10 GiB of the host's memory.

import { run } from '../lib/run.mjs'
import { buildBench } from './build.mjs'

run(buildBench(), ['--whole'])
