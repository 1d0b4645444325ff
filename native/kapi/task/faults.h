/* SPDX-License-Identifier: GPL-2.0-only */
/** @file faults.h Faults on demand. */
#ifndef KAPI_FAULTS_H
#define KAPI_FAULTS_H

#include <kapi/place.h>
#include <linux/types.h>

#include "kapi.h"

/** A place is passed where it might happen; the driver's line is @p place. Whether it does. */
bool fault_happens(enum kapi_fault fault, const struct kapi_place *place);
/** The same, for @p count places at once. Which of them it is, from 0; @p count: none. */
u64 fault_happens_among(enum kapi_fault fault, u64 count, const struct kapi_place *place);
/** Begin to count anew; nothing happens. */
void faults_reset(void);

#endif
