// SPDX-License-Identifier: GPL-2.0-only
//
// Builds bench/'s C program with the library's release options. It has no probes, because not every host has their
// header.
import { execFileSync } from 'node:child_process'
import { root, run } from '../lib/run.mjs'

const FOLDER = `${root}/build-bench`

/** Builds hmmu_bench and returns its path. The compiler's output goes to stderr, because stdout is for results. */
export function buildBench() {
  const options = { stdio: ['ignore', 2, 2] }
  const cmake = [
    '-S',
    root,
    '-B',
    FOLDER,
    '-DCMAKE_BUILD_TYPE=Release',
    '-DCMAKE_C_FLAGS=-DHMMU_NO_PROBES',
    '--log-level=WARNING',
  ]
  run('cmake', cmake, { stdio: ['ignore', 'ignore', 2] })
  run('cmake', ['--build', FOLDER, '--target', 'hmmu_bench', '--parallel', '2', '--', '-s'], options)
  return `${FOLDER}/bench/hmmu_bench`
}

const firstLine = (command, args) => execFileSync(command, args, { encoding: 'utf8' }).split('\n')[0].trim()

/** The toolchain on which the numbers depend: "cc (Debian 12.2.0-14) 12.2.0, ldd (Debian GLIBC …) 2.36". */
export function toolchain() {
  const version = (line) => /(\d+\.\d+(?:\.\d+)?)\s*$/.exec(line)?.[1] ?? line
  const compiler = firstLine(process.env.CC ?? 'cc', ['--version'])
  return `${compiler.split(' ')[0]} ${version(compiler)}, libc ${version(firstLine('ldd', ['--version']))}`
}
