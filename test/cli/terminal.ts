// SPDX-License-Identifier: GPL-2.0-only

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { at, MAIN } from './command'

/** What a test does with a terminal: terminal.py explains it. */
export type Action =
  | readonly ['wait', string]
  | readonly ['send', string]
  | readonly ['size', number, number]
  | readonly ['signal', number]
  | readonly ['stopped']
  | readonly ['close']

interface Ended {
  readonly output: string
  /** As waitpid() tells it. */
  readonly status: number
  /** The modes of the terminal are as before; false if it was closed. */
  readonly restored: boolean
}

/** Runs the command in a terminal of 100 columns and 30 rows, in the folder of the test. */
export function inTerminal(
  actions: readonly Action[],
  args: readonly string[],
  env: Record<string, string> = {},
): Ended {
  const line = [join(__dirname, 'terminal.py'), JSON.stringify(actions), process.execPath, MAIN, ...args]
  const { TERM, NO_COLOR, FORCE_COLOR, ...rest } = process.env
  const { stdout, stderr } = spawnSync('python3', line, {
    cwd: at('.'),
    encoding: 'utf8',
    env: { ...rest, TERM: 'xterm', ...env },
    maxBuffer: 2 ** 26,
  })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as Ended
}

/** The screens that were drawn, without colours. */
export const screensOf = ({ output }: Pick<Ended, 'output'>): string[] =>
  output
    .split('\x1b[H')
    .slice(1)
    .map((screen) =>
      stripVTControlCharacters(screen)
        .split('\r\n')
        .map((text) => text.trimEnd())
        .join('\n'),
    )
