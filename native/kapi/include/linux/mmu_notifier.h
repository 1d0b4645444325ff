/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MMU_NOTIFIER_H
#define _LINUX_MMU_NOTIFIER_H

#include <kapi/place.h>
#include <linux/interval_tree.h>
#include <linux/list.h>
#include <linux/mmap_lock.h>
#include <linux/spinlock.h>

enum mmu_notifier_event {
	MMU_NOTIFY_UNMAP,
	MMU_NOTIFY_CLEAR,
	MMU_NOTIFY_PROTECTION_VMA,
	MMU_NOTIFY_PROTECTION_PAGE,
	MMU_NOTIFY_SOFT_DIRTY,
	MMU_NOTIFY_RELEASE,
	MMU_NOTIFY_MIGRATE,
	MMU_NOTIFY_EXCLUSIVE,
};

#define MMU_NOTIFIER_RANGE_BLOCKABLE 1u

/** An invalidation of [start, end). */
struct mmu_notifier_range {
	struct mm_struct *mm;
	unsigned long start;
	unsigned long end;
	unsigned int flags;
	enum mmu_notifier_event event;
	void *owner;
};

struct mmu_interval_notifier;

struct mmu_interval_notifier_ops {
	bool (*invalidate)(struct mmu_interval_notifier *notifier, const struct mmu_notifier_range *range,
			   unsigned long sequence);
};

struct mmu_interval_notifier {
	const struct mmu_interval_notifier_ops *ops;
	struct mm_struct *mm;
	unsigned int kapi_interval; /**< number of the emulated interval */
};

int kapi_interval_insert(struct mmu_interval_notifier *notifier, struct mm_struct *mm, unsigned long start,
			 unsigned long length, const struct mmu_interval_notifier_ops *ops,
			 const struct kapi_place *place);
void kapi_interval_remove(struct mmu_interval_notifier *notifier, const struct kapi_place *place);
unsigned long kapi_interval_read_begin(struct mmu_interval_notifier *notifier, const struct kapi_place *place);
bool kapi_interval_read_retry(struct mmu_interval_notifier *notifier, unsigned long sequence,
			      const struct kapi_place *place);
void kapi_interval_set_seq(struct mmu_interval_notifier *notifier, unsigned long sequence,
			   const struct kapi_place *place);

/** Whether it is of no use to go on. Needs no lock, and false promises nothing. */
bool mmu_interval_check_retry(const struct mmu_interval_notifier *notifier, unsigned long sequence);

#define mmu_interval_notifier_insert(notifier, mm, start, length, ops) \
	kapi_interval_insert(notifier, mm, start, length, ops, KAPI_HERE)
#define mmu_interval_notifier_remove(notifier) kapi_interval_remove(notifier, KAPI_HERE)
#define mmu_interval_read_begin(notifier) kapi_interval_read_begin(notifier, KAPI_HERE)
#define mmu_interval_read_retry(notifier, sequence) kapi_interval_read_retry(notifier, sequence, KAPI_HERE)
#define mmu_interval_set_seq(notifier, sequence) kapi_interval_set_seq(notifier, sequence, KAPI_HERE)

static inline bool mmu_notifier_range_blockable(const struct mmu_notifier_range *range)
{
	return range->flags & MMU_NOTIFIER_RANGE_BLOCKABLE;
}

#endif
