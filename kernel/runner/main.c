// SPDX-License-Identifier: GPL-2.0-only
/*
 * Process 1 of a small virtual machine: runs the drills of /drills, prints their
 * transcripts to a virtio port, and ends the machine. Needs /dev/oracle.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "runner.h"

struct shared *sh;
int oracle_fd = -1, out_fd = 1, kmsg_fd = -1, limited_fd = -1, free_fd = -1;
int swapping;

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ul + t.tv_nsec / 1000000;
}

void set_file(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		dprintf(2, "runner: cannot set %s: %s\n", path, strerror(errno));
	close(fd);
}

/*
 * While no process has a huge page, khugepaged waits for the first one, and
 * would scan the drill that makes it. So process 1 makes one. khugepaged scans
 * that, and then sleeps by the clock: for ever, by the setting.
 */
static void put_khugepaged_to_sleep(void)
{
	char *area = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(area, 2 * HUGE, MADV_HUGEPAGE);
	*(volatile char *)(((uintptr_t)area + HUGE - 1) & -HUGE) = 1;
	usleep(20000);
	munmap(area, 2 * HUGE);
}

static void prepare_machine(void)
{
	struct sigaction sa;
	int tries;

	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mkdir("/tmp", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);

	set_file("/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs", "2000000000");
	set_file("/sys/kernel/mm/transparent_hugepage/enabled", "madvise");
	set_file("/sys/kernel/mm/transparent_hugepage/defrag", "madvise");
	put_khugepaged_to_sleep();
	set_file("/proc/sys/vm/nr_hugepages", "4");

	oracle_fd = open("/dev/oracle", O_RDWR);
	if (oracle_fd < 0)
		dprintf(2, "runner: no /dev/oracle\n");
	for (tries = 0; tries < 200; tries++) {
		int fd = open("/dev/vport0p1", O_RDWR);

		if (fd >= 0) {
			out_fd = fd;
			break;
		}
		usleep(10000);
	}
	kmsg_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	lseek(kmsg_fd, 0, SEEK_END);

	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = on_fault;
	sa.sa_flags = SA_SIGINFO | SA_NODEFER;
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
}

/* the section behind each whole transcript, see drillvm.py */
#define DONE "=== .\n"

static void halt(void)
{
	sync();
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

/* A drill that hangs takes the machine down; the host goes on behind it. */
static void watchdog(void)
{
	if (fork())
		return;
	for (;;) {
		uint64_t start = sh->drill_start;

		sleep(1);
		if (start && start == sh->drill_start && now_ms() - start > HANG_SECONDS * 1000) {
			char s[400];
			int n = snprintf(s, sizeof(s), "=== %s\n!FAIL hung\n" DONE, sh->drill_name);

			emit(s, n);
			sleep(1);
			halt();
		}
	}
}

static char *read_all(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	size_t n = 0;
	char *s;

	if (fd < 0 || fstat(fd, &st))
		return NULL;
	s = mmap(NULL, st.st_size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	while (n < (size_t)st.st_size) {
		ssize_t r = read(fd, s + n, st.st_size - n);

		if (r <= 0)
			break;
		n += r;
	}
	close(fd);
	madvise(s, st.st_size + 1, MADV_DONTFORK);
	return s;
}

/* it must not have interfered */
static void check_khugepaged(void)
{
	static const char complaint[] = "=== MACHINE\n!FAIL khugepaged collapsed pages\n" DONE;
	char n[32] = "";
	int fd = open("/sys/kernel/mm/transparent_hugepage/khugepaged/pages_collapsed", O_RDONLY);

	if (fd < 0 || read(fd, n, sizeof(n) - 1) <= 0 || atoi(n))
		emit(complaint, strlen(complaint));
	close(fd);
}

int main(void)
{
	static struct text t;
	char *s;

	prepare_machine();
	s = read_all("/drills");
	if (!s || !strncmp(s, "!bench", 6)) {
		bench();
		halt();
	}
	watchdog();

	while (s && *s) {
		char *end = strstr(s, "\n=== "), *body;

		if (end)
			*end = 0;
		if (strncmp(s, "=== ", 4))
			break;
		body = strchr(s, '\n');
		if (body)
			*body++ = 0;
		else
			body = s + strlen(s);
		snprintf(sh->drill_name, sizeof(sh->drill_name), "%s", s + 4);
		sh->drill_no++;
		sh->drill_start = now_ms();
		t.n = 0;
		put(&t, "=== %s\n", s + 4);
		run_drill(body, &t);
		if (failure[0])
			put(&t, "!FAIL %s\n", failure);
		put(&t, DONE);
		sh->drill_start = 0;
		emit(t.s, t.n);
		if (spoilt) {
			sleep(1);
			halt();
		}
		s = end ? end + 1 : NULL;
	}
	check_khugepaged();
	emit("=== END\n", 8);
	halt();
}
