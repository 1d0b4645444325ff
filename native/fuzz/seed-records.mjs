// SPDX-License-Identifier: GPL-2.0-only
//
// Records of programs for fuzz_machine, as bytes.
import { readFileSync } from 'node:fs'

export const ops = namesOf('FUZZ_OPS')
export const breaches = namesOf('FUZZ_BREACHES')

/** The items of a list in ops.h by number, as `#define LIST(X)` has them. */
function namesOf(list) {
  const text = readFileSync(new URL('ops.h', import.meta.url), 'utf8')
  const body = new RegExp(`#define ${list}\\(X\\)((?:.*\\\\\\n)*.*)`).exec(text)[1]
  return [...body.matchAll(/^\s*X\((\w+),/gm)].map((match) => match[1])
}

export const number = (names, name) => {
  const found = names.indexOf(name)
  if (found < 0) throw new Error(`ops.h has no ${name}`)
  return found
}

/** struct fuzz_record as bytes. */
export function record({ op = 0, who = 0, region = 0, count = 0, first = 0, x = 0, y = 0 }) {
  return Buffer.from([op, who, region, count, first & 255, first >> 8, x, y].map((byte) => byte & 255))
}

/** FUZZ_OTHER_CALL in ops.h. */
export const OTHER_CALL = 64

export const operation = (name, fields) => record({ op: number(ops, name), ...fields })

/** The count byte for a number of pages, or the next lower one: the reverse of fuzz_pages(). */
export function countOf(pages) {
  if (pages >= 1024) return 254
  if (pages >= 512) return pages === 512 ? 252 : 253
  return pages <= 128 ? pages - 1 : Math.floor(pages / 9) + 127
}
