/* SPDX-License-Identifier: GPL-2.0-only */
/* The DMA API of drivers, and what is checked of it: more than CONFIG_DMA_API_DEBUG does, as pages are checked as well. */
#include "mm/dma.h"

#include <kapi/dma.h>
#include <linux/dma-mapping.h>
#include <linux/kernel.h>

#include "host/host.h"
#include "lib/heap.h"
#include "log/report.h"
#include "mm/core.h"
#include "mm/iommu.h"
#include "task/faults.h"

static const char *const directions[] = { "DMA_BIDIRECTIONAL", "DMA_TO_DEVICE", "DMA_FROM_DEVICE", "DMA_NONE" };
static const char *const map_names[] = { "dma_map_page", "dma_map_single", "dma_alloc_coherent" };

static bool bounces;
static const struct kapi_place *last_unknown, *last_freed;

void kapi_bounce_dma(bool on)
{
	bounces = on;
}

void dma_reset(void)
{
	bounces = false;
	last_unknown = last_freed = NULL;
}

/* --- the memory of a mapping --- */

/* The part of a page's mapping that lies in one frame: its address, and its size, at most @p size. NULL: the page is free. */
static unsigned char *frame_part(const struct dma_mapping *mapping, size_t at, size_t *size)
{
	size_t position = mapping->offset + at, offset = position & ~PAGE_MASK;
	unsigned char *frame = hmmu_page_data(machine, mapping->pfn + (u32)(position >> PAGE_SHIFT));

	*size = min(*size, (size_t)PAGE_SIZE - offset);
	return frame ? frame + offset : NULL;
}

/* Between the memory itself and a buffer. */
static void copy_memory(const struct dma_mapping *mapping, size_t at, unsigned char *buffer, size_t size, bool write)
{
	while (size) {
		size_t part = size;
		unsigned char *memory = mapping->bytes ? mapping->bytes + at : frame_part(mapping, at, &part);

		if (memory)
			memcpy(write ? memory : buffer, write ? buffer : memory, part);
		at += part;
		buffer += part;
		size -= part;
	}
}

/* swiotlb: a bounce buffer has the memory's contents from the beginning, and the memory what the device has written at the
 * end. */
static bool make_bounce(struct dma_mapping *mapping)
{
	if (!bounces || mapping->kind == DMA_OF_COHERENT)
		return true;
	mapping->bounce = host_alloc(mapping->size);
	if (mapping->bounce)
		copy_memory(mapping, 0, mapping->bounce, mapping->size, false);
	return mapping->bounce;
}

static void write_back(const struct dma_mapping *mapping, size_t at, size_t size)
{
	if (mapping->bounce && kapi_dma_writes(mapping->direction))
		copy_memory(mapping, at, mapping->bounce + at, size, true);
}

static u32 allocation_of(u32 pfn)
{
	struct hmmu_page_info info;

	return hmmu_page_info(machine, pfn, &info) || info.free ? 0 : info.alloc_id;
}

/* Somebody has freed the page, and perhaps somebody else has it. */
static bool is_freed(const struct dma_mapping *mapping)
{
	return mapping->kind == DMA_OF_PAGE && allocation_of(mapping->pfn) != mapping->alloc_id;
}

/* --- mapping --- */

static bool is_mappable(struct page *page, size_t offset, size_t size, const struct kapi_place *place)
{
	u32 first = page ? (u32)page_to_pfn(page) : 0;
	size_t frames = PAGE_ALIGN(offset + size) >> PAGE_SHIFT;
	struct hmmu_page_info info;

	for (size_t i = 0; i < frames; i++) {
		if (!first || hmmu_page_info(machine, first + (u32)i, &info))
			report(KAPI_CHECK_BAD_DMA, place, "dma_map_page() of something that is no page");
		else if (core_is_private(first + (u32)i))
			report(KAPI_CHECK_BAD_DMA, place,
			       "dma_map_page() of device page %s, which no other device can reach",
			       page_text(info.pfn));
		else if (info.free)
			report(KAPI_CHECK_BAD_DMA, place, "dma_map_page() of page %s, which is free",
			       page_text(info.pfn));
		else
			continue;
		return false;
	}
	return true;
}

