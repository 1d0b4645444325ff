/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_UACCESS_H
#define _LINUX_UACCESS_H

#include <kapi/place.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/errno.h>
#include <linux/types.h>

/* Copies to or from the memory of the current task. They return how many bytes are left. */
unsigned long kapi_copy_from_user(void *to, const void __user *from, unsigned long size,
				  const struct kapi_place *place) __must_check;
unsigned long kapi_copy_to_user(void __user *to, const void *from, unsigned long size,
				const struct kapi_place *place) __must_check;
#define copy_from_user(to, from, size) kapi_copy_from_user(to, from, size, KAPI_HERE)
#define copy_to_user(to, from, size) kapi_copy_to_user(to, from, size, KAPI_HERE)
/* One value. Evaluates to 0 or -EFAULT, and the variable then is 0. */
#define get_user(variable, from) \
	({ \
		__typeof__(((void)0, *(from))) kapi_value_; /* without const */ \
		int kapi_error_ = copy_from_user(&kapi_value_, from, sizeof(kapi_value_)) ? -EFAULT : 0; \
		(variable) = kapi_error_ ? 0 : kapi_value_; \
		kapi_error_; \
	})
#define put_user(value, to) \
	({ \
		__typeof__(*(to)) kapi_value_ = (value); \
		copy_to_user(to, &kapi_value_, sizeof(kapi_value_)) ? -EFAULT : 0; \
	})

#endif
