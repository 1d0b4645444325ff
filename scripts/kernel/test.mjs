// SPDX-License-Identifier: GPL-2.0-only
//
// npm run test:kernel [-- FOLDER]: builds the kernel in FOLDER, as npm run kernel:build does, and checks that it prints
// the transcripts of all drills that are its own.
import { needPackages } from '../lib/debian.mjs'
import { root, run } from '../lib/run.mjs'
import { buildKernel } from './kernel.mjs'

needPackages(['python3', 'qemu-system-x86'])
const kernel = buildKernel(process.argv[2])
const names = [
  'linux-6.12',
  'linux-6.12-more',
  'linux-6.12-memory',
  'linux-6.12-userfaultfd',
  'linux-6.12-calls',
  'linux-6.12-exclusive',
]
const folders = names.map((name) => `${root}/test/conformance/${name}`)
run('npm', ['run', 'build:ts'])
run('node', ['dist/cli/main.js', 'drill', 'check', '--kernel', kernel, ...folders])