static bool is_callable(const struct device *device, size_t size, enum dma_data_direction direction, const char *call,
			const struct kapi_place *place)
{
	if (device && size && direction < DMA_NONE)
		return true;
	report(KAPI_CHECK_BAD_DMA, place, "%s() needs a device, a size and a direction", call);
	return false;
}

static struct dma_mapping *map(const struct dma_mapping *wanted)
{
	struct dma_mapping *mapping = fault_happens(KAPI_FAULT_DMA_MAPPING, wanted->mapped) ? NULL : iommu_map(wanted);

	if (mapping && !make_bounce(mapping)) {
		iommu_unmap(mapping, wanted->mapped);
		return NULL;
	}
	return mapping;
}

dma_addr_t kapi_dma_map_page(struct device *device, struct page *page, size_t offset, size_t size,
			     enum dma_data_direction direction, const struct kapi_place *place)
{
	struct dma_mapping wanted = { .device = device,
				      .size = size,
				      .direction = direction,
				      .kind = DMA_OF_PAGE,
				      .offset = offset,
				      .mapped = place };
	const struct dma_mapping *mapping;

	if (!is_callable(device, size, direction, "dma_map_page", place) || !is_mappable(page, offset, size, place))
		return DMA_MAPPING_ERROR;
	wanted.pfn = (u32)(page_to_pfn(page) + (offset >> PAGE_SHIFT));
	wanted.alloc_id = allocation_of(wanted.pfn);
	wanted.offset &= ~PAGE_MASK;
	mapping = map(&wanted);
	return mapping ? mapping->address : DMA_MAPPING_ERROR;
}

dma_addr_t kapi_dma_map_single(struct device *device, void *memory, size_t size, enum dma_data_direction direction,
			       const struct kapi_place *place)
{
	struct dma_mapping wanted = { .device = device,
				      .size = size,
				      .direction = direction,
				      .kind = DMA_OF_SINGLE,
				      .bytes = memory,
				      .mapped = place };
	const struct dma_mapping *mapping;

	if (!is_callable(device, size, direction, "dma_map_single", place))
		return DMA_MAPPING_ERROR;
	mapping = map(&wanted);
	return mapping ? mapping->address : DMA_MAPPING_ERROR;
}

int kapi_dma_mapping_error(struct device *device, dma_addr_t address)
{
	struct dma_mapping *mapping = address == DMA_MAPPING_ERROR ? NULL : iommu_find(device, address);

	if (mapping)
		mapping->error_asked = true;
	return address == DMA_MAPPING_ERROR ? -ENOMEM : 0;
}

int dma_set_mask(struct device *device, u64 mask)
{
	if (mask < iommu_floor() + PAGE_SIZE)
		return -EIO;
	device->kapi_dma_mask = mask;
	return 0;
}

/* --- unmapping --- */

/* A line that unmaps garbage mostly does so in a loop: it is reported once, as CONFIG_DMA_API_DEBUG does. */
static void report_unknown(const char *call, dma_addr_t address, const struct kapi_place *place)
{
	if (place != last_unknown && is_uninitialised(address))
		report(KAPI_CHECK_UNINITIALISED, place, "%s() of an address that was never written", call);
	else if (place != last_unknown)
		report(KAPI_CHECK_BAD_DMA, place, "%s() of address %#llx, which is not mapped", call, address);
	last_unknown = place;
}

/* The mapping that has an address, if it is there. */
static struct dma_mapping *find(struct device *device, dma_addr_t address, const char *call,
				const struct kapi_place *place)
{
	struct dma_mapping *mapping = iommu_find(device, address);

	if (!mapping)
		report_unknown(call, address, place);
	else if (mapping->is_gone)
		report(KAPI_CHECK_BAD_DMA, place, "%s() of what is mapped at %s, and unmapped already at %s", call,
		       place_text(mapping->mapped), place_text(mapping->unmapped));
	else
		return mapping;
	return NULL;
}

