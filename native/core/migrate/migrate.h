/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file migrate.h
 * migrate_vma() as a context with a stage and a position. Each stage is a loop over a function for one entry. A run to
 * the end and single steps use these same functions.
 */
#ifndef HMMU_MIGRATE_H
#define HMMU_MIGRATE_H

#include "migrate/word.h"
#include "mm/task.h"

/** The built-in driver, as this kernel has it. */
static const struct hmmu_migrate_ops builtin_ops;
/** Forget the migrations under way: no callback is called, and the callers' arrays stay as they are. */
static void migrations_drop(struct hmmu *m);
/** Whether a callback of a migration runs. */
static bool migration_in_callback(const struct hmmu *m);
/** Whether the page is a source or destination of a migration of the task, one of whose callbacks runs. */
static bool task_has_locked(const struct hmmu *m, u32 task, u32 pfn);
/** Set what faults and munlock do about their waits. */
static void wait_ops_init(struct hmmu *m);
/** The page that the fault on it has locked for its handler, whose migration this is; else 0. */
static inline u32 page_locked_by_fault(const struct hmmu_migration *mig)
{
	return KERNEL >= V6_12 ? mig->fault_lock : 0;
}
/** Unlock a source, unless that is for the fault to do. */
static inline void unlock_source(struct hmmu_migration *mig, u32 page)
{
	if (page != page_locked_by_fault(mig))
		unlock_page(mig->ctx.m, page);
}
/** Record why entry i does not move. */
static __attribute__((cold)) void set_why(struct hmmu_migration *mig, u64 i, enum hmmu_why why);

/** Tell of the references of a page that does not move since it has more than it may have. */
static __attribute__((cold)) void note_references(struct hmmu_migration *mig, u64 i, u32 page, int32_t expected);

/** @name Stages. Each call does a part of a stage: collect the range of one page table, any other stage the entries
 * [from, to). A step passes one entry, a run passes all.
 * @{ */
/** True when the whole range is collected. */
static bool migrate_vma_collect_one(struct hmmu_migration *mig);
static NOINLINE void migrate_vma_prepare(struct hmmu_migration *mig, u64 from, u64 to);
static void migrate_vma_prepare_restore(struct hmmu_migration *mig, u64 from, u64 to);
static NOINLINE void migrate_vma_unmap(struct hmmu_migration *mig, u64 from, u64 to);
static void migrate_vma_unmap_restore(struct hmmu_migration *mig, u64 from, u64 to);
/** Unmap of Linux 6.12, which has no prepare. */
static NOINLINE void migrate_device_unmap(struct hmmu_migration *mig, u64 from, u64 to);
static void migrate_device_unmap_restore(struct hmmu_migration *mig, u64 from, u64 to);
/** Collect of migrate_device_range(): reference and lock the pages themselves, by no table. */
static bool migrate_device_range_collect(struct hmmu_migration *mig);
static NOINLINE void migrate_vma_pages(struct hmmu_migration *mig, u64 from, u64 to);
static NOINLINE void migrate_vma_finalize(struct hmmu_migration *mig, u64 from, u64 to);
static NOINLINE void migrate_vma_insert_page(struct hmmu_migration *mig, u64 i, u64 address, u32 newpage);
/** @} */

/** Check the request's arrays after alloc_and_copy(), and take dst over. -EINVAL: the driver broke a rule; then all
 * destinations are freed, and no page will move. */
static NOINLINE int migrate_accept_driver(struct hmmu_migration *mig);
/** Make a broken rule of entry i the machine's error; @p format says what is wrong. Returns the rule. */
static enum hmmu_rule migrate_rule_breach(struct hmmu_migration *mig, u64 i, enum hmmu_rule rule, const char *format,
					  ...) __attribute__((format(printf, 4, 5), cold));
/** Keep the error as the migration's result, unless there was an earlier one. */
static NOINLINE void migrate_remember_error(struct hmmu_migration *mig, int err);
/** Free the destinations that the driver put into the request's dst. */
static NOINLINE void migrate_discard_destinations(struct hmmu_migration *mig);
/** Record the pages that take their places now, and to which their driver never wrote. */
static void migrate_note_unwritten(struct hmmu_migration *mig);
/** Check that finalize_and_map() has changed neither array. */
static NOINLINE int migrate_check_unchanged(struct hmmu_migration *mig);

#endif
