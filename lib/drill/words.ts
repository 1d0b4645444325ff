// SPDX-License-Identifier: GPL-2.0-only

import type { Kernel } from '../base/kernel'
import { excerpt } from '../base/visible'
import { DrillError, type Position } from './errors'
import { remarkOn, type Vocabulary, wordsOf } from './language'

/** A word of a line, and where it begins. */
export interface Word {
  readonly text: string
  readonly column: number
}

/** The words of one line, taken one after the other. Every syntax error is made here, so that each names its place. */
export class Words {
  /** The kernel that the drill is for. */
  readonly kernel: Kernel
  readonly #file: string
  readonly #line: number
  readonly #words: readonly Word[]
  readonly #end: number
  #next = 0

  constructor(kernel: Kernel, file: string, line: number, words: readonly Word[], end: number) {
    this.kernel = kernel
    this.#file = file
    this.#line = line
    this.#words = words
    this.#end = end
  }

  /** The words from the next one on, as an echo shows them. */
  rest(): string {
    return this.#words
      .slice(this.#next)
      .map((word) => word.text)
      .join(' ')
  }

  /** The next word without taking it. */
  peek(): Word | undefined {
    return this.#words[this.#next]
  }

  /** Take the next word; `expected` says what may stand there. */
  take(expected: string): Word {
    const word = this.#words[this.#next]
    if (word === undefined) throw this.error(this.#end, `expected ${expected}, found the end of the line`)
    this.#next += 1
    return word
  }

  /** Take the next word if it is one of these that the drill's kernel has. */
  takeIf(vocabulary: Vocabulary): Word | undefined {
    const word = this.peek()
    if (word === undefined || !wordsOf(vocabulary, this.kernel).includes(word.text)) return undefined
    this.#next += 1
    return word
  }

  /** Check that no word is left. `allowed` are the words that could follow, if any. */
  end(allowed: Vocabulary = []): void {
    const word = this.peek()
    if (word === undefined) return
    const words = wordsOf(allowed, this.kernel)
    throw this.unexpected(word, `${words.length === 0 ? '' : `${words.join(', ')} or `}the end of the line`, allowed)
  }

  /** The error for a word that is not allowed there. `vocabulary` may have it for another kernel. */
  unexpected(word: Word, expected: string, vocabulary: Vocabulary = []): DrillError {
    const remark = remarkOn(word.text, vocabulary, this.kernel)
    return this.error(word.column, `expected ${expected}, found '${excerpt(word.text)}'${remark}`)
  }

  error(column: number, reason: string): DrillError {
    return new DrillError('HMMU_DRILL_SYNTAX', this.position(column), reason)
  }

  position(column: number): Position {
    return { file: this.#file, line: this.#line, column }
  }
}

/** Split a line of a kernel's drill at its spaces; a comment is dropped. */
export function splitLine(kernel: Kernel, file: string, line: number, text: string): Words {
  const comment = text.indexOf('#')
  const script = (comment < 0 ? text : text.slice(0, comment)).trimEnd()
  const words = Array.from(script.matchAll(/[^ \t]+/g), (match) => ({ text: match[0], column: match.index + 1 }))
  return new Words(kernel, file, line, words, script.length + 1)
}

/** `a, b or c` */
export function oneOf(choices: readonly string[]): string {
  if (choices.length < 2) return choices.join('')
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
}
