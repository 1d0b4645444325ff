// SPDX-License-Identifier: GPL-2.0-only
//
// Reading arguments and making results. TypeScript has validated everything before it gets here; these readers only see
// to it that a wrong value is a harmless one, and that no JavaScript exception is ever raised by native code.
#ifndef HMMU_ADDON_ARGUMENTS_H
#define HMMU_ADDON_ARGUMENTS_H

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace hmmu_addon {

// An argument that is not a number is 0, the number of no process, task or page that could be harmed.
inline uint32_t Uint32(const Napi::CallbackInfo &info, size_t i)
{
	uint32_t value = 0;

	napi_get_value_uint32(info.Env(), info[i], &value);
	return value;
}

// Addresses and counts come as doubles; one that is not an unsigned 64-bit number becomes an address past all memory.
inline uint64_t Uint64Of(double value)
{
	if (!(value >= 0 && value < 18446744073709551616.0))
		return UINT64_MAX;
	return static_cast<uint64_t>(value);
}

inline uint64_t Uint64(const Napi::CallbackInfo &info, size_t i)
{
	double value = -1;

	napi_get_value_double(info.Env(), info[i], &value);
	return Uint64Of(value);
}

// A double that is no unsigned 32-bit number is 0.
inline uint32_t Uint32Of(double value)
{
	return value >= 0 && value <= UINT32_MAX ? static_cast<uint32_t>(value) : 0;
}

inline bool Flag(const Napi::CallbackInfo &info, size_t i)
{
	bool value = false;

	napi_get_value_bool(info.Env(), info[i], &value);
	return value;
}

// An argument of a type that C has for it.
template <typename Type> Type Argument(const Napi::CallbackInfo &info, size_t i)
{
	if constexpr (std::is_same_v<Type, uint32_t>)
		return Uint32(info, i);
	else if constexpr (std::is_same_v<Type, uint64_t>)
		return Uint64(info, i);
	else
		return Flag(info, i);
}

// Whether an object is one that the addon has marked. Never raises an error.
inline bool HasTag(Napi::Value value, const napi_type_tag &tag)
{
	bool has = false;

	if (value.IsObject())
		napi_check_object_type_tag(value.Env(), value, &tag, &has);
	return has;
}

inline bool IsFunction(napi_env env, napi_value value)
{
	napi_valuetype type = napi_undefined;

	return napi_typeof(env, value, &type) == napi_ok && type == napi_function;
}

// The memory of a typed array, which stays valid until JavaScript runs again. What is no typed array, or is detached,
// has no bytes.
struct Bytes {
	uint8_t *data;
	size_t length;
};

Bytes TypedBytes(const Napi::CallbackInfo &info, size_t i);

// Memory for @p count records in a typed array, NULL where they don't fit or would not be aligned.
template <typename Record> Record *Records(const Napi::CallbackInfo &info, size_t i, size_t count)
{
	Bytes bytes = TypedBytes(info, i);

	if (bytes.length / sizeof(Record) < count || reinterpret_cast<uintptr_t>(bytes.data) % alignof(Record) != 0)
		return nullptr;
	return reinterpret_cast<Record *>(bytes.data);
}

inline Napi::Value Number(Napi::Env env, double value)
{
	return Napi::Number::New(env, value);
}

} // namespace hmmu_addon

#endif
