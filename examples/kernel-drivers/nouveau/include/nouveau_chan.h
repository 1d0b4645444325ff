/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_NOUVEAU_CHAN_H
#define FAKE_NOUVEAU_CHAN_H

#include <kapi/engine.h>
#include <nvif/push.h>

/** A channel: commands for an engine. */
struct nouveau_channel {
	struct {
		struct nvif_push push;
	} chan;
	struct kapi_engine engine;
	struct device *device;
};

/** The end of all commands that were pushed before. */
struct nouveau_fence {
	struct dma_fence *end;
};

int nouveau_fence_new(struct nouveau_fence **fence, struct nouveau_channel *channel);
int fence_wait(struct nouveau_fence *fence, bool interruptible, const struct kapi_place *place);
#define nouveau_fence_wait(fence, lazy, interruptible) fence_wait(fence, interruptible, KAPI_HERE)
void nouveau_fence_unref(struct nouveau_fence **fence);

#endif
