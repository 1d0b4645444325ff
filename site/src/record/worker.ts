// SPDX-License-Identifier: GPL-2.0-only
//
// Records drills on the emulator in WebAssembly, beside the page: a drill that takes long stops nothing else.

import wasm from '../../../build-wasm/page.wasm?url'
import { DrillError } from '../../../lib/drill/errors'
import { recordDrill } from '../../../lib/record'
import { load } from '../../../lib/web/web'
import type { Answer, Question } from './recorder'

const loaded = load(new URL(wasm, import.meta.url))

addEventListener('message', async ({ data }: MessageEvent<Question>) => {
  postMessage(await answer(data))
})

async function answer({ id, name, profile, script }: Question): Promise<Answer> {
  try {
    await loaded
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
