/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_UACCESS_H
#define _LINUX_UACCESS_H

#include <kapi/place.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/types.h>

/* Copies to or from the memory of the current task. They return how many bytes are left. */
unsigned long kapi_copy_from_user(void *to, const void __user *from, unsigned long size,
				  const struct kapi_place *place) __must_check;
unsigned long kapi_copy_to_user(void __user *to, const void *from, unsigned long size,
				const struct kapi_place *place) __must_check;
#define copy_from_user(to, from, size) kapi_copy_from_user(to, from, size, KAPI_HERE)
#define copy_to_user(to, from, size) kapi_copy_to_user(to, from, size, KAPI_HERE)

#endif
