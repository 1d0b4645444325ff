/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_DMA_MAPPING_H
#define _LINUX_DMA_MAPPING_H

#include <kapi/place.h>
#include <linux/device.h>
#include <linux/dma-direction.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/scatterlist.h>
#include <linux/types.h>

/*
 * Addresses are those of an IOMMU: they go down from the device's mask, they never equal a physical address, and none is
 * given out a second time. A mapping is checked from its beginning to its end, as a kernel with CONFIG_DMA_API_DEBUG does.
 */
#define DMA_MAPPING_ERROR (~(dma_addr_t)0)
#define DMA_BIT_MASK(bits) ((bits) == 64 ? ~0ull : (1ull << (bits)) - 1)

dma_addr_t kapi_dma_map_page(struct device *device, struct page *page, size_t offset, size_t size,
			     enum dma_data_direction direction, const struct kapi_place *place);
dma_addr_t kapi_dma_map_single(struct device *device, void *memory, size_t size, enum dma_data_direction direction,
			       const struct kapi_place *place);
void kapi_dma_unmap(struct device *device, dma_addr_t address, size_t size, enum dma_data_direction direction,
		    bool is_page, const struct kapi_place *place);
int kapi_dma_mapping_error(struct device *device, dma_addr_t address);
void kapi_dma_sync(struct device *device, dma_addr_t address, size_t size, enum dma_data_direction direction,
		   bool for_cpu, const struct kapi_place *place);
void *kapi_dma_alloc(struct device *device, size_t size, dma_addr_t *address, gfp_t gfp,
		     const struct kapi_place *place);
void kapi_dma_free(struct device *device, size_t size, void *memory, dma_addr_t address,
		   const struct kapi_place *place);
/** -EIO: the mask leaves no room above the machine's physical addresses. */
int dma_set_mask(struct device *device, u64 mask);

#define dma_map_page(device, page, offset, size, direction) \
	kapi_dma_map_page(device, page, offset, size, direction, KAPI_HERE)
#define dma_map_page_attrs(device, page, offset, size, direction, attributes) \
	((void)(attributes), kapi_dma_map_page(device, page, offset, size, direction, KAPI_HERE))
#define dma_unmap_page(device, address, size, direction) \
	kapi_dma_unmap(device, address, size, direction, true, KAPI_HERE)
#define dma_unmap_page_attrs(device, address, size, direction, attributes) \
	((void)(attributes), kapi_dma_unmap(device, address, size, direction, true, KAPI_HERE))
#define dma_map_single(device, memory, size, direction) kapi_dma_map_single(device, memory, size, direction, KAPI_HERE)
#define dma_unmap_single(device, address, size, direction) \
	kapi_dma_unmap(device, address, size, direction, false, KAPI_HERE)
#define dma_mapping_error(device, address) kapi_dma_mapping_error(device, address)
#define dma_sync_single_for_cpu(device, address, size, direction) \
	kapi_dma_sync(device, address, size, direction, true, KAPI_HERE)
#define dma_sync_single_for_device(device, address, size, direction) \
	kapi_dma_sync(device, address, size, direction, false, KAPI_HERE)
#define dma_alloc_coherent(device, size, address, gfp) kapi_dma_alloc(device, size, address, gfp, KAPI_HERE)
#define dma_free_coherent(device, size, memory, address) kapi_dma_free(device, size, memory, address, KAPI_HERE)

static inline int dma_set_coherent_mask(struct device *device, u64 mask)
{
	return dma_set_mask(device, mask);
}

static inline int dma_set_mask_and_coherent(struct device *device, u64 mask)
{
	return dma_set_mask(device, mask);
}

#endif
