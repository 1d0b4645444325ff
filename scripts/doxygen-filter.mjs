// SPDX-License-Identifier: GPL-2.0-only
//
// A header as Doxygen reads it: node scripts/doxygen-filter.mjs FILE
//
// The enumerations of hmmu.h are made by the preprocessor from the lists in hmmu_defs.h, which would leave them without
// a word. Here they are written out, each item with its text.
import { readFileSync } from 'node:fs'
import { headerPath, parseDefs } from './generate-defs.mjs'

const { lists } = parseDefs(readFileSync(headerPath, 'utf8'))

const ENUMERATION =
  /^enum (\w+) \{\n#define X\(([^)]*)\) (\w+)##name = (.*),\n\t(\w+)\(X\)\n#undef X\n(?:\t+(\w+)\n)?\};/gm

/** What Doxygen takes for a command, as text. */
const plain = (text) => text.replace(/[@\\<>#]/g, '\\$&')

function writtenOut(_, name, parameters, prefix, value, macro, count) {
  const list = lists.get(macro)
  const at = parameters.split(',').findIndex((parameter) => /^(bit|value)$/.test(parameter.trim()))
  const items = list.items.map((item) => {
    const number = value.replace(/\b(bit|value)\b/, item.args[at - 1])
    return `\t${prefix}${item.name} = ${number}, /**< ${plain(item.text)} */`
  })
  const end = count ? [`\t${count} /**< How many there are. */`] : []
  return [`/** ${plain(list.comment)} */`, `enum ${name} {`, ...items, ...end, '};'].join('\n')
}

process.stdout.write(readFileSync(process.argv[2], 'utf8').replace(ENUMERATION, writtenOut))
