/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SCHED_MM_H
#define _LINUX_SCHED_MM_H

#include <linux/mm_types.h>
#include <linux/sched.h>
#include <kapi/place.h>

/* Users keep an address space with its mappings, grabs only the structure. */
bool kapi_mmget_not_zero(struct mm_struct *mm, const struct kapi_place *place);
void kapi_mmput(struct mm_struct *mm, const struct kapi_place *place);
void mmgrab(struct mm_struct *mm);
void kapi_mmdrop(struct mm_struct *mm, const struct kapi_place *place);
#define mmdrop(mm) kapi_mmdrop(mm, KAPI_HERE)
#define mmget_not_zero(mm) kapi_mmget_not_zero(mm, KAPI_HERE)
#define mmget(mm) ((void)kapi_mmget_not_zero(mm, KAPI_HERE))
#define mmput(mm) kapi_mmput(mm, KAPI_HERE)

#endif
