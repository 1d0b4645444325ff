/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file small_driver.h
 * A small driver, in which tests make mistakes: a device with memory, and a mirror of a process's pages. Its functions are called
 * in a call of a task.
 */
#ifndef KAPI_SMALL_DRIVER_H
#define KAPI_SMALL_DRIVER_H

#include "thread_rig.h"

#include <linux/hmm.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/sched.h>

#define SMALL_PAGES 8u

/** The device. */
struct small_device {
	struct dev_pagemap pagemap;
	unsigned char memory[SMALL_PAGES][PAGE_SIZE];
	bool used[SMALL_PAGES];
};

/** The mirror: what the device would read through its tables. */
struct small_mirror {
	struct mmu_interval_notifier notifier;
	struct mutex mutex;
	struct page *pages[SMALL_PAGES]; /**< NULL: not mirrored */
};

/** The machine with its process, and SMALL_PAGES pages of memory; page i begins with the number 100 + i. */
extern struct rig rig;
extern unsigned long memory;
/** Run a driver in a call of the task; then its module goes. */
void run_driver(kernel_function function);
/** The same. There is one report, and it names a line of the driver. */
void expect_report(kernel_function function, enum kapi_check check);
/** In the driver: the task loads a number. */
void expect_number(unsigned long address, unsigned int number);

extern struct small_device device;
extern const struct dev_pagemap_ops device_ops;
/** Get its memory, with these operations. */
void device_add(const struct dev_pagemap_ops *ops);
/** Give it back. */
void device_remove(void);
/** A device page, locked; NULL: none is left. */
struct page *device_get_page(void);
void device_page_free(struct page *page);
vm_fault_t device_migrate_to_ram(struct vm_fault *fault);
/** A word for dst: a page of system memory with the contents of a device page. */
unsigned long device_to_ram_word(struct page *from);

/** A migration to the device in its parts. */
struct to_device {
	struct migrate_vma args;
	unsigned long src[SMALL_PAGES], dst[SMALL_PAGES];
};
/** migrate_vma_setup() under mmap_lock. */
void to_device_setup(struct to_device *t, unsigned long start, unsigned int pages);
/** Fill dst. */
void to_device_copy(struct to_device *t);
/** The whole of it. */
void to_device(unsigned long start, unsigned int pages);
/** The device goes: its first pages come to system memory. */
void device_evict(unsigned long *src, unsigned long *dst, unsigned int pages);

extern struct small_mirror mirror;
extern const struct mmu_interval_notifier_ops mirror_ops;
/** Mirror SMALL_PAGES pages of the task. */
void mirror_add(unsigned long start, const struct mmu_interval_notifier_ops *ops);
void mirror_remove(void);
bool mirror_invalidate(struct mmu_interval_notifier *notifier, const struct mmu_notifier_range *range,
		       unsigned long sequence);

/** What the driver reads. */
struct mirror_read {
	struct hmm_range range;
	unsigned long words[SMALL_PAGES];
};
struct mirror_read mirror_range(unsigned long start);
/** hmm_range_fault() under mmap_lock. */
int mirror_fault(struct mirror_read *read);
/** Write the device's table. */
void mirror_store(const struct mirror_read *read);
/** All as it should be. Returns how often it went round. */
unsigned int mirror_fill(unsigned long start);

#endif
