// SPDX-License-Identifier: GPL-2.0-only
/*
 * One run of modprobe, which holds a slot until it has exited.
 */
#include <linux/gfp.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/umh.h>

#include "internal.h"

/*
 * struct kmod_modprobe - what a modprobe is started with
 * @argv: refers to the other two
 * @path: private copy, so that a change of kernel.modprobe cannot come between
 *	the program and its argv[0]
 * @name: what is asked for
 */
struct kmod_modprobe {
	char *argv[5];
	char path[KMOD_PATH_LEN];
	char name[MODULE_NAME_LEN];
};

static char *kmod_modprobe_envp[] = {
	"HOME=/",
	"TERM=linux",
	"PATH=/sbin:/usr/sbin:/bin:/usr/bin",
	NULL
};

static struct kmod_modprobe *kmod_modprobe_alloc(const char *name)
{
	struct kmod_modprobe *m = kmalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		return NULL;

	kmod_path_copy(m->path);
	strscpy(m->name, name);
	m->argv[0] = m->path;
	m->argv[1] = "-q";
	m->argv[2] = "--";
	m->argv[3] = m->name;
	m->argv[4] = NULL;
	return m;
}

static void kmod_modprobe_cleanup(struct subprocess_info *info)
{
	kfree(info->data);
}

/* However the requester left, the slot is free when modprobe is gone. */
static void kmod_modprobe_exited(struct subprocess_info *info, int status)
{
	kmod_slot_put();
}

static struct subprocess_info *kmod_modprobe_setup(const char *name)
{
	struct kmod_modprobe *m = kmod_modprobe_alloc(name);
	struct subprocess_info *info;

	if (!m)
		return NULL;

	info = call_usermodehelper_setup(m->path, m->argv, kmod_modprobe_envp,
					 GFP_KERNEL, NULL,
					 kmod_modprobe_cleanup, m);
	if (!info) {
		kfree(m);
		return NULL;
	}

	info->exited = kmod_modprobe_exited;
	return info;
}

/**
 * kmod_modprobe - run modprobe for one name
 * @name: what to ask it for
 * @wait: wait until it has exited, else until it was exec'ed
 *
 * Context: process context, may sleep, killable. The caller has a slot, which
 * it loses to this function.
 * Return: as __request_module().
 */
int kmod_modprobe(const char *name, bool wait)
{
	struct subprocess_info *info = kmod_modprobe_setup(name);

	if (!info) {
		kmod_slot_put();
		return -ENOMEM;
	}

	return call_usermodehelper_exec(info, UMH_KILLABLE |
					(wait ? UMH_WAIT_PROC : UMH_WAIT_EXEC));
}
