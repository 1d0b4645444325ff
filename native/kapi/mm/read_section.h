/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file read_section.h
 * What a thread does between mmu_interval_read_begin() and the use of the pages that hmm_range_fault() has found. These are
 * good if mmu_interval_read_retry() says so, under the driver's lock, until it gives up the lock.
 */
#ifndef KAPI_READ_SECTION_H
#define KAPI_READ_SECTION_H

#include <linux/mmu_notifier.h>

/** The running thread has called mmu_interval_read_begin(). */
void read_section_begin(const struct mmu_interval_notifier *notifier, const struct kapi_place *place);
/** It has got pages. */
void read_section_found(const struct mmu_interval_notifier *notifier, const struct kapi_place *place);
/** Its hmm_range_fault() has failed with -EBUSY. Returns whether that goes on for ever. */
bool read_section_is_stuck(const struct mmu_interval_notifier *notifier, const struct kapi_place *place);
/** It has called mmu_interval_read_retry(), with this result. */
void read_section_checked(const struct mmu_interval_notifier *notifier, bool retry, const struct kapi_place *place);
/** It uses a page. */
void read_section_use(const struct kapi_place *place);
/** A notifier goes, and with it all that was read with it. */
void read_sections_end(const struct mmu_interval_notifier *notifier);
/** The running thread's call ends. */
void read_sections_check_return(void);
/** Forget all. */
void read_sections_forget(void);

#endif
