/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_ATOMIC_H
#define _LINUX_ATOMIC_H

#include <linux/compiler.h>
#include <linux/types.h>

/* One thread runs at a time, and none gives way in here; so there is nothing to order either. */
#define smp_mb() barrier()
#define smp_rmb() barrier()
#define smp_wmb() barrier()
#define mb() barrier()
#define rmb() barrier()
#define wmb() barrier()
#define smp_mb__before_atomic() barrier()
#define smp_mb__after_atomic() barrier()
#define smp_load_acquire(pointer) READ_ONCE(*(pointer))
#define smp_store_release(pointer, value) WRITE_ONCE(*(pointer), value)
#define smp_store_mb(place, value) WRITE_ONCE(place, value)

#define ATOMIC_INIT(value) \
	{ \
		(value) \
	}
#define ATOMIC64_INIT(value) ATOMIC_INIT(value)

/* The operations of a type, by the start of their names. */
#define KAPI_ATOMIC(name, type, number) \
	static inline number name##_read(const type *atomic) \
	{ \
		return READ_ONCE(atomic->counter); \
	} \
	static inline void name##_set(type *atomic, number value) \
	{ \
		WRITE_ONCE(atomic->counter, value); \
	} \
	static inline number name##_add_return(number value, type *atomic) \
	{ \
		return atomic->counter += value; \
	} \
	static inline number name##_fetch_add(number value, type *atomic) \
	{ \
		return name##_add_return(value, atomic) - value; \
	} \
	static inline number name##_xchg(type *atomic, number value) \
	{ \
		number old = atomic->counter; \
		atomic->counter = value; \
		return old; \
	} \
	static inline number name##_cmpxchg(type *atomic, number expected, number value) \
	{ \
		number old = atomic->counter; \
		if (old == expected) \
			atomic->counter = value; \
		return old; \
	} \
	static inline bool name##_add_unless(type *atomic, number value, number limit) \
	{ \
		if (atomic->counter == limit) \
			return false; \
		atomic->counter += value; \
		return true; \
	} \
	static inline void name##_or(number bits, type *atomic) \
	{ \
		atomic->counter |= bits; \
	} \
	static inline void name##_and(number bits, type *atomic) \
	{ \
		atomic->counter &= bits; \
	} \
	static inline void name##_add(number value, type *atomic) \
	{ \
		atomic->counter += value; \
	} \
	static inline void name##_sub(number value, type *atomic) \
	{ \
		atomic->counter -= value; \
	} \
	static inline void name##_inc(type *atomic) \
	{ \
		atomic->counter++; \
	} \
	static inline void name##_dec(type *atomic) \
	{ \
		atomic->counter--; \
	} \
	static inline number name##_sub_return(number value, type *atomic) \
	{ \
		return name##_add_return(-value, atomic); \
	} \
	static inline number name##_inc_return(type *atomic) \
	{ \
		return name##_add_return(1, atomic); \
	} \
	static inline number name##_dec_return(type *atomic) \
	{ \
		return name##_add_return(-1, atomic); \
	} \
	static inline bool name##_dec_and_test(type *atomic) \
	{ \
		return !name##_dec_return(atomic); \
	} \
	static inline bool name##_inc_and_test(type *atomic) \
	{ \
		return !name##_inc_return(atomic); \
	} \
	static inline bool name##_sub_and_test(number value, type *atomic) \
	{ \
		return !name##_sub_return(value, atomic); \
	} \
	static inline bool name##_inc_not_zero(type *atomic) \
	{ \
		return name##_add_unless(atomic, 1, 0); \
	}
KAPI_ATOMIC(atomic, atomic_t, int)
KAPI_ATOMIC(atomic64, atomic64_t, s64)

typedef atomic64_t atomic_long_t;
#define ATOMIC_LONG_INIT(value) ATOMIC_INIT(value)
#define atomic_long_read(atomic) ((long)atomic64_read(atomic))
#define atomic_long_set(atomic, value) atomic64_set(atomic, value)
#define atomic_long_inc(atomic) atomic64_inc(atomic)
#define atomic_long_dec(atomic) atomic64_dec(atomic)
#define atomic_long_add(value, atomic) atomic64_add(value, atomic)
#define atomic_long_sub(value, atomic) atomic64_sub(value, atomic)

#define xchg(pointer, value) \
	({ \
		__typeof__(pointer) kapi_pointer_ = (pointer); \
		__typeof__(*(pointer)) kapi_new_ = (value), kapi_old_ = *kapi_pointer_; \
		*kapi_pointer_ = kapi_new_; \
		kapi_old_; \
	})
#define cmpxchg(pointer, expected, value) \
	({ \
		__typeof__(pointer) kapi_pointer_ = (pointer); \
		__typeof__(*(pointer)) kapi_expected_ = (expected), kapi_new_ = (value), kapi_old_ = *kapi_pointer_; \
		if (kapi_old_ == kapi_expected_) \
			*kapi_pointer_ = kapi_new_; \
		kapi_old_; \
	})

#endif
