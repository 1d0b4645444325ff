/* SPDX-License-Identifier: GPL-2.0-only */
/** @file device_coherent.h Brings a device-coherent page to RAM. Linux 6.12. */
#ifndef HMMU_DEVICE_COHERENT_H
#define HMMU_DEVICE_COHERENT_H

#include "mm/task.h"

/** migrate_device_coherent_folio(): move a page that is locked to a new page of RAM, in all processes. Lock and reference of the
 * caller go. -EBUSY: somebody else has a reference, or no frame is free; the page is where it was. */
static int migrate_device_coherent_page(struct ctx *ctx, u32 page);

#endif
