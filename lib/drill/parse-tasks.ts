// SPDX-License-Identifier: GPL-2.0-only
//
// The lines that make a drill explorable: `task` and `expect`.

import { judgeNames, quirkNames, type SwitchPoint, switchPointNames } from '../api'
import { excerpt } from '../base/visible'
import type { Command, DrillOrder, DrillTask, Expectation, HeadCommand } from './ast'
import { isProcess, parseChoice } from './parse-values'
import { oneOf, type Words } from './words'

const TASK_NAME = /^[A-Za-z][A-Za-z0-9]*$/
const TASK_NAME_EXPECTED = 'a name of the task (letters and digits)'
const OPTION = /^(cpu|proc)=(.*)$/
const CPU = /^[0-9]{1,2}$/
const FIRST_PROCESS = 'A'

/** The commands that a task can't have: they only look, or describe more than the task. */
const NOT_IN_TASKS: readonly string[] = ['devmem', 'swap', 'memcg', 'cpus', 'dump', 'count', 'watch', 'cpu']

/** A task whose commands are still being read. */
export type OpenTask = Omit<DrillTask, 'commands'> & { readonly commands: Command[] }

/** `task NAME [cpu=N] [proc=A]`. @param cpus how many the machine has */
export function parseTask(words: Words, cpus: number): OpenTask {
  const text = words.rest()
  const { column } = words.take('task')
  const name = words.take(TASK_NAME_EXPECTED)
  if (!TASK_NAME.test(name.text)) throw words.unexpected(name, TASK_NAME_EXPECTED)
  const found = new Map<string, string>()
  for (let word = words.peek(); word !== undefined; word = words.peek()) {
    const [, key = '', value = ''] = OPTION.exec(word.text) ?? []
    if (key === '') throw words.unexpected(word, 'cpu=N, proc=PROCESS or the end of the line')
    if (found.has(key)) throw words.error(word.column, `'${key}=' stands there twice`)
    const at = word.column + key.length + 1
    if (key === 'cpu' && !(CPU.test(value) && Number(value) < cpus)) throw words.error(at, wrongCpu(value, cpus))
    if (key === 'proc' && !isProcess({ text: value, column: at }))
      throw words.error(at, `expected a process (upper-case letters and digits), found '${excerpt(value)}'`)
    found.set(key, value)
    words.take('')
  }
  const process = found.get('proc') ?? FIRST_PROCESS
  const cpu = Number(found.get('cpu') ?? 0)
  return { text, position: words.position(column), name: name.text, process, cpu, commands: [] }
}

function wrongCpu(found: string, cpus: number): string {
  const hint = cpus === 1 ? "; a first line 'cpus N' gives the machine more" : ''
  return `expected a CPU of the machine (${cpus === 1 ? '0' : `0 to ${cpus - 1}`}), found '${excerpt(found)}'${hint}`
}

/** A line of a task. @param column where it begins */
export function checkInTask(task: DrillTask, command: Command | HeadCommand, words: Words, column: number): Command {
  if (NOT_IN_TASKS.includes(command.verb))
    throw words.error(column, `${command.verb} can't stand in a task (all but ${oneOf(NOT_IN_TASKS)} can)`)
  if ('process' in command && command.process !== task.process && command.verb !== 'exit') {
    const place = `proc=${command.process}`
    throw words.error(
      column,
      `task ${task.name} is of process ${task.process}, so it can't run a command of ${excerpt(command.process)} (write '${place}' behind the task's name)`,
    )
  }
  return command as Command
}

const CHOICES = /^(?:[a-p][0-9]{0,6})+$/
const CHOICES_EXPECTED = 'an order (a letter for each task, and how many steps it makes: a2ba8)'

/** `order CHOICES [points=NAMES] [handler-retries]`. */
export function parseOrder(words: Words): DrillOrder {
  const text = words.rest()
  const { column } = words.take('order')
  const choices = words.take(CHOICES_EXPECTED)
  if (!CHOICES.test(choices.text)) throw words.unexpected(choices, CHOICES_EXPECTED)
  const next = words.peek()
  const names = next?.text.startsWith('points=') ? words.take('').text.slice('points='.length) : undefined
  const points = names === undefined ? undefined : pointsOf(words, next?.column ?? 1, names)
  const handlerRetries = words.takeIf(['handler-retries']) !== undefined
  words.end(handlerRetries ? [] : ['handler-retries'])
  return { text, position: words.position(column), choices: choices.text, points, handlerRetries }
}

function pointsOf(words: Words, column: number, names: string): SwitchPoint[] {
  if (names === 'none') return []
  return names.split(',').map((name) => {
    const point = switchPointNames.find((each) => each === name)
    if (point === undefined)
      throw words.error(column, `there is no switching point '${excerpt(name)}' (${switchPointNames.join(', ')})`)
    return point
  })
}

/** `expect no-FINDING` or `expect finds FINDING [with QUIRK]`. */
export function parseExpect(words: Words): Expectation {
  const text = words.rest()
  const { column } = words.take('expect')
  const head = { text, position: words.position(column) }
  const no = words.peek()
  const findings = ['finding', ...judgeNames] as const
  if (no?.text !== 'finds') {
    const sense = parseChoice(
      words,
      findings.map((each) => `no-${each}`),
      'finds, or what must not be found',
    )
    words.end()
    return { ...head, sense: 'no', judge: sense.slice('no-'.length) as Expectation['judge'], quirk: undefined }
  }
  words.take('finds')
  const judge = parseChoice(words, findings, 'what must be found')
  const hasQuirk = words.takeIf(['with']) !== undefined
  const quirk = hasQuirk ? parseChoice(words, quirkNames, 'a quirk') : undefined
  words.end(hasQuirk ? [] : ['with'])
  return { ...head, sense: 'finds', judge, quirk }
}
