/* SPDX-License-Identifier: GPL-2.0-only */
/** @file memcg.h The memory cgroup: one group, charged by page, with a limit. */
#ifndef HMMU_MEMCG_H
#define HMMU_MEMCG_H

#include "page.h"

/** Reserve @p nr pages of the limit; false when they are not to be had. */
bool mem_cgroup_try_charge(struct hmmu *m, u32 nr);
void mem_cgroup_cancel_charge(struct hmmu *m, u32 nr);
/** The reserved charge becomes the page's. */
void mem_cgroup_commit_charge(struct hmmu *m, u32 pfn);
void mem_cgroup_uncharge(struct hmmu *m, u32 pfn);
/** A migration: the new page is charged beyond the limit if need be; the old one keeps its charge until it is freed. */
void mem_cgroup_migrate(struct hmmu *m, u32 old_pfn, u32 new_pfn);

#endif
