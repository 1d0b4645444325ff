/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * module.h - what the files of the module share.
 */
#ifndef ORACLE_MODULE_H
#define ORACLE_MODULE_H

#include <linux/memremap.h>
#include <linux/mm_types.h>
#include <linux/types.h>
#include "oracle.h"

/* device.c */
enum { PRIVATE, COHERENT };

struct device_memory {
	struct dev_pagemap pagemap;
	unsigned long pfn_first;
	unsigned long most;   /* pages there are; 0: no device */
	unsigned long pages;  /* pages the drill may use */
	unsigned long low;    /* no page below is free */
	unsigned long high;   /* pages ever taken since the last reset */
	unsigned long *taken; /* a bitmap */
};

extern struct device_memory or_devices[2];
extern char or_owner, or_stranger; /* their addresses tell them apart */

int or_make_devices(unsigned long coherent);
struct device_memory *or_device_of(const struct page *page);
unsigned long or_dev_index(const struct page *page);
struct page *or_contents(struct page *page);
struct page *or_dev_alloc(struct device_memory *dev);
s64 or_free_pages_of(struct device_memory *dev);
void or_reset_devices(struct or_reset *r);

/* migrate.c */
vm_fault_t or_dev_fault(struct vm_fault *vmf);
long or_migrate_pages(struct or_migrate *m, bool evict);
void or_arm_stages(void);
void or_wait_for_stage(struct or_wait *wait);
void or_leave_stage(void);

/* mirror.c, exclusive.c */
long or_attach(void);
long or_mirror_range(struct or_mirror *m);
long or_make_exclusive(struct or_exclusive *x);

/* entry.c */
struct entry {
	int kind, bits, users;
	struct page *page;
};

struct mm_struct *or_mm_of(u32 pid);
pmd_t *or_find_pmd(struct mm_struct *mm, unsigned long addr);
void or_look(struct mm_struct *mm, unsigned long addr, struct entry *e, bool special_too,
	     void (*fn)(struct entry *e, void *arg), void *arg);
void or_take_ref(struct entry *e, void *arg);
bool or_lock_to_look(struct mm_struct *mm);
void or_settle(void);

/* labels.c */
extern unsigned long or_labels_end; /* of system memory */

void or_make_labels(void);
int or_label_of(struct page *page);
void or_forget_labels(void);

/* dump.c, count.c */
long or_dump_pages(struct or_dump *d);
long or_count_pages(struct or_count *c);

/* handles.c */
enum or_handle_kind { H_FREE, H_PIN, H_DMA, H_HOLD, H_ISOLATE };

long or_pin_pages(struct or_pin *p);
long or_grab_page(struct or_grab *g, enum or_handle_kind kind);
long or_drop(unsigned int n);
void or_drop_all(void);

/* reclaim.c, disk.c */
long or_reclaim_pages(struct or_range *r);
long or_truncate_file(struct or_range *r);
int or_make_disk(void);

/* watch.c */
int or_make_events(void);
long or_watch_mm(struct or_watch *w);
long or_take_events(struct or_events *e);
void or_forget_watches(void);

#endif
