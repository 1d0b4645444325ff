// SPDX-License-Identifier: GPL-2.0-only
//
// How test runners compare and record what this library returns. They see public fields alone: to them any two machines
// are equal, and so are any two migrations that moved as many pages. Objects are known by hidden methods and not by their
// class, as test runners load modules more than once.

import { asText, type Showable, stateOf } from '../api/inspect'
import { hidden } from './hidden'

/** What a tester uses of `this`. */
export interface TesterContext {
  /** Deep equality. */
  equals(a: unknown, b: unknown, customTesters?: readonly unknown[]): boolean
}

/** Decides whether two values are equal; undefined: it is none of its business. */
export type EqualityTester = (
  this: TesterContext,
  a: unknown,
  b: unknown,
  customTesters?: readonly unknown[],
) => boolean | undefined

/** Under this key Jest looks for the names of properties that it copies, of objects that it is to show. */
const copiedByJest = Symbol.for('@jest/serializableProperties')

/** Key of what JSON has for an object, as a property. */
const json = Symbol('json')

interface WithJson {
  toJSON(): unknown
}

/**
 * Jest shows a copy, which has no private fields, and reads all getters for it. So it gets one property to copy, and
 * the copy's toJSON() returns that.
 */
function makeCopyable(object: object): void {
  const prototype = Object.getPrototypeOf(object)
  if (Object.hasOwn(prototype, copiedByJest)) return
  const { toJSON } = prototype as WithJson
  Object.defineProperties(prototype, {
    [copiedByJest]: { value: [json] },
    [json]: {
      get(this: WithJson) {
        return toJSON.call(this)
      },
    },
    toJSON: {
      value(this: WithJson & { [json]: unknown }) {
        return this[json]
      },
      configurable: true,
      writable: true,
    },
  })
}

/** Machines, processes, tasks, mappings, references, migrations, their results and entries: equal if their state is. */
function equalState(
  this: TesterContext,
  a: unknown,
  b: unknown,
  customTesters?: readonly unknown[],
): boolean | undefined {
  const [first, second] = a === b ? [] : [hidden<object>(a, stateOf), hidden<object>(b, stateOf)]
  if (first === undefined || second === undefined) return undefined
  makeCopyable(a as object)
  makeCopyable(b as object)
  return this.equals(first, second, customTesters)
}

/** For `expect.addEqualityTesters()`. */
export const equalityTesters: EqualityTester[] = [equalState]

/** For `expect.addSnapshotSerializer()`: the text of what has one, as console.log() shows it, with nothing left out. */
export const snapshotSerializer = {
  /** Whether a value has such a text. */
  test(value: unknown): boolean {
    return typeof value === 'object' && value !== null && typeof (value as Partial<Showable>)[asText] === 'function'
  },
  /** The text of a value, indented. */
  serialize(value: unknown, _config: unknown, indentation: string): string {
    const text = hidden<string>(value, asText, true) ?? ''
    // A table without a title begins below the property that it is the value of.
    const title = text.startsWith(' ') && indentation !== '' ? 'Table\n' : ''
    return `${title}${text}`.replace(/\n/g, `\n${indentation}`)
  },
}
