// SPDX-License-Identifier: GPL-2.0-only
#include "words.h"

#include "arguments.h"

namespace hmmu_addon {

namespace {

const napi_type_tag kWordsTag = {0x6d61a9f1c3f84b02u, 0x9be4570d2a6e11c7u};

// V8 ends the process where an ArrayBuffer has more bytes than a typed array may have: 4 GiB.
constexpr size_t kMostBytes = (size_t{1} << 32) - 1;

void ForgetBlock(napi_env, void *, void *hint)
{
	delete static_cast<std::shared_ptr<WordsBlock> *>(hint);
}

} // namespace

std::shared_ptr<WordsBlock> WordsBlock::Make(size_t pages)
{
	if (pages == 0 || pages > kMostBytes || Size(pages) > kMostBytes)
		return nullptr;
	auto *memory = static_cast<uint64_t *>(calloc(1, Size(pages)));
	if (!memory)
		return nullptr;
	return std::shared_ptr<WordsBlock>(new WordsBlock(memory, pages));
}

Napi::Function Words::Define(Napi::Env env)
{
	return DefineClass(env, "Words", {InstanceMethod<&Words::Buffer>("buffer")});
}

std::shared_ptr<WordsBlock> Words::BlockOf(Napi::Value value)
{
	if (!HasTag(value, kWordsTag))
		return nullptr;
	return Unwrap(value.As<Napi::Object>())->block_;
}

Words::Words(const Napi::CallbackInfo &info)
	: Napi::ObjectWrap<Words>(info), block_(WordsBlock::Make(static_cast<size_t>(Uint64(info, 0))))
{
	napi_type_tag_object(info.Env(), info.This(), &kWordsTag);
}

// The block as an ArrayBuffer, undefined where there is no memory.
Napi::Value Words::Buffer(const Napi::CallbackInfo &info)
{
	napi_value buffer = nullptr;

	if (!block_)
		return info.Env().Undefined();
	auto *reference = new std::shared_ptr<WordsBlock>(block_);
	if (napi_create_external_arraybuffer(info.Env(), block_->src(), block_->bytes(), ForgetBlock, reference,
					     &buffer) != napi_ok) {
		delete reference;
		return info.Env().Undefined();
	}
	return Napi::Value(info.Env(), buffer);
}

} // namespace hmmu_addon
