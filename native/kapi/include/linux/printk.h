/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_PRINTK_H
#define _LINUX_PRINTK_H

#include <linux/compiler.h>
#include <linux/init.h>

/** The kernel's levels of messages. */
enum kapi_log_level { KAPI_LOG_ERR = 3, KAPI_LOG_WARNING, KAPI_LOG_NOTICE, KAPI_LOG_INFO, KAPI_LOG_DEBUG };

/** A message of the driver. */
void kapi_printk(enum kapi_log_level level, const char *format, ...) __printf(2, 3);

/* The machine has no stack to show; the place says where it is. */
#define dump_stack() kapi_printk(KAPI_LOG_WARNING, "%s:%d: dump_stack() in %s()", __FILE__, __LINE__, __func__)

#ifndef pr_fmt
#define pr_fmt(format) format
#endif
#define pr_err(format, ...) kapi_printk(KAPI_LOG_ERR, pr_fmt(format), ##__VA_ARGS__)
#define pr_warn(format, ...) kapi_printk(KAPI_LOG_WARNING, pr_fmt(format), ##__VA_ARGS__)
#define pr_notice(format, ...) kapi_printk(KAPI_LOG_NOTICE, pr_fmt(format), ##__VA_ARGS__)
#define pr_info(format, ...) kapi_printk(KAPI_LOG_INFO, pr_fmt(format), ##__VA_ARGS__)
/* A kernel without DEBUG evaluates nothing of it. */
#define pr_debug(format, ...) \
	do { \
		if (0) \
			kapi_printk(KAPI_LOG_DEBUG, pr_fmt(format), ##__VA_ARGS__); \
	} while (0)

#endif
