// SPDX-License-Identifier: GPL-2.0-only

import { render } from 'preact'
import { parseDocument } from '../../lib/view/document'
import { drillLibrary, examples } from './record/drills'
import { documentLibrary, type Library } from './record/library'
import { DrillRecorder } from './record/recorder'
import './styles/tokens.css'
import './styles/base.css'
import './styles/score.css'
import './styles/timeline.css'
import './styles/caption.css'
import './styles/edit.css'
import './styles/history.css'
import './styles/machine.css'
import './styles/tree.css'
import './styles/narrow.css'
import { App } from './view/app'
import { parseHash } from './view/hash'

/** What `hmmu view FILE` serves besides the page: a record, or a drill, which comes before the examples. */
async function givenLibrary(name: string): Promise<Library> {
  const isRecord = /\.json(\.gz)?$/.test(name)
  const recorder = isRecord ? undefined : new DrillRecorder()
  const answer = await fetch(`given/${encodeURIComponent(name)}`)
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  if (!recorder) return documentLibrary(parseDocument(text))
  const drill = name.replace(/\.drills?(\.gz)?$/, '')
  return drillLibrary(new Map([[drill, text], ...[...examples].filter(([example]) => example !== drill)]), recorder)
}

async function open(): Promise<void> {
  const root = document.querySelector('#page')!
  const { file } = parseHash(location.hash)
  try {
    const library = file === undefined ? drillLibrary(examples, new DrillRecorder()) : await givenLibrary(file)
    root.replaceChildren()
    render(<App library={library} />, root)
  } catch (error) {
    root.replaceChildren()
    render(
      <p class="message" role="alert">
        {file === undefined ? 'The page' : <b>{file}</b>} can't be shown: {(error as Error).message}
      </p>,
      root,
    )
  }
}

await open()
