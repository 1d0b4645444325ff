// SPDX-License-Identifier: GPL-2.0-only
//
// Prints a header for Doxygen: node scripts/generate/doxygen-filter.mjs FILE
//
// The preprocessor makes the enumerations of hmmu.h from the lists in hmmu_defs.h, and so their items would have no
// texts. This script writes them out, each item with its text.
import { readFileSync } from 'node:fs'
import { readDefs } from './defs.mjs'

const { lists } = readDefs()

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
