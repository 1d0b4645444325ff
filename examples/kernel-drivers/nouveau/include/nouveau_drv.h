/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_NOUVEAU_DRV_H
#define FAKE_NOUVEAU_DRV_H

#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/pagemap.h>
#include <linux/scatterlist.h>
#include <nvif/os.h>

#define NV_DEVICE_INFO_V0_PASCAL 0x0a
#define NV_INFO(drm, format, ...) ((void)(drm), pr_info("nouveau: " format, ##__VA_ARGS__))

struct drm_device {
	struct device *dev;
};

/** The GPU: of which family it is. */
struct nouveau_cli {
	struct {
		struct {
			int family;
		} info;
	} device;
};

/** The driver's own structure. */
struct nouveau_drm {
	struct nouveau_cli client;
	struct drm_device *dev;
	struct {
		struct {
			int oclass;
		} copy;
		struct nouveau_channel *chan;
	} ttm;
	struct nouveau_dmem *dmem;
};

#endif
