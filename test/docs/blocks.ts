// SPDX-License-Identifier: GPL-2.0-only
//
// The code blocks of the documents, and the output shown with them.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The repository's top folder. */
export const ROOT = join(__dirname, '../..')

/** The guides, relative to the top folder. */
export const guides = readdirSync(join(ROOT, 'docs'))
  .filter((file) => file.endsWith('.md'))
  .map((file) => `docs/${file}`)

const atTop = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md']
const readmes = readdirSync(join(ROOT, 'test'))
  .map((folder) => `test/${folder}/README.md`)
  .filter((file) => existsSync(join(ROOT, file)))

/** The documents, relative to the top folder. */
export const documents = [...atTop, 'examples/README.md', 'kernel/README.md', 'kernel/drills.md', ...guides, ...readmes]

/** A fenced code block. */
export interface Block {
  /** Its place: `docs/api.md:12`. */
  readonly place: string
  /** The words after the backquotes: `ts`, `ts jest`, `drill`, `console`. */
  readonly language: string
  readonly code: string
  /** The code's output: the next block, if it is `text output`. */
  readonly output: string | undefined
}

const FENCE = /^```(.*)\n([\s\S]*?)^```$/gm

/** The code blocks of all documents in one language. */
export function blocksIn(language: string): Block[] {
  return documents.flatMap(blocksOf).filter((block) => block.language === language)
}

function blocksOf(document: string): Block[] {
  const text = readFileSync(join(ROOT, document), 'utf8')
  const fences = [...text.matchAll(FENCE)]
  return fences.map(({ 1: info = '', 2: code = '', index }, i) => {
    const line = text.slice(0, index).split('\n').length
    const next = fences[i + 1]
    const output = next?.[1] === 'text output' ? next[2] : undefined
    return { place: `${document}:${line}`, language: info, code, output }
  })
}

/** Whether a document shows a text correctly. A line `…` in the document stands for any number of lines. */
export function shows(shown: string, text: string): boolean {
  const parts = shown.split(/^ *…\n/m).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('(?:.*\\n)*')}$`).test(text)
}
