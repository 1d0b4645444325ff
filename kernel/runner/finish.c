// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ends a command, and prints its result.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "runner.h"

/* 0 when the command has ended, -EAGAIN when it is blocked */
int wait_for(struct cmd *c)
{
	int ret;

	if (c->verb == V_EXIT)
		return wait_exit(c->p, 400);
	ret = await(c->p, c->thread);
	if (ret == -ESRCH)
		fail("a thread of %s is gone", c->p->name);
	if (!ret)
		c->p->busy[c->thread] = 0;
	return ret == -EAGAIN ? ret : 0;
}

void put_error(struct text *t, int indent, long ret)
{
	if (ret < 0)
		put(t, "%*s%s\n", indent, "", err_name(-ret));
}

/* The command has ended: what became of it. */
void finish(struct cmd *c, struct text *t, int indent)
{
	struct mailbox *m = &sh->box[c->p - procs][c->thread];
	char head[16];
	uint64_t i;

	snprintf(head, sizeof(head), "%*s", indent, "");
	switch (c->verb) {
	case V_READ:
		put_runs(t, head, c->first, c->pages, access_word, m);
		break;
	case V_WRITE:
		for (i = 0; i < c->pages; i++)
			if (m->status[i])
				break;
		if (i < c->pages)
			put_runs(t, head, c->first, c->pages, access_word, m);
		break;
	case V_FORK:
		if (m->ret < 0) {
			put_error(t, indent, m->ret);
			break;
		}
		c->child->pid = m->ret;
		c->child->alive = 1;
		if (wait_ready(c->child - procs))
			fail("child %s does not start", c->child->name);
		break;
	case V_EXIT:
		c->p->alive = 0;
		break;
	case V_MIRROR:
	case V_EXCLUSIVE:
		if (m->ret < 0)
			put_error(t, indent, m->ret);
		else
			put_runs(t, head, c->first, c->pages, c->verb == V_MIRROR ? mirror_word : exclusive_word,
				 m->word);
		break;
	case V_PIN:
		if (m->ret < 0) {
			handles[c->handle].used = 0;
			put_error(t, indent, m->ret);
		} else {
			snprintf(handles[c->handle].name, sizeof(handles[c->handle].name), "%s", c->w[4]);
		}
		break;
	default:
		put_error(t, indent, m->ret);
	}
}
