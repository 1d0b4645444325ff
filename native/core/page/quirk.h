/* SPDX-License-Identifier: GPL-2.0-only */
/** @file quirk.h Which faults of its kernel a machine has. */
#ifndef HMMU_QUIRK_H
#define HMMU_QUIRK_H

#include "host/machine.h"

/** The bits of the quirks that the kernel knows: those that some profile of it has. No machine has others. */
#define X(name, bit, profiles, ...) | ((profiles)&KERNEL_PROFILES ? 1u << (bit) : 0)
enum { KERNEL_QUIRKS = 0u HMMU_QUIRKS(X) };
#undef X

/** Whether a machine has a quirk. Of a quirk that the kernel does not know, the compiler keeps nothing. */
static inline bool quirk(const struct hmmu *m, u32 which)
{
	return m->quirks & which & KERNEL_QUIRKS;
}

#endif
