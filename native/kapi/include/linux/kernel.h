/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_KERNEL_H
#define _LINUX_KERNEL_H

#include <linux/array_size.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/container_of.h>
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/types.h>

#define DIV_ROUND_UP(value, by) (((value) + (by)-1) / (by))
#define ALIGN(value, to) (((value) + (to)-1) & ~((__typeof__(value))(to)-1))
#define ALIGN_DOWN(value, to) ((value) & ~((__typeof__(value))(to)-1))
#define IS_ALIGNED(value, to) (!((value) & ((to)-1)))
#define upper_32_bits(value) ((u32)((u64)(value) >> 32))
#define lower_32_bits(value) ((u32)(value))
#define u64_to_user_ptr(value) ((void __user *)(unsigned long)(value))

/** The calling thread may sleep here. In atomic context that is reported. */
void kapi_might_sleep(const struct kapi_place *place);
#define might_sleep() kapi_might_sleep(KAPI_HERE)

#endif
