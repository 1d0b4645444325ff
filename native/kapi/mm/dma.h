/* SPDX-License-Identifier: GPL-2.0-only */
/** @file dma.h Checks of mappings for devices. */
#ifndef KAPI_DMA_CHECKS_H
#define KAPI_DMA_CHECKS_H

#include <linux/device.h>
#include <linux/mm.h>

/** A driver has given up its last use of a page, or gets a new one: no device may have it. @p what says which. Returns whether
 * it is reported. */
bool dma_check_unused(u32 pfn, const char *what, const struct kapi_place *place);
/** The CPU touches a page on the driver's account. */
void dma_check_cpu(u32 pfn, bool writes, const struct kapi_place *place);
/** A program gets a page: it must not miss what a device has written to a bounce buffer. Returns whether it is reported. */
bool dma_check_visible(u32 pfn, const struct kapi_place *place);
/** Report what is still mapped. NULL: of any device. */
void dma_report_left(const struct device *device);
/** No bounce buffers; each line is reported anew. */
void dma_reset(void);

#endif
