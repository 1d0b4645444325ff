// SPDX-License-Identifier: GPL-2.0-only
//
// npm run kernel:build [-- FOLDER]: builds the kernel that runs drills in FOLDER, build-kernel unless said otherwise.
// JOBS is the number of compilers at a time.
import { buildKernel } from './kernel.mjs'

buildKernel(process.argv[2])
