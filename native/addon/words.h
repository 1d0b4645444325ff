// SPDX-License-Identifier: GPL-2.0-only
//
// The arrays of a migration: src, dst and why of n pages in one block that belongs to native code.
//
// JavaScript sees the block as an ArrayBuffer: n words of src, n words of dst, n bytes of why. The block lives as long
// as anyone refers to it, so nothing that happens to the ArrayBuffer can take it away from a migration under way.
#ifndef HMMU_ADDON_WORDS_H
#define HMMU_ADDON_WORDS_H

#include <napi.h>

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace hmmu_addon {

class WordsBlock
{
public:
	// NULL where the host has no memory.
	static std::shared_ptr<WordsBlock> Make(size_t pages);

	WordsBlock(const WordsBlock &) = delete;
	WordsBlock &operator=(const WordsBlock &) = delete;
	~WordsBlock() { free(memory_); }

	size_t pages() const { return pages_; }
	size_t bytes() const { return Size(pages_); }
	uint64_t *src() const { return memory_; }
	uint64_t *dst() const { return memory_ + pages_; }
	uint8_t *why() const { return reinterpret_cast<uint8_t *>(memory_ + 2 * pages_); }

private:
	WordsBlock(uint64_t *memory, size_t pages) : memory_(memory), pages_(pages) {}
	static size_t Size(size_t pages) { return pages * (2 * sizeof(uint64_t) + sizeof(uint8_t)); }

	uint64_t *memory_;
	size_t pages_;
};

class Words : public Napi::ObjectWrap<Words>
{
public:
	static Napi::Function Define(Napi::Env env);
	// The block behind a JavaScript value, NULL if it is anything but Words.
	static std::shared_ptr<WordsBlock> BlockOf(Napi::Value value);

	// new Words(pages)
	explicit Words(const Napi::CallbackInfo &info);

private:
	Napi::Value Buffer(const Napi::CallbackInfo &info);

	std::shared_ptr<WordsBlock> block_;
};

} // namespace hmmu_addon

#endif
