/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SWAPOPS_H
#define _LINUX_SWAPOPS_H

/* Drivers include it, and no driver that is supported uses any of its names. */
#include <linux/mm.h>

#endif
