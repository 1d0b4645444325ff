/* SPDX-License-Identifier: GPL-2.0-only */
/* What programs and the driver share. */
#ifndef TINYMEM_H
#define TINYMEM_H

#include <linux/ioctl.h>
#include <linux/types.h>

/** Pages of the caller's memory. */
struct tinymem_range {
	__u64 address;
	__u64 pages;
	__u64 done; /**< how many were moved */
};

/** A word, as the device sees it. */
struct tinymem_word {
	__u64 address;
	__u64 value;
};

/** Move pages to the device. Those that cannot move now stay. */
#define TINYMEM_MIGRATE _IOWR('t', 1, struct tinymem_range)
/** The device reads a word. EFAULT: its page is not on the device. */
#define TINYMEM_READ _IOWR('t', 2, struct tinymem_word)
/** The device writes one. */
#define TINYMEM_WRITE _IOW('t', 3, struct tinymem_word)

#endif
