// SPDX-License-Identifier: GPL-2.0-only
/*
 * The requester: the current task, as rules, denials and learned requests see it.
 *
 * The credentials are the subjective ones. A kernel thread that works for a user with the
 * user's credentials, as cryptomgr_probe does, is judged by them.
 */
#include <linux/bits.h>
#include <linux/capability.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kmod.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "autoload.h"

/**
 * autoload_requester_current - describe the current task
 * @by: set to the properties of the task that rules without a control group need. The
 *	caller must call autoload_requester_release().
 *
 * Context: process context.
 */
void autoload_requester_current(struct autoload_requester *by)
{
	struct kmod_requester requester;

	kmod_requester_current(&requester);
	*by = (struct autoload_requester) {
		.pid = requester.pid,
		.uid = requester.uid,
		.loginuid = requester.loginuid,
		.init_userns = current_user_ns() == &init_user_ns,
		.kthread = current->flags & PF_KTHREAD,
	};
	memcpy(by->comm, requester.comm, sizeof(by->comm));
}

/**
 * autoload_requester_find_cgroup - find the control group of the current task
 * @by: description of the current task. @by->cgroup is set to the path in the unified
 *	hierarchy, starting at its root, whatever the cgroup namespace of the task is. A
 *	path of PATH_MAX bytes or more is truncated. Without CONFIG_CGROUPS it remains NULL.
 *
 * Context: process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int autoload_requester_find_cgroup(struct autoload_requester *by)
{
#ifdef CONFIG_CGROUPS
	char *path;

	if (by->cgroup)
		return 0;
	path = kzalloc(PATH_MAX, GFP_KERNEL);
	if (!path)
		return -ENOMEM;
	rcu_read_lock();
	cgroup_path(task_dfl_cgroup(current), path, PATH_MAX);
	rcu_read_unlock();
	by->cgroup = path;
#endif
	return 0;
}

static u64 autoload_current_caps(void)
{
	const struct cred *cred = current_cred();
	u64 caps = 0;
	int cap;

	if (cred->user_ns != &init_user_ns)
		return 0;
	for (cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (cap_raised(cred->cap_effective, cap))
			caps |= BIT_ULL(cap);
	return caps;
}

static void autoload_requester_find_exe(struct autoload_requester *by)
{
	struct file *file = get_task_exe_file(current);
	char *path;

	if (!file)
		return;
	by->exe_buffer = kmalloc(PATH_MAX, GFP_KERNEL);
	if (by->exe_buffer) {
		path = file_path(file, by->exe_buffer, PATH_MAX);
		by->exe = IS_ERR(path) ? NULL : path;
	}
	fput(file);
}

/**
 * autoload_requester_complete - find the other properties that a report needs
 * @by: description of the current task. Its capabilities, control group and executable are
 *	set. The latter two may remain NULL.
 *
 * Context: process context, may sleep.
 */
void autoload_requester_complete(struct autoload_requester *by)
{
	by->caps = autoload_current_caps();
	autoload_requester_find_cgroup(by);
	autoload_requester_find_exe(by);
}

/**
 * autoload_requester_release - free the strings of a description
 * @by: description of a task
 *
 * Context: any.
 */
void autoload_requester_release(struct autoload_requester *by)
{
	kfree(by->cgroup);
	kfree(by->exe_buffer);
}

/**
 * autoload_current_has_cap - check a capability of the current task
 * @cap: capability
 *
 * Other security modules take part in the check. It is not audited, and does not set
 * PF_SUPERPRIV.
 *
 * Context: any.
 * Return: true if the task has it in the initial user namespace.
 */
bool autoload_current_has_cap(int cap)
{
	return !security_capable(current_cred(), &init_user_ns, cap, CAP_OPT_NOAUDIT);
}
