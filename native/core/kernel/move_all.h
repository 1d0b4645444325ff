/* SPDX-License-Identifier: GPL-2.0-only */
/** @file move_all.h Moves all entries of a migration for a driver that is written elsewhere. For bindings; public functions only. */
#ifndef HMMU_KERNEL_MOVE_ALL_H
#define HMMU_KERNEL_MOVE_ALL_H

#include "hmmu/hmmu.h"

/* The language is what C and C++ have in common. */

/** What an entry has now, as bits. */
enum move_from { MOVE_SYSTEM = 1, MOVE_DEVICE = 2, MOVE_EMPTY = 4 };

/** Where to, and which entries. */
struct move_all {
	const uint64_t *src;
	uint64_t *dst;
	uint64_t count;      /**< of entries */
	const uint8_t *only; /**< for each entry, 0: it stays; NULL: all may move */
	uint8_t *moved;      /**< for each entry, gets a mark if it has moved */
	uint32_t from;       /**< enum move_from */
	uint32_t to;         /**< enum hmmu_target */
	uint32_t device;     /**< its number, if @p to is a device */
	uint32_t flags;      /**< of the words in dst */
	uint32_t mark;
};

/** Entries that are looked at before their pages are allocated. */
enum { MOVES_AT_ONCE = 512 };

/** The pages that need not move. */
struct move_there {
	uint64_t first, count, device_base;
};

static inline struct move_there move_there(const struct hmmu *m, const struct move_all *all)
{
	const uint64_t base = hmmu_device_base(m);
	struct move_there there = { 0, base, base };
	struct hmmu_device_info info;

	if (all->to == HMMU_TO_DEVICE && hmmu_device_info(m, all->device, &info) >= 0) {
		there.first = info.first;
		there.count = info.pages;
	}
	return there;
}

/** Whether an entry is to move: it can, nothing is in its dst, and its page is of a wanted kind and elsewhere. */
static inline bool move_wanted(const struct move_all *all, struct move_there there, uint64_t i)
{
	const uint64_t src = all->src[i], pfn = src >> HMMU_PFN_SHIFT;
	uint32_t from = MOVE_EMPTY;

	if (!(src & HMMU_PFN_MIGRATE) || (all->dst[i] & (HMMU_PFN_VALID | HMMU_PFN_ERROR)) ||
	    (all->only && !all->only[i]))
		return false;
	if (src & HMMU_PFN_VALID) {
		from = pfn >= there.device_base ? MOVE_DEVICE : MOVE_SYSTEM;
		if (pfn - there.first < there.count)
			return false;
	}
	return (all->from & from) != 0;
}

/** Gives some entries their pages, of which there may be too few: how many have got one, or a negative errno. */
static inline int64_t move_some(struct hmmu *m, const struct move_all *all, const uint64_t *entries, uint32_t *pages,
				uint32_t count)
{
	uint32_t at = 0;
	int64_t sum = 0;

	while (at < count) {
		const int done = hmmu_destinations(m, all->to, all->device, pages + at, count - at);

		if (done < 0)
			return done;
		sum += done;
		for (int k = 0; k < done && at < count; k++, at++) {
			all->dst[entries[at]] = hmmu_word(pages[at], all->flags);
			all->moved[entries[at]] = (uint8_t)all->mark;
		}
		/* One that gets no page stays. Others may get one: failures can be injected. */
		if (at++ < count && !hmmu_destinations_left(m, all->to, all->device))
			break;
	}
	return sum;
}

/** How many entries have got a page. A negative errno: as hmmu_destinations(); some may have got one. */
static inline int64_t move_all(struct hmmu *m, const struct move_all *all)
{
	const struct move_there there = move_there(m, all);
	uint32_t pages[MOVES_AT_ONCE];
	uint64_t entries[MOVES_AT_ONCE], i = 0;
	int64_t sum = 0;

	while (i < all->count) {
		uint32_t count = 0;
		int64_t done;

		for (; i < all->count && count < MOVES_AT_ONCE; i++)
			if (move_wanted(all, there, i)) {
				pages[count] = all->src[i] & HMMU_PFN_VALID ? (uint32_t)(all->src[i] >> HMMU_PFN_SHIFT)
									    : 0;
				entries[count++] = i;
			}
		done = move_some(m, all, entries, pages, count);
		if (done < 0)
			return done;
		sum += done;
	}
	return sum;
}

#endif
