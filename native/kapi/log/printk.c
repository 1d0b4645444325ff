/* SPDX-License-Identifier: GPL-2.0-only */
#include "log/printk.h"

#include <linux/string.h>

#include "host/host.h"
#include "kapi.h"

static enum kapi_log_level last_level = KAPI_LOG_INFO;

void kapi_set_print(kapi_print_fn function, void *data)
{
	host_set_print(function, data);
}

void printk_set_level(enum kapi_log_level level)
{
	last_level = level;
}

void kapi_printk(enum kapi_log_level level, const char *format, ...)
{
	va_list arguments;
	char line[500];
	size_t length;

	if (level > last_level)
		return;
	va_start(arguments, format);
	host_format(line, sizeof(line), format, arguments);
	va_end(arguments);
	length = strlen(line);
	if (length && line[length - 1] == '\n')
		line[length - 1] = 0;
	host_print(line);
}
