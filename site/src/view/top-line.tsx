// SPDX-License-Identifier: GPL-2.0-only

import type { Library } from '../record/library'
import type { Commands } from './keys'
import type { Session } from './session'

/** The name, what is looked at, and commands that have no other place. */
export function TopLine({ library, session, commands }: { library: Library; session: Session; commands: Commands }) {
  const { place, look } = session
  const profiles = library.profilesOf(place.drill)
  return (
    <header>
      <h1>hmmu</h1>
      <Choice
        label="Drill"
        options={library.drills}
        value={place.drill}
        note={session.isEdited ? 'edited' : undefined}
        onChoice={(drill) => look({ drill, step: undefined, page: undefined }, true)}
      />
      {session.isEdited && (
        <button type="button" class="link" onClick={session.reset}>
          Reset
        </button>
      )}
      <span>
        <span class="muted">on </span>
        <Choice
          label="Profile"
          options={profiles}
          value={place.profile}
          // The two change places if the other one is chosen.
          onChoice={(profile) => look({ profile, compare: place.compare === profile ? place.profile : place.compare })}
        />
      </span>
      {place.compare !== undefined && (
        <span>
          <span class="muted">and </span>
          <Choice
            label="Profile to compare with"
            options={profiles.filter((each) => each !== place.profile)}
            value={place.compare}
            onChoice={(compare) => look({ compare })}
          />
        </span>
      )}
      <div class="right">
        <button
          type="button"
          aria-pressed={place.compare !== undefined}
          disabled={profiles.length < 2}
          onClick={() => commands.compare()}
        >
          Compare profiles <kbd>c</kbd>
        </button>
        <button type="button" onClick={() => commands.save()}>
          Save <kbd>s</kbd>
        </button>
        <button type="button" onClick={() => commands.theme()}>
          Light or dark <kbd>t</kbd>
        </button>
        <button type="button" onClick={() => commands.help()}>
          Keys <kbd>?</kbd>
        </button>
      </div>
    </header>
  )
}

interface ChoiceProps {
  label: string
  options: readonly string[]
  value: string
  /** Behind the value that is chosen. */
  note?: string | undefined
  onChoice: (value: string) => void
}

function Choice({ label, options, value, note, onChoice }: ChoiceProps) {
  return (
    <select aria-label={label} value={value} onChange={(event) => onChoice(event.currentTarget.value)}>
      {options.map((option) => (
        <option key={option} value={option}>
          {note !== undefined && option === value ? `${option}, ${note}` : option}
        </option>
      ))}
    </select>
  )
}
