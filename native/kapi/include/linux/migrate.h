/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MIGRATE_H
#define _LINUX_MIGRATE_H

#include <kapi/place.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rbtree.h>
#include <linux/slab.h>

/* The bits of src and dst words; the page frame number is above them. */
#define MIGRATE_PFN_VALID (1ul << 0)
#define MIGRATE_PFN_MIGRATE (1ul << 1)
#define MIGRATE_PFN_WRITE (1ul << 3)
#define MIGRATE_PFN_SHIFT 6

static inline struct page *migrate_pfn_to_page(unsigned long word)
{
	return word & MIGRATE_PFN_VALID ? pfn_to_page(word >> MIGRATE_PFN_SHIFT) : NULL;
}

static inline unsigned long migrate_pfn(unsigned long pfn)
{
	return pfn << MIGRATE_PFN_SHIFT | MIGRATE_PFN_VALID;
}

enum migrate_vma_direction {
	MIGRATE_VMA_SELECT_SYSTEM = 1 << 0,
	MIGRATE_VMA_SELECT_DEVICE_PRIVATE = 1 << 1,
	MIGRATE_VMA_SELECT_DEVICE_COHERENT = 1 << 2,
};

struct kapi_migration;

struct migrate_vma {
	struct vm_area_struct *vma;
	unsigned long *dst;
	unsigned long *src;
	unsigned long cpages;
	unsigned long npages;
	unsigned long start;
	unsigned long end;
	void *pgmap_owner;
	unsigned long flags;
	struct page *fault_page;
	struct kapi_migration *kapi_migration; /**< NULL: none is under way */
};

int kapi_migrate_vma_setup(struct migrate_vma *args, const struct kapi_place *place);
void kapi_migrate_vma_pages(struct migrate_vma *args, const struct kapi_place *place);
void kapi_migrate_vma_finalize(struct migrate_vma *args, const struct kapi_place *place);
int kapi_migrate_device_range(unsigned long *src, unsigned long first, unsigned long pages,
			      const struct kapi_place *place);
void kapi_migrate_device_pages(unsigned long *src, unsigned long *dst, unsigned long pages,
			       const struct kapi_place *place);
void kapi_migrate_device_finalize(unsigned long *src, unsigned long *dst, unsigned long pages,
				  const struct kapi_place *place);

#define migrate_vma_setup(args) kapi_migrate_vma_setup(args, KAPI_HERE)
#define migrate_vma_pages(args) kapi_migrate_vma_pages(args, KAPI_HERE)
#define migrate_vma_finalize(args) kapi_migrate_vma_finalize(args, KAPI_HERE)
#define migrate_device_range(src, first, pages) kapi_migrate_device_range(src, first, pages, KAPI_HERE)
#define migrate_device_pages(src, dst, pages) kapi_migrate_device_pages(src, dst, pages, KAPI_HERE)
#define migrate_device_finalize(src, dst, pages) kapi_migrate_device_finalize(src, dst, pages, KAPI_HERE)

#endif
