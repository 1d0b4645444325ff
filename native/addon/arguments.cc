// SPDX-License-Identifier: GPL-2.0-only
#include "arguments.h"

namespace hmmu_addon {

namespace {

size_t ElementSize(napi_typedarray_type type)
{
	switch (type) {
	case napi_int16_array:
	case napi_uint16_array:
		return 2;
	case napi_int32_array:
	case napi_uint32_array:
	case napi_float32_array:
		return 4;
	case napi_float64_array:
	case napi_bigint64_array:
	case napi_biguint64_array:
		return 8;
	default:
		return 1;
	}
}

} // namespace

Bytes TypedBytes(const Napi::CallbackInfo &info, size_t i)
{
	napi_typedarray_type type;
	bool typed = false;
	size_t length = 0;
	void *data = nullptr;

	if (napi_is_typedarray(info.Env(), info[i], &typed) != napi_ok || !typed)
		return {nullptr, 0};
	if (napi_get_typedarray_info(info.Env(), info[i], &type, &length, &data, nullptr, nullptr) != napi_ok || !data)
		return {nullptr, 0};
	return {static_cast<uint8_t *>(data), length * ElementSize(type)};
}

} // namespace hmmu_addon
