/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MINMAX_H
#define _LINUX_MINMAX_H

/* Each argument is evaluated once. */
#define KAPI_CHOOSE(a, b, operator) \
	({ \
		__typeof__(a) kapi_a_ = (a); \
		__typeof__(b) kapi_b_ = (b); \
		kapi_a_ operator kapi_b_ ? kapi_a_ : kapi_b_; \
	})
#define min(a, b) KAPI_CHOOSE(a, b, <)
#define max(a, b) KAPI_CHOOSE(a, b, >)
#define min_t(type, a, b) KAPI_CHOOSE((type)(a), (type)(b), <)
#define max_t(type, a, b) KAPI_CHOOSE((type)(a), (type)(b), >)
#define clamp(value, low, high) min(max(value, low), high)

#endif
