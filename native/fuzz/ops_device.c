/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices that come and go, each with its owner, driver and pages. */
#include "fuzz.h"

uint64_t fuzz_owner(uint8_t number)
{
	return HMMU_DEFAULT_OWNER + number % 4u;
}

/* Looks, and takes a page of the device as it frees one. */
static void page_free(struct hmmu *m, uint32_t pfn, void *data)
{
	struct world *w = data;

	(void)m;
	trace(w, "// page_free(%u)\n", pfn);
	check_refused(w);
}

static void look_at_device(struct world *w, uint32_t device)
{
	struct hmmu_device_info info;

	if (hmmu_device_info(w->m, device, &info))
		return;
	if (info.free > info.pages || info.first < hmmu_device_base(w->m) ||
	    info.first + info.pages > hmmu_coherent_base(w->m) + w->coherent_pages)
		broken(w, "device %u: %u of %u pages from %u on are free", device, info.free, info.pages, info.first);
}

static void create_at(struct world *w, const struct fuzz_record *r, uint32_t pages)
{
	uint32_t pfn = hmmu_device_base(w->m) + r->first % (w->device_pages + w->coherent_pages + 2), device;

	trace(w, "hmmu_device_create_at(m, %u, %u, %u, &device);", pfn, pages, r->y % 5u);
	check_result(w, hmmu_device_create_at(w->m, pfn, pages, r->y % 5u, &device));
}

/* Pages around a fault come back with it. A core that is compared with this one may be too old to have the call. */
static void set_fault_window(struct world *w, uint32_t device, uint32_t pages)
{
#ifdef FUZZ_OLD_CORE
	(void)w, (void)device, (void)pages;
#else
	trace(w, "hmmu_device_set_fault_window(m, %u, %u);", device, pages);
	check_result(w, hmmu_device_set_fault_window(w->m, device, pages));
#endif
}

bool op_device(struct world *w, const struct fuzz_record *r)
{
	const struct hmmu_pagemap_ops ops = { .page_free = page_free };
	uint32_t device = r->first % (HMMU_MAX_DEVICES + 1u), pages = (uint32_t)fuzz_pages(r->count);

	if (r->op != FUZZ_OP_DEVICE)
		return false;
	switch (r->x % 8) {
	case 0:
		trace(w, "hmmu_device_create(m, %u, %u, &device);", pages, r->y % 5u);
		check_result(w, hmmu_device_create(w->m, pages, r->y % 5u, &device));
		break;
	case 1:
		trace(w, "hmmu_device_remove(m, %u);", device);
		check_result(w, hmmu_device_remove(w->m, device));
		break;
	case 2:
		trace(w, "hmmu_device_set_owner(m, %u, %u);", device, r->y % 5u);
		check_result(w, hmmu_device_set_owner(w->m, device, r->y % 5u));
		break;
	case 3:
		trace(w, "hmmu_device_driver(m, %u, %s);", device, r->y & 1 ? "page_free" : "none");
		check_result(w, hmmu_device_driver(w->m, device, r->y & 1 ? &ops : NULL, w));
		break;
	case 4:
		trace(w, "hmmu_device_alloc_of(m, %u, &pfn);", device);
		check_result(w, hmmu_device_alloc_of(w->m, device, &w->last_driver_page));
		break;
	case 5:
		set_fault_window(w, r->y & 1 ? 0 : device, r->y & 2 ? r->y : 1u << (r->y >> 4));
		look_at_device(w, device);
		break;
	case 6:
		trace(w, "hmmu_device_create_kind(m, HMMU_DEVICE_COHERENT, %u, %u, &device);", pages, r->y % 5u);
		check_result(w, hmmu_device_create_kind(w->m, HMMU_DEVICE_COHERENT, pages, r->y % 5u, &device));
		break;
	case 7:
		create_at(w, r, pages);
		break;
	default:
		look_at_device(w, device);
		break;
	}
	return true;
}
