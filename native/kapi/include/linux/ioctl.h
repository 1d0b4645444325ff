/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_IOCTL_H
#define _LINUX_IOCTL_H

/* The numbers of ioctls are the host's. */
#include <asm/ioctl.h>

#endif
