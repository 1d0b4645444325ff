// SPDX-License-Identifier: GPL-2.0-only
//
// Records drills on the emulator in WebAssembly, beside the page: a drill that takes long stops nothing else.

import { DrillError } from '../../../lib/drill/errors'
import { recordDrill } from '../../../lib/record'
import { load } from '../../../lib/web/web'
import type { Answer, Question, Start } from './recorder'

let onStart: (start: Start) => void
const started = new Promise<Start>((resolve) => {
  onStart = resolve
})

addEventListener('message', async ({ data }: MessageEvent<Start | Question>) => {
  if ('id' in data) postMessage(await answer(data))
  else onStart(data)
})

async function answer({ id, name, profile, script }: Question): Promise<Answer> {
  try {
    const start = await started
    if ('missing' in start) return { id, problem: { message: start.missing } }
    await load(start.module)
    const { recording, failure } = recordDrill({ name, file: name, firstLine: 1, text: script }, { profile })
    if (recording) return { id, recording }
    return { id, problem: problemOf(failure) }
  } catch (error) {
    return { id, problem: problemOf(error) }
  }
}

function problemOf(error: unknown): NonNullable<Answer['problem']> {
  if (error instanceof DrillError) {
    const { line, column } = error.position ?? {}
    return { message: error.reason, line, column }
  }
  return { message: error instanceof Error ? error.message : `${error}` }
}
