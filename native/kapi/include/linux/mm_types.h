/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_TYPES_H
#define _LINUX_MM_TYPES_H

#include <linux/types.h>

struct dev_pagemap;
struct mm_struct;

/** What a driver may touch of a page. All else belongs to the emulated machine, which knows the page by its number. */
struct page {
	struct dev_pagemap *pgmap;
	void *zone_device_data;
};

/** All pages of a large one, or one page; the machine knows which. */
struct folio {
	struct page page;
};

/** A mapping, as it is while mmap_lock is held. */
struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	struct mm_struct *vm_mm;
	void *vm_private_data;
	struct vm_area_struct *kapi_next;
};

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long address;
	struct page *page;
};

#endif
