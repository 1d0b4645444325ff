/* SPDX-License-Identifier: GPL-2.0-only */
/* Device memory: its pages, and what the machine asks their driver to do. */
#include <linux/memremap.h>

#include <linux/sched/mm.h>

#include "log/report.h"
#include "mm/core.h"
#include "mm/migrate.h"
#include "mm/mm.h"
#include "mm/owner.h"
#include "mm/page.h"
#include "mm/region.h"

bool is_device_private_page(const struct page *page)
{
	return is_zone_device_page(page) && page->pgmap && page->pgmap->type == MEMORY_DEVICE_PRIVATE;
}

bool is_device_coherent_page(const struct page *page)
{
	return is_zone_device_page(page) && page->pgmap && page->pgmap->type == MEMORY_DEVICE_COHERENT;
}

void kapi_zone_device_page_init(struct page *page, const struct kapi_place *place)
{
	if (!is_zone_device_page(page) || !page->pgmap) {
		report(KAPI_CHECK_BAD_PAGE, place,
		       "zone_device_page_init() of page %s, which is no mapped device memory",
		       page_text((u32)page_to_pfn(page)));
		return;
	}
	if (hmmu_device_alloc_page(machine, (u32)page_to_pfn(page))) {
		core_refused(place, "zone_device_page_init");
		return;
	}
	page_note_allocated(page, place);
	page_note_locked(page, place);
}

/** A fault may be in vain so often. The machine ends the access a little later. */
#define MOST_FAULTS 100

/* --- what the machine calls --- */

static vm_fault_t call_migrate_to_ram(struct mm_struct *mm, u64 address, struct page *page)
{
	struct vm_fault fault = { .vma = mm_find_vma(mm, address), .address = address, .page = page };

	if (!fault.vma)
		return VM_FAULT_SIGBUS;
	return page->pgmap->ops->migrate_to_ram(&fault);
}

static void report_no_progress(const struct kapi_thread *thread, const struct kapi_place *mapped)
{
	if (thread->left_at)
		report(KAPI_CHECK_NO_PROGRESS, thread->left_at,
		       "the migrate_to_ram() that migrates here has returned 0 %d times, and the page at %#llx is "
		       "still "
		       "there: a kernel would go on for ever. Why the page stays: %s",
		       MOST_FAULTS, (unsigned long long)thread->fault_address, thread->left_why);
	else
		report(KAPI_CHECK_NO_PROGRESS, mapped,
		       "the migrate_to_ram() of the memory that is mapped here has returned 0 for the page at %#llx %d "
		       "times, and the page is still there: a kernel would go on for ever. It does not migrate the "
		       "page",
		       (unsigned long long)thread->fault_address, MOST_FAULTS);
}

/* Somebody may have the page for a while, who has to run then. */
static void check_progress(struct kapi_thread *thread, const struct mm_struct *mm, u64 address, u32 pfn)
{
	const struct region *region = region_find(pfn_to_page(pfn)->pgmap->range.start);
	struct hmmu_entry entry;

	if (thread->fault_address != address || thread->fault_pfn != pfn)
		thread->faults = 0;
	thread->fault_address = address;
	thread->fault_pfn = pfn;
	if (hmmu_dump(machine, mm->pid, address, 1, &entry) || entry.kind != HMMU_ENTRY_DEV || entry.pfn != pfn) {
		thread->faults = 0;
		return;
	}
	if (++thread->faults == MOST_FAULTS)
		report_no_progress(thread, region ? region->mapped : NULL);
	thread_yield();
	core_enter(NULL);
}

/* The task of the fault does the driver's work, whoever has caused it. */
static int on_page_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct kapi_thread *thread = thread_current();
	struct mm_struct *other_mm = thread->other_mm, *mm;
	struct hmmu_task_state state;
	bool own = thread->own_other_tid;
	u32 other_tid = thread->other_tid;
	vm_fault_t result;

	(void)data;
	mm = hmmu_task_state(m, tid, &state) ? NULL : mm_of_process(state.pid);
	if (!mm)
		return -EFAULT;
	if (thread->tid != tid && other_tid != tid) {
		thread->other_mm = mm;
		thread->other_tid = tid;
		thread->own_other_tid = false;
	}
	mm_fault_begin(mm);
	page_note_given(pfn_to_page(pfn));
	thread->depth++;
	thread->handled_address = address;
	thread->left_at = NULL;
	result = call_migrate_to_ram(mm, address, pfn_to_page(pfn));
	migrations_check_return();
	thread->depth--;
	mm_fault_end(mm);
	/* The machine goes on with the fault. */
	core_enter(NULL);
	if (!result)
		check_progress(thread, mm, address, pfn);
	thread->other_mm = other_mm;
	thread->other_tid = other_tid;
	thread->own_other_tid = own;
	return result & (VM_FAULT_SIGBUS | VM_FAULT_OOM) ? -EIO : 0;
}