/* Whether all is as at the beginning of the mapping. */
static void check_end(const struct dma_mapping *mapping, dma_addr_t address, size_t size,
		      enum dma_data_direction direction, enum dma_kind kind, const char *call,
		      const struct kapi_place *place)
{
	if (address != mapping->address || size != mapping->size)
		report(KAPI_CHECK_BAD_DMA, place, "%s() of %zu bytes at %#llx; mapped are %zu at %#llx, at %s", call,
		       size, address, mapping->size, mapping->address, place_text(mapping->mapped));
	if (direction != mapping->direction)
		report(KAPI_CHECK_BAD_DMA, place, "%s() with %s of what is mapped with %s, at %s", call,
		       directions[direction], directions[mapping->direction], place_text(mapping->mapped));
	if (kind != mapping->kind)
		report(KAPI_CHECK_BAD_DMA, place, "%s() of what is mapped by %s(), at %s", call,
		       map_names[mapping->kind], place_text(mapping->mapped));
	if (!mapping->error_asked && mapping->kind != DMA_OF_COHERENT)
		report(KAPI_CHECK_BAD_DMA, place,
		       "%s() of what is mapped at %s, where dma_mapping_error() is not asked", call,
		       place_text(mapping->mapped));
	if (is_freed(mapping) && place != last_freed) {
		report(KAPI_CHECK_BAD_DMA, place, "%s() of page %s, which is mapped at %s, and was freed since", call,
		       page_text(mapping->pfn), place_text(mapping->mapped));
		last_freed = place;
	}
}

void kapi_dma_unmap(struct device *device, dma_addr_t address, size_t size, enum dma_data_direction direction,
		    bool is_page, const struct kapi_place *place)
{
	const char *call = is_page ? "dma_unmap_page" : "dma_unmap_single";
	struct dma_mapping *mapping;

	if (!is_callable(device, size, direction, call, place))
		return;
	mapping = find(device, address, call, place);
	if (!mapping)
		return;
	check_end(mapping, address, size, direction, is_page ? DMA_OF_PAGE : DMA_OF_SINGLE, call, place);
	write_back(mapping, 0, mapping->size);
	iommu_unmap(mapping, place);
}

void kapi_dma_sync(struct device *device, dma_addr_t address, size_t size, enum dma_data_direction direction,
		   bool for_cpu, const struct kapi_place *place)
{
	const char *call = for_cpu ? "dma_sync_single_for_cpu" : "dma_sync_single_for_device";
	struct dma_mapping *mapping;
	size_t at;

	if (!is_callable(device, size, direction, call, place))
		return;
	mapping = find(device, address, call, place);
	if (!mapping)
		return;
	at = address - mapping->address;
	/* A part of both directions may be synchronised. */
	if (size > mapping->size - at || (direction != mapping->direction && mapping->direction != DMA_BIDIRECTIONAL)) {
		report(KAPI_CHECK_BAD_DMA, place,
		       "%s() with another direction, or past the end, of what is mapped at %s", call,
		       place_text(mapping->mapped));
		return;
	}
	mapping->is_cpu_s = for_cpu;
	if (for_cpu)
		write_back(mapping, at, size);
	else if (mapping->bounce)
		copy_memory(mapping, at, mapping->bounce + at, size, false);
}

/* --- memory for CPU and device together --- */

void *kapi_dma_alloc(struct device *device, size_t size, dma_addr_t *address, gfp_t gfp, const struct kapi_place *place)
{
	struct dma_mapping wanted = { .device = device, .size = size, .kind = DMA_OF_COHERENT, .mapped = place };
	const struct dma_mapping *mapping;

	if (!is_callable(device, size, DMA_BIDIRECTIONAL, "dma_alloc_coherent", place))
		return NULL;
	wanted.bytes = heap_alloc_internal(size, gfp, place);
	if (!wanted.bytes)
		return NULL;
	mapping = map(&wanted);
	if (!mapping) {
		heap_free_internal(wanted.bytes);
		return NULL;
	}
	*address = mapping->address;
	return wanted.bytes;
}

void kapi_dma_free(struct device *device, size_t size, void *memory, dma_addr_t address, const struct kapi_place *place)
{
	struct dma_mapping *mapping;

	kapi_might_sleep(place);
	if (!memory)
		return;
	mapping = find(device, address, "dma_free_coherent", place);
	if (!mapping)
		return;
	check_end(mapping, address, size, mapping->direction, DMA_OF_COHERENT, "dma_free_coherent", place);
	if (mapping->bytes != memory)
		report(KAPI_CHECK_BAD_DMA, place, "dma_free_coherent() with memory and address of two allocations");
	if (mapping->kind == DMA_OF_COHERENT)
		heap_free_internal(mapping->bytes);
	iommu_unmap(mapping, place);
}

