/* SPDX-License-Identifier: GPL-2.0-only */
/* What programs and the driver share. */
#ifndef TINYMEM_H
#define TINYMEM_H

#include <linux/ioctl.h>
#include <linux/types.h>

/** What a program asks for, and what came of it. */
struct tinymem_request {
	__u64 address;
	__u64 pages;
	__u64 result;
};

/** Move pages to the device; the result is how many have moved. Those that cannot move now stay. */
#define TINYMEM_MIGRATE _IOWR('t', 1, struct tinymem_request)
/** The device reads the word at an address. EFAULT: its page is not on the device. */
#define TINYMEM_READ _IOWR('t', 2, struct tinymem_request)

#endif