static void on_page_free(struct hmmu *m, uint32_t pfn, void *data)
{
	struct kapi_thread *thread = thread_current();
	struct page *page = pfn_to_page(pfn);
	const char *outer_atomic = thread->atomic;
	struct kapi_thread *outer;

	(void)m;
	(void)data;
	page_note_taken_over(page);
	outer = core_callback_begin();
	thread->atomic = "page_free()";
	thread->pinned++;
	page->pgmap->ops->page_free(page);
	thread->pinned--;
	thread->atomic = outer_atomic;
	core_callback_end(outer);
}

/* --- devices --- */

static bool is_complete(const struct dev_pagemap *pgmap)
{
	return pgmap->nr_range == 1 && pgmap->ops && pgmap->ops->page_free && pgmap->owner;
}

static int check_pgmap(const struct dev_pagemap *pgmap, const struct kapi_place *place)
{
	if (pgmap->type != MEMORY_DEVICE_PRIVATE && pgmap->type != MEMORY_DEVICE_COHERENT)
		report(KAPI_CHECK_LIMIT, place,
		       "memory of a type other than MEMORY_DEVICE_PRIVATE and MEMORY_DEVICE_COHERENT is not emulated");
	else if (!is_complete(pgmap))
		report(KAPI_CHECK_BAD_CALL, place,
		       "memremap_pages() of device memory needs one range, an owner and page_free()");
	else if (pgmap->type == MEMORY_DEVICE_PRIVATE && !pgmap->ops->migrate_to_ram)
		report(KAPI_CHECK_BAD_CALL, place, "memremap_pages() of device-private memory needs migrate_to_ram()");
	else
		return 0;
	return -EINVAL;
}

/* The whole of one that the driver has requested. */
static struct region *requested_region(const struct dev_pagemap *pgmap, const struct kapi_place *place)
{
	struct region *region = region_find(pgmap->range.start);

	if (!region || region->is_claimed || region->resource.end != pgmap->range.end || region->pgmap) {
		report(KAPI_CHECK_BAD_CALL, place,
		       "memremap_pages() needs a whole region of request_free_mem_region() that is not mapped");
		return NULL;
	}
	if (!hmmu_device_set_owner(machine, region->device, owner_number(pgmap->owner)))
		return region;
	core_refused(place, "memremap_pages");
	return NULL;
}

static void set_pgmap(const struct dev_pagemap *pgmap, struct dev_pagemap *value)
{
	u64 end = pgmap->range.end >> PAGE_SHIFT;

	for (u64 pfn = pgmap->range.start >> PAGE_SHIFT; pfn <= end; pfn++)
		*pfn_to_page(pfn) = (struct page){ .pgmap = value };
}

void *kapi_memremap_pages(struct dev_pagemap *pgmap, const struct kapi_place *place)
{
	static const struct hmmu_pagemap_ops ops = { .page_fault = on_page_fault, .page_free = on_page_free };
	struct region *region;

	kapi_might_sleep(place);
	if (check_pgmap(pgmap, place))
		return ERR_PTR(-EINVAL);
	core_enter(place);
	if (pgmap->type == MEMORY_DEVICE_PRIVATE)
		region = requested_region(pgmap, place);
	else
		region = region_claim(pgmap->range.start, pgmap->range.end, owner_number(pgmap->owner), place);
	if (!region)
		return ERR_PTR(-EINVAL);
	hmmu_device_driver(machine, region->device, &ops, pgmap);
	pgmap->kapi_device = region->device;
	region->pgmap = pgmap;
	region->mapped = place;
	set_pgmap(pgmap, pgmap);
	/* Nothing is done with the address: what a CPU may touch of this memory, it touches by its pages. */
	return (void *)(unsigned long)pgmap->range.start;
}

static bool is_unused(void *data)
{
	struct hmmu_device_info info;

	return hmmu_device_info(machine, ((struct dev_pagemap *)data)->kapi_device, &info) || info.free == info.pages;
}

/* It waits until the last page is free. */
void kapi_memunmap_pages(struct dev_pagemap *pgmap, const struct kapi_place *place)
{
	struct region *region = region_find(pgmap->range.start);

	kapi_might_sleep(place);
	if (!region || region->pgmap != pgmap) {
		report(KAPI_CHECK_BAD_CALL, place, "memunmap_pages() of memory that is not mapped");
		return;
	}
	thread_wait(is_unused, pgmap, "the last use of its device pages to end", place);
	set_pgmap(pgmap, NULL);
	region->pgmap = NULL;
	region->mapped = NULL;
	if (region->is_claimed)
		region_give_up(region);
}
