/* SPDX-License-Identifier: GPL-2.0-only */
/** @file insert_page.h Pages of drivers in mappings of users. */
#ifndef HMMU_INSERT_PAGE_H
#define HMMU_INSERT_PAGE_H

#include "mm/task.h"

/** insert_page_into_pte_locked(): map a page at an empty pte, with the rights of the mapping, which takes over a reference. */
static void insert_page_into_pte(struct ctx *ctx, u32 vma, u64 *pte, u32 page);

#endif
