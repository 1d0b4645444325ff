// SPDX-License-Identifier: GPL-2.0-only
//
// What is looked at, of what there is. Links come from anywhere, and drills go.

import type { Library } from '../record/library'
import { type Place, USUAL } from './hash'

/** A place that exists. */
export type ValidPlace = Place & { readonly drill: string; readonly profile: string }

/** The place itself, or the nearest one that exists. `compare` becomes the name of another profile, or nothing. */
export function valid(library: Pick<Library, 'drills' | 'profilesOf'>, place: Place): ValidPlace {
  const drill = place.drill !== undefined && library.drills.includes(place.drill) ? place.drill : library.drills[0]!
  const profiles = library.profilesOf(drill)
  const profile = place.profile !== undefined && profiles.includes(place.profile) ? place.profile : profiles[0]!
  return { ...place, drill, profile, compare: comparedWith(place.compare, profile, profiles) }
}

function comparedWith(wanted: string | undefined, profile: string, profiles: readonly string[]): string | undefined {
  if (wanted === USUAL || wanted === profile) return usualOther(profile, profiles)
  return wanted !== undefined && profiles.includes(wanted) ? wanted : undefined
}

function usualOther(profile: string, profiles: readonly string[]): string | undefined {
  const others = profiles.filter((each) => each !== profile)
  return others.find((each) => each === `${profile}-fixed` || profile === `${each}-fixed`) ?? others[0]
}
