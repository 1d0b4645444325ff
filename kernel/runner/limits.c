// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drills with swap, and those with a memory limit.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>
#include "runner.h"

#define FILLER 8192 /* pages */

/*
 * Once: what the first swap drill needs. Pages of a file fill the LRU's
 * inactive list, so that every page which comes back from swap is one that was
 * evicted a short time ago, whatever else happened: it becomes active. And no
 * readahead.
 */
static void prepare_swap(void)
{
	static char block[1 << 16];
	int fd = open(SWAP_DISK, O_RDONLY), i; /* stays open */

	set_file("/proc/sys/vm/page-cluster", "0");
	set_file("/proc/sys/kernel/sched_rt_runtime_us", "-1");
	for (i = 0; i < FILLER / 16; i++)
		if (pread(fd, block, sizeof(block), (OR_MAX_SWAP + 1 + i * 16) * PAGE) != sizeof(block))
			fail("no filler");
	sleep(5); /* the LRU's counters settle */
}

/* as mkswap does, then swapon */
void start_swap(void)
{
	static struct {
		char boot[1024];
		uint32_t version, last_page, nr_badpages;
		char rest[PAGE - 1024 - 12 - 10];
		char magic[10];
	} __attribute__((packed)) head;
	static int prepared;
	int fd;

	if (swap_pages > OR_MAX_SWAP) {
		fail("too much swap");
		return;
	}
	if (!prepared++)
		prepare_swap();
	memset(&head, 0, sizeof(head));
	head.version = 1;
	head.last_page = swap_pages;
	memcpy(head.magic, "SWAPSPACE2", 10);
	fd = open(SWAP_DISK, O_RDWR);
	if (fd < 0 || pwrite(fd, &head, sizeof(head), 0) != sizeof(head) || fsync(fd))
		fail("no swap disk: %s", strerror(errno));
	close(fd);
	if (swapon(SWAP_DISK, 0))
		fail("swapon: %s", strerror(errno));
}

#define GROUP "/group/drill"

/* A group whose pages are limited; nobody is killed when it is full: a fault
 * waits, all else fails. */
void start_memcg(void)
{
	static int mounted;
	char limit[32];

	if (swap_pages) {
		fail("memcg and swap");
		return;
	}
	if (!mounted++) {
		/* so that none of it is charged to a drill */
		memset(sh->box, 0, sizeof(sh->box));
		memset(sh->policy, 0, sizeof(sh->policy));
		memset(sh->src0, 0, sizeof(sh->src0));
		memset(sh->dst, 0, sizeof(sh->dst));
		memset(sh->src1, 0, sizeof(sh->src1));
		mkdir("/group", 0755);
		if (mount("group", "/group", "cgroup", 0, "memory"))
			fail("no memory groups: %s", strerror(errno));
	}
	if (mkdir(GROUP, 0755))
		fail("no group: %s", strerror(errno));
	snprintf(limit, sizeof(limit), "%lu", memcg_pages * PAGE);
	set_file(GROUP "/memory.limit_in_bytes", limit);
	set_file(GROUP "/memory.oom_control", "1");
	limited_fd = open(GROUP "/cgroup.procs", O_WRONLY);
	free_fd = open("/group/cgroup.procs", O_WRONLY);
	if (limited_fd < 0 || free_fd < 0)
		fail("no group: %s", strerror(errno));
}

void end_memcg(void)
{
	if (limited_fd < 0)
		return;
	close(limited_fd);
	close(free_fd);
	limited_fd = free_fd = -1;
	if (rmdir(GROUP))
		fail("group stays: %s", strerror(errno));
}
