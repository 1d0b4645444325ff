/* SPDX-License-Identifier: GPL-2.0-only */
/** @file iommu.h What devices may reach: mappings, by their addresses and by their pages. */
#ifndef KAPI_IOMMU_H
#define KAPI_IOMMU_H

#include <linux/device.h>
#include <linux/dma-direction.h>
#include <linux/rbtree.h>

#include <kapi/place.h>

/** How a mapping was made, and has to be ended. */
enum dma_kind { DMA_OF_PAGE, DMA_OF_SINGLE, DMA_OF_COHERENT };

struct dma_mapping;

/** A mapping, in the list of a page. */
struct dma_link {
	struct dma_mapping *mapping;
	struct dma_link *next;
};

/** A mapping. */
struct dma_mapping {
	struct rb_node node;
	struct device *device;
	dma_addr_t address;
	size_t size;
	enum dma_data_direction direction;
	enum dma_kind kind;
	u32 pfn;               /**< of a page: its first frame */
	u32 alloc_id;          /**< its allocation then */
	size_t offset;         /**< in this frame */
	unsigned char *bytes;  /**< of other memory */
	unsigned char *bounce; /**< NULL: the device reaches the memory itself */
	bool error_asked;      /**< dma_mapping_error() */
	bool is_cpu_s;         /**< dma_sync_single_for_cpu() */
	const struct kapi_place *mapped;
	const struct kapi_place *unmapped;
	bool is_gone; /**< it was unmapped */
	u32 links;
	struct dma_link link[]; /**< of a page: one of each frame */
};

/** Begin with nothing mapped. false: the host has no address space. */
bool iommu_boot(void);
/** Forget all mappings. */
void iommu_shutdown(void);
/** Give a mapping an address, and note it. NULL: the device's mask has no address left, or the host no memory. */
struct dma_mapping *iommu_map(const struct dma_mapping *wanted);
/** The mapping is gone; it is remembered for a while, for reports. */
void iommu_unmap(struct dma_mapping *mapping, const struct kapi_place *place);
/** The mapping that has an address, or had it. NULL: there was none for long. */
struct dma_mapping *iommu_find(const struct device *device, dma_addr_t address);
/** The first mapping of a page frame; the others follow by links. NULL: it is not mapped. */
struct dma_link *iommu_links(u32 pfn);
/** Any mapping of a device, or of all if @p device is NULL. NULL: there is none. */
struct dma_mapping *iommu_any(const struct device *device);
/** The lowest address that no mask may exclude. */
u64 iommu_floor(void);

#endif
