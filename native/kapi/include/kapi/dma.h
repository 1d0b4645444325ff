/* SPDX-License-Identifier: GPL-2.0-only */
/** @file dma.h What a device does by itself: for the fakes of a driver's surroundings. */
#ifndef KAPI_DMA_H
#define KAPI_DMA_H

#include <kapi/place.h>
#include <linux/device.h>

/** Read or write memory as the device does, by an address of the DMA API. -EFAULT: it is not mapped for that, or a part of it
 * is not; nothing is read or written, and it is reported. */
int kapi_device_dma(struct device *device, dma_addr_t address, void *buffer, size_t size, bool write,
		    const struct kapi_place *place);
#define kapi_dma_read(device, address, to, size) kapi_device_dma(device, address, to, size, false, KAPI_HERE)
#define kapi_dma_write(device, address, from, size) \
	kapi_device_dma(device, address, (void *)(from), size, true, KAPI_HERE)

#endif
