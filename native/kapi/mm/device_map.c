/* SPDX-License-Identifier: GPL-2.0-only */
/* Mappings of devices, into which their drivers put pages. */
#include "mm/device_map.h"

#include <linux/kernel.h>

#include "log/report.h"
#include "mm/core.h"

int device_map_begin(struct mm_struct *mm, const struct hmmu_map *map, uint64_t *address)
{
	struct hmmu_map mixed = *map;
	u32 tid = mm_task(mm, NULL);
	int err;

	mixed.kind = HMMU_MAP_MIXED;
	mixed.no_pages = true;
	*address = 0;
	err = tid ? CORE_CALL(tid, NULL, hmmu_mmap(machine, tid, &mixed, address)) : -ENOMEM;
	if (err)
		*address = 0;
	return err;
}

void device_map_undo(struct mm_struct *mm, const struct hmmu_map *map, u64 address)
{
	u32 tid = mm_task(mm, NULL);

	CORE_CALL(tid, NULL, hmmu_munmap(machine, tid, address, map->pages << PAGE_SHIFT));
}

int kapi_vm_insert_page(struct vm_area_struct *vma, unsigned long address, struct page *page,
			const struct kapi_place *place)
{
	u32 tid;
	int err;

	kapi_might_sleep(place);
	mm_need_lock(vma->vm_mm, "vm_insert_page", place);
	if (address < vma->vm_start || address >= vma->vm_end)
		return -EFAULT;
	tid = mm_task(vma->vm_mm, place);
	if (!tid || !page)
		return -EINVAL;
	err = hmmu_vm_insert_page(machine, tid, address, (u32)page_to_pfn(page));
	/* A page that is nobody's, or that only devices see, is none that a driver of a kernel could pass. */
	if (err && hmmu_error(machine)->code == HMMU_ERR_REFERENCE)
		core_refused(place, "vm_insert_page");
	return err;
}
