/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_DELAY_H
#define _LINUX_DELAY_H

#include <kapi/place.h>

/** Sleep for virtual time. */
void kapi_msleep(unsigned int milliseconds, const struct kapi_place *place);
#define msleep(milliseconds) kapi_msleep(milliseconds, KAPI_HERE)
#define usleep_range(least, most) kapi_msleep(((most) + 999) / 1000, KAPI_HERE)

#endif
