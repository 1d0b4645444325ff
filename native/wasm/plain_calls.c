/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions of the C API that take and return plain numbers: exports made from the list of calls. */
#include "host/calls.h"

#include "instance.h"

/* How JavaScript passes an argument. */
#define PARAMETER(type, name) PARAMETER_##type name
#define PARAMETER_U32 uint32_t
#define PARAMETER_U64 double
#define PARAMETER_BOOL bool

/* What C makes of it. */
#define VALUE(type, name) VALUE_##type(name)
#define VALUE_U32(name) name
#define VALUE_U64(name) whole(name)
#define VALUE_BOOL(name) name

/* What a call of C returns. */
#define RESULT_VOID(function, ...) \
	hmmu_##function(__VA_ARGS__); \
	return 0
#define RESULT_INT(function, ...) return hmmu_##function(__VA_ARGS__)
#define RESULT_BOOL(function, ...) return hmmu_##function(__VA_ARGS__)
#define RESULT_U32(function, ...) return hmmu_##function(__VA_ARGS__)
#define RESULT_U64(function, ...) return (double)hmmu_##function(__VA_ARGS__)
#define RESULT_OUT32(function, ...) GIVEN(uint32_t, function, __VA_ARGS__)
#define RESULT_OUT64(function, ...) GIVEN(uint64_t, function, __VA_ARGS__)
#define GIVEN(type, function, ...) \
	type number = 0; \
	int err = hmmu_##function(__VA_ARGS__, &number); \
	return numbered(err, number)

#define EXPORT_CALL(result, name, function, count, arguments) \
	EXPORT(name) double wasm_##function(HMMU_EACH(PARAMETER, count, arguments)) \
	{ \
		RESULT_##result(function, instance.machine HMMU_THEN(VALUE, count, arguments)); \
	}

HMMU_CALLS(EXPORT_CALL)
