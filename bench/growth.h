/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file growth.h
 * --growth: operations on ever more mappings, processes, sharers or files. `npm run bench:growth` looks at how their
 * instructions grow.
 *
 * An operation whose name ends in " one" does a fixed amount of work among n; any other one does something to all n.
 */
#ifndef BENCH_GROWTH_H
#define BENCH_GROWTH_H

#include "bench.h"

/** How often an operation on one of n is done, at places far from each other. */
#define PLACES 16u

/** A world with n of something. Its `pages` is n, so that n is in the key of each sample. */
struct crowd {
	struct world world;
	uint64_t *places;                   /**< n addresses */
	uint32_t *numbers;                  /**< n processes, tasks or intervals */
	struct hmmu_migration **migrations; /**< n of them */
};

/** The crowd of a world, which is its first member. */
static inline struct crowd *crowd_of(struct world *w)
{
	return (struct crowd *)w;
}

/** Where an operation on one of n works for the i-th time. */
static inline uint64_t place_among(const struct world *w, uint32_t i)
{
	return (uint64_t)i * w->pages / PLACES;
}

/** A machine without contents and with a process. @p n is how many there will be of @p what, @p pages what they take. */
struct crowd *crowd_create(struct bench *bench, const char *what, uint64_t n, uint64_t pages);
/** The same with a pool of huge pages; 0: that of any machine. */
struct crowd *crowd_create_huge(struct bench *bench, const char *what, uint64_t n, uint64_t pages, uint64_t huge_pages);
void crowd_destroy(struct crowd *c);

/** mmap() of w->address. */
void map_pages(struct world *w, uint64_t pages, uint32_t kind);
/** A store to each of the pages from w->address on. */
void touch_pages(struct world *w, uint64_t pages);

/* growth_mappings.c, growth_processes.c, growth_pages.c */
void grow_cuts(struct bench *bench, uint64_t n);
void grow_mappings(struct bench *bench, uint64_t n);
void grow_files(struct bench *bench, uint64_t n);
void grow_processes(struct bench *bench, uint64_t n);
void grow_sharers(struct bench *bench, uint64_t n);
void grow_tasks(struct bench *bench, uint64_t n);
void grow_waiters(struct bench *bench, uint64_t n);
void grow_migrations(struct bench *bench, uint64_t n);
void grow_intervals(struct bench *bench, uint64_t n);
void grow_swap(struct bench *bench, uint64_t n);
void grow_calls(struct bench *bench, uint64_t n);
void grow_hugetlb(struct bench *bench, uint64_t n);

#endif
