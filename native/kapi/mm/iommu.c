/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An IOMMU. Each device has addresses of its own, from its mask down. No address is given out twice, so one that is stale is
 * known as such; none is a physical address, so a driver that takes the one for the other one is found. A page that is never
 * mapped lies between two mappings.
 */
#include "mm/iommu.h"

#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>

#include "host/host.h"
#include "mm/core.h"

/** How many mappings are remembered when they are gone. */
#define MOST_GONE 1024u
/** x86 has 48 bits of addresses for devices; the last one is for the kernel. */
#define ADDRESS_LIMIT (1ull << 47)

static struct rb_root mappings;
static struct dma_mapping *gone[MOST_GONE];
static u64 gone_count;
static struct dma_link **links_of_frames;
static u32 frames;

bool iommu_boot(void)
{
	frames = core_pages();
	links_of_frames = host_reserve(frames * sizeof(struct dma_link *));
	return links_of_frames;
}

void iommu_shutdown(void)
{
	while (mappings.rb_node) {
		struct dma_mapping *mapping = rb_entry(mappings.rb_node, struct dma_mapping, node);

		rb_erase(&mapping->node, &mappings);
		host_free(mapping->bounce);
		host_free(mapping);
	}
	memset(gone, 0, sizeof(gone));
	gone_count = 0;
	if (links_of_frames)
		host_release(links_of_frames, frames * sizeof(struct dma_link *));
	links_of_frames = NULL;
}

u64 iommu_floor(void)
{
	return (u64)frames << PAGE_SHIFT;
}

/* The addresses below those that the device has been given. 0: there are too few. */
static dma_addr_t new_address(struct device *device, u64 pages)
{
	u64 mask = device->kapi_dma_mask ? device->kapi_dma_mask : U32_MAX;
	u64 top = min(mask, ADDRESS_LIMIT - 1) + 1, used = (device->kapi_dma_pages + pages + 1) << PAGE_SHIFT;

	if (used > top - iommu_floor())
		return 0;
	device->kapi_dma_pages += pages + 1;
	return (top & PAGE_MASK) - used;
}

static bool is_before(const struct device *device, dma_addr_t address, const struct dma_mapping *mapping)
{
	return device != mapping->device ? device < mapping->device : address < mapping->address;
}

static void insert(struct dma_mapping *mapping)
{
	struct rb_node **link = &mappings.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = is_before(mapping->device, mapping->address, rb_entry(parent, struct dma_mapping, node))
			       ? &parent->rb_left
			       : &parent->rb_right;
	}
	rb_link_node(&mapping->node, parent, link);
	rb_insert_color(&mapping->node, &mappings);
}

struct dma_mapping *iommu_map(const struct dma_mapping *wanted)
{
	u64 pages = PAGE_ALIGN(wanted->offset + wanted->size) >> PAGE_SHIFT;
	u32 links = wanted->kind == DMA_OF_PAGE ? (u32)pages : 0;
	dma_addr_t address = new_address(wanted->device, pages);
	struct dma_mapping *mapping;

	if (!address)
		return NULL;
	mapping = host_alloc(sizeof(*mapping) + links * sizeof(mapping->link[0]));
	if (!mapping)
		return NULL;
	*mapping = *wanted;
	mapping->address = address + wanted->offset;
	mapping->links = links;
	for (u32 i = 0; i < links; i++) {
		mapping->link[i] = (struct dma_link){ mapping, links_of_frames[mapping->pfn + i] };
		links_of_frames[mapping->pfn + i] = &mapping->link[i];
	}
	insert(mapping);
	return mapping;
}

static void unlink_frame(struct dma_link *gone_link, u32 pfn)
{
	struct dma_link **link = &links_of_frames[pfn];

	while (*link != gone_link)
		link = &(*link)->next;
	*link = gone_link->next;
}

void iommu_unmap(struct dma_mapping *mapping, const struct kapi_place *place)
{
	struct dma_mapping **slot = &gone[gone_count++ % MOST_GONE];

	for (u32 i = 0; i < mapping->links; i++)
		unlink_frame(&mapping->link[i], mapping->pfn + i);
	host_free(mapping->bounce);
	mapping->bounce = NULL;
	mapping->unmapped = place;
	mapping->is_gone = true;
	if (*slot) {
		rb_erase(&(*slot)->node, &mappings);
		host_free(*slot);
	}
	*slot = mapping;
}

struct dma_mapping *iommu_find(const struct device *device, dma_addr_t address)
{
	struct rb_node *node = mappings.rb_node;
	struct dma_mapping *found = NULL;

	while (node) {
		struct dma_mapping *mapping = rb_entry(node, struct dma_mapping, node);
		bool before = is_before(device, address, mapping);

		if (!before)
			found = mapping;
		node = before ? node->rb_left : node->rb_right;
	}
	return found && found->device == device && address - found->address < found->size ? found : NULL;
}

struct dma_link *iommu_links(u32 pfn)
{
	return pfn < frames ? links_of_frames[pfn] : NULL;
}

struct dma_mapping *iommu_any(const struct device *device)
{
	for (struct rb_node *node = rb_first(&mappings); node; node = rb_next(node)) {
		struct dma_mapping *mapping = rb_entry(node, struct dma_mapping, node);

		if (!mapping->is_gone && (!device || mapping->device == device))
			return mapping;
	}
	return NULL;
}
