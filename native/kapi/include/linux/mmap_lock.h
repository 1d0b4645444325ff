/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MMAP_LOCK_H
#define _LINUX_MMAP_LOCK_H

#include <kapi/place.h>
#include <linux/compiler.h>
#include <linux/mm_types.h>

void kapi_mmap_lock(struct mm_struct *mm, bool write, const struct kapi_place *place);
bool __must_check kapi_mmap_trylock(struct mm_struct *mm, bool write, const struct kapi_place *place);
void kapi_mmap_unlock(struct mm_struct *mm, const struct kapi_place *place);
#define mmap_read_lock(mm) kapi_mmap_lock(mm, false, KAPI_HERE)
/* No signals are emulated. */
#define mmap_read_lock_killable(mm) (kapi_mmap_lock(mm, false, KAPI_HERE), 0)
#define mmap_write_lock_killable(mm) (kapi_mmap_lock(mm, true, KAPI_HERE), 0)
#define mmap_read_trylock(mm) kapi_mmap_trylock(mm, false, KAPI_HERE)
#define mmap_read_unlock(mm) kapi_mmap_unlock(mm, KAPI_HERE)
#define mmap_write_lock(mm) kapi_mmap_lock(mm, true, KAPI_HERE)
#define mmap_write_trylock(mm) kapi_mmap_trylock(mm, true, KAPI_HERE)
#define mmap_write_unlock(mm) kapi_mmap_unlock(mm, KAPI_HERE)

#endif
