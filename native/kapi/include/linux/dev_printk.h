/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_DEV_PRINTK_H
#define _LINUX_DEV_PRINTK_H

#include <linux/printk.h>

#ifndef dev_fmt
#define dev_fmt(format) format
#endif
/* Messages begin with the device's name. */
#define KAPI_DEV_PRINTK(level, device, format, ...) \
	kapi_printk(level, "%s: " dev_fmt(format), dev_name(device), ##__VA_ARGS__)
#define dev_err(device, format, ...) KAPI_DEV_PRINTK(KAPI_LOG_ERR, device, format, ##__VA_ARGS__)
#define dev_warn(device, format, ...) KAPI_DEV_PRINTK(KAPI_LOG_WARNING, device, format, ##__VA_ARGS__)
#define dev_notice(device, format, ...) KAPI_DEV_PRINTK(KAPI_LOG_NOTICE, device, format, ##__VA_ARGS__)
#define dev_info(device, format, ...) KAPI_DEV_PRINTK(KAPI_LOG_INFO, device, format, ##__VA_ARGS__)
#define dev_dbg(device, format, ...) \
	do { \
		if (0) \
			KAPI_DEV_PRINTK(KAPI_LOG_DEBUG, device, format, ##__VA_ARGS__); \
	} while (0)

#endif
