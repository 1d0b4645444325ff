/* SPDX-License-Identifier: GPL-2.0-only */
/** @file place.h A line of the driver, for reports. Macros with the kernel's names pass it along. */
#ifndef KAPI_PLACE_H
#define KAPI_PLACE_H

/** A line of a source. */
struct kapi_place {
	const char *file;
	const char *function;
	int line;
};

/** The line at which the macro stands. */
#define KAPI_HERE \
	({ \
		static const struct kapi_place kapi_place_ = { __FILE__, __func__, __LINE__ }; \
		&kapi_place_; \
	})

#endif