/* --- the device --- */

/* The mapping of an access. NULL: the IOMMU forbids it. */
static struct dma_mapping *access_of(struct device *device, dma_addr_t address, size_t size, bool write,
				     const struct kapi_place *place)
{
	struct dma_mapping *mapping = iommu_find(device, address);
	const char *verb = write ? "writes to" : "reads from";

	if (!mapping)
		report(KAPI_CHECK_BAD_DMA, place, "the device %s address %#llx, which is not mapped", verb, address);
	else if (mapping->is_gone)
		report(KAPI_CHECK_BAD_DMA, mapping->unmapped,
		       "the device %s what is mapped at %s after it is unmapped here", verb,
		       place_text(mapping->mapped));
	else if (size > mapping->size - (address - mapping->address))
		report(KAPI_CHECK_BAD_DMA, mapping->mapped, "the device goes past the end of what is mapped here");
	else if (write && !kapi_dma_writes(mapping->direction))
		report(KAPI_CHECK_BAD_DMA, mapping->mapped,
		       "the device writes to what is mapped with DMA_TO_DEVICE here");
	else if (is_freed(mapping))
		report(KAPI_CHECK_BAD_DMA, mapping->mapped,
		       "the device %s page %s, which is mapped here, and was freed since", verb,
		       page_text(mapping->pfn));
	else
		return mapping;
	return NULL;
}

int kapi_device_dma(struct device *device, dma_addr_t address, void *buffer, size_t size, bool write,
		    const struct kapi_place *place)
{
	struct dma_mapping *mapping = access_of(device, address, size, write, place);
	size_t at;

	if (!mapping)
		return -EFAULT;
	at = address - mapping->address;
	if (mapping->bounce)
		memcpy(write ? mapping->bounce + at : buffer, write ? buffer : mapping->bounce + at, size);
	else
		copy_memory(mapping, at, buffer, size, write);
	return 0;
}

/* --- checks --- */

bool dma_check_unused(u32 pfn, const char *what, const struct kapi_place *place)
{
	const struct dma_link *link = iommu_links(pfn);

	if (link)
		report(KAPI_CHECK_BAD_DMA, place, "page %s %s while a device has it, mapped at %s", page_text(pfn),
		       what, place_text(link->mapping->mapped));
	return link;
}

void dma_check_cpu(u32 pfn, bool writes, const struct kapi_place *place)
{
	for (const struct dma_link *link = iommu_links(pfn); link; link = link->next) {
		const struct dma_mapping *mapping = link->mapping;

		if (mapping->is_cpu_s || (!writes && !kapi_dma_writes(mapping->direction)))
			continue;
		report(KAPI_CHECK_BAD_DMA, place,
		       "the CPU touches page %s, which the device has since %s; dma_sync_single_for_cpu() is missing",
		       page_text(pfn), place_text(mapping->mapped));
		return;
	}
}

bool dma_check_visible(u32 pfn, const struct kapi_place *place)
{
	for (const struct dma_link *link = iommu_links(pfn); link; link = link->next)
		if (link->mapping->bounce && kapi_dma_writes(link->mapping->direction) && !link->mapping->is_cpu_s) {
			report(KAPI_CHECK_BAD_DMA, place,
			       "page %s goes to a program while it is mapped, at %s: what the device has written is "
			       "still in the bounce buffer",
			       page_text(pfn), place_text(link->mapping->mapped));
			return true;
		}
	return false;
}

void dma_report_left(const struct device *device)
{
	for (struct dma_mapping *left = iommu_any(device); left; left = iommu_any(device)) {
		report(KAPI_CHECK_DMA_LEFT, left->mapped, "%zu bytes that are mapped here by %s() are never unmapped",
		       left->size, map_names[left->kind]);
		if (left->kind == DMA_OF_COHERENT)
			heap_free_internal(left->bytes);
		iommu_unmap(left, NULL);
	}
}
