/* SPDX-License-Identifier: GPL-2.0-only */
/** @file create.h What every handle of a machine gets, whether it is made, copied or restored. */
#ifndef HMMU_CREATE_H
#define HMMU_CREATE_H

#include "host/machine.h"

/** The bits of the quirks that the kernel knows: those that some profile of it has. */
static inline u32 kernel_quirks(void)
{
#define X(name, bit, profiles, ...) | ((profiles)&KERNEL_PROFILES ? 1u << (bit) : 0)
	return 0 HMMU_QUIRKS(X);
#undef X
}

/** Set the operations of the device and of waits to their defaults. */
static void set_default_ops(struct hmmu *m);

#endif
