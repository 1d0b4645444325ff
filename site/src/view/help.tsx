// SPDX-License-Identifier: GPL-2.0-only

import type { RefObject } from 'preact'
import { Fragment } from 'preact'
import { Glyph } from './glyphs'
import { KEYS } from './keys'
import { Term } from './text'

export function Help({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialog} aria-labelledby="keys">
      <h2 id="keys">Keys</h2>
      <dl>
        {KEYS.map(([keys, text]) => (
          <Fragment key={text}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </Fragment>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" class="link">
          Close
        </button>
      </form>
    </dialog>
  )
}

const KINDS: readonly (readonly [kind: string, text: string])[] = [
  ['sys', 'RAM'],
  ['huge', 'huge page'],
  ['dev', 'device'],
  ['coh', 'coherent device'],
  ['mig', 'migration entry'],
  ['zero', 'zero page'],
  ['none', 'empty'],
  ['swap', 'swapped'],
]

export function Legend() {
  return (
    <footer>
      {KINDS.map(([kind, text]) => (
        <span class="chip" key={kind}>
          <Glyph kind={kind} />
          <Term group="entries" word={kind} tabIndex={0}>
            {text}
          </Term>
        </span>
      ))}
      <span class="changed">changed in this step</span>
    </footer>
  )
}
