/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file numbering.h
 * New numbers for records, in the order of their first appearance. So a hash does not depend on which of several free records
 * were taken.
 */
#ifndef HMMU_NUMBERING_H
#define HMMU_NUMBERING_H

#include "host/machine.h"
#include "host/numbering.h"

/** Begin anew: no record has a number. False: the host has no memory. */
static bool numbering_begin(struct hmmu *m);
static void numbering_free(struct hmmu *m);

/** The number of a record, 0 if it has none yet. */
static inline u32 number_known(const struct numbering *numbering, enum numbered kind, u32 record)
{
	u64 number = numbering->of[kind][record];

	return number > numbering->before ? (u32)(number - numbering->before) : 0;
}
/** Give the record the next number. */
static inline u32 number_give(struct numbering *numbering, enum numbered kind, u32 record)
{
	numbering->of[kind][record] = ++numbering->given;
	return (u32)(numbering->given - numbering->before);
}

#endif
