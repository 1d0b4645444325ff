/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MMAP_LOCK_H
#define _LINUX_MMAP_LOCK_H

#include <kapi/place.h>
#include <linux/mm_types.h>

void kapi_mmap_read_lock(struct mm_struct *mm, const struct kapi_place *place);
bool kapi_mmap_read_trylock(struct mm_struct *mm, const struct kapi_place *place);
void kapi_mmap_read_unlock(struct mm_struct *mm, const struct kapi_place *place);
#define mmap_read_lock(mm) kapi_mmap_read_lock(mm, KAPI_HERE)
#define mmap_read_trylock(mm) kapi_mmap_read_trylock(mm, KAPI_HERE)
#define mmap_read_unlock(mm) kapi_mmap_read_unlock(mm, KAPI_HERE)

#endif
