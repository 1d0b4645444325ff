// SPDX-License-Identifier: GPL-2.0-only
//
// What documents quote of examples/kernel-drivers/tinymem.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { documents, ROOT } from './blocks'

const FOLDER = 'examples/kernel-drivers/tinymem'
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

/** The lines that documents name, and what has to be in each. */
const QUOTED: Readonly<Record<string, string>> = {
  // A line that its mistake adds behind this one.
  74: 'spin_lock',
  117: 'xa_store',
  136: 'migrate_vma_setup',
  155: 'mmget_not_zero',
  // .fault_page is missing, so this is a line higher than it is in the file.
  208: 'migrate_vma_setup',
  247: 'mutex_lock',
}

test('documents name lines of tinymem.c as they are', () => {
  const lines = read(`${FOLDER}/driver/tinymem.c`).split('\n')
  const quotes = documents.flatMap((file) =>
    [...read(file).matchAll(/tinymem\.c:(\d+)/g)].map(([, line]) => line ?? ''),
  )
  expect([...new Set(quotes)].sort()).toEqual(Object.keys(QUOTED).sort())
  for (const [line, text] of Object.entries(QUOTED)) {
    const near = lines.slice(Number(line) - 1, Number(line) + (line === '208' ? 1 : 0))
    expect(near.join('\n')).toContain(text)
  }
})

test('the guide shows the script of tinymem without its comments', () => {
  const script = read(`${FOLDER}/tinymem.ioctl`).replace(/^#.*\n\n?/gm, '')
  expect(read('docs/kernel-drivers.md')).toContain(`\`\`\`text\n${script}\`\`\`\n`)
})
