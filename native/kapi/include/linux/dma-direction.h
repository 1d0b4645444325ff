/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_DMA_DIRECTION_H
#define _LINUX_DMA_DIRECTION_H

enum dma_data_direction { DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_NONE };

/** Whether the device may write. */
static inline int kapi_dma_writes(enum dma_data_direction direction)
{
	return direction == DMA_BIDIRECTIONAL || direction == DMA_FROM_DEVICE;
}

#endif
