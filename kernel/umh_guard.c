// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which programs may be helpers: a list of paths, for those who want one.
 */
#define pr_fmt(fmt) "umh: " fmt

#include <linux/binfmts.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/umh.h>

#include "kmod/policy.h"
#include "umh/internal.h"

enum umh_guard_mode {
	UMH_GUARD_OFF,
	UMH_GUARD_LOG,
	UMH_GUARD_ENFORCE
};

static const char *const umh_guard_modes[] = {
	[UMH_GUARD_OFF] = "off",
	[UMH_GUARD_LOG] = "log",
	[UMH_GUARD_ENFORCE] = "enforce",
};

/*
 * struct umh_guard - the list, constant once published
 * @rcu: for the end
 * @len: of @text
 * @text: lines as they were written, and a NUL
 */
struct umh_guard {
	struct rcu_head rcu;
	size_t len;
	char text[];
};

/* Both are written under kmod_policy_mutex. */
static struct umh_guard __rcu *umh_guard;
static enum umh_guard_mode umh_guard_mode;

/*
 * A line is a path, or with * at its end the start of one. There is no way up from
 * below the latter.
 */
static bool umh_guard_line_has(const char *line, size_t len, const char *path)
{
	if (line[len - 1] != '*')
		return strlen(path) == len && !memcmp(path, line, len);
	return !strncmp(path, line, len - 1) && !strstr(path, "/../");
}

/* Nothing is on no list. */
static bool umh_guard_has(const struct umh_guard *guard, const char *path)
{
	const char *line, *end;

	if (!guard)
		return false;
	for (line = guard->text; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (*line == '/' && umh_guard_line_has(line, end - line, path))
			return true;
	}
	return false;
}

/* Returns 0 or -EPERM. */
static int umh_guard_judge(const struct subprocess_info *info, const char *path,
			   enum umh_guard_mode mode)
{
	bool found;

	rcu_read_lock();
	found = umh_guard_has(rcu_dereference(umh_guard), path);
	rcu_read_unlock();
	if (found)
		return 0;

	pr_notice_ratelimited("helper %*pE for %*pE[%d] is not allowed: %s\n",
			      (int)strlen(path), path,
			      (int)strlen(info->requester_comm),
			      info->requester_comm, info->requester,
			      mode == UMH_GUARD_LOG ? "logged only" : "refused");
	return mode == UMH_GUARD_LOG ? 0 : -EPERM;
}

/**
 * umh_exec - turn the current thread into the helper, if that may be one
 * @info: the helper
 *
 * The path may be somebody's variable: what is judged is a copy, and so is what is
 * exec'ed.
 *
 * Context: the helper's thread.
 * Return: 0; -EPERM if the helper is not allowed; -ENOMEM; what the exec failed
 * with.
 */
int umh_exec(const struct subprocess_info *info)
{
	enum umh_guard_mode mode = READ_ONCE(umh_guard_mode);
	const char *const *argv = (const char *const *)info->argv;
	const char *const *envp = (const char *const *)info->envp;
	char *path;
	int err;

	if (mode == UMH_GUARD_OFF)
		return kernel_execve(info->path, argv, envp);

	path = kstrndup(info->path, PATH_MAX, GFP_KERNEL);
	if (!path)
		return -ENOMEM;
	err = umh_guard_judge(info, path, mode) ?: kernel_execve(path, argv, envp);
	kfree(path);
	return err;
}

/**
 * umh_guard_show - the list as it was written
 * @m: where to
 *
 * Context: process context.
 */
void umh_guard_show(struct seq_file *m)
{
	const struct umh_guard *guard;

	rcu_read_lock();
	guard = rcu_dereference(umh_guard);
	if (guard)
		seq_write(m, guard->text, guard->len);
	rcu_read_unlock();
}

/* Absolute paths, empty lines and comments, all of them whole, are a list. */
static int umh_guard_check(const char *text, size_t len)
{
	unsigned int number = 1;
	const char *line = text;

	if (memchr(text, '\0', len) || text[len - 1] != '\n') {
		pr_err("helpers: a NUL, or no newline at the end\n");
		return -EINVAL;
	}
	for (; *line; line = strchr(line, '\n') + 1, number++) {
		if (*line == '/' || *line == '#' || *line == '\n')
			continue;
		pr_err("helpers: line %u: no absolute path\n", number);
		return -EINVAL;
	}
	return 0;
}

/**
 * umh_guard_set - replace the list
 * @text: lines, see Documentation/kmod.txt; a NUL follows
 * @len: its length in bytes
 *
 * Context: process context, may sleep.
 * Return: 0; or, and nothing has changed, -EINVAL (the log says why), -ENOMEM, or
 * as kmod_policy_change().
 */
int umh_guard_set(const char *text, size_t len)
{
	struct umh_guard *guard;
	int err = umh_guard_check(text, len);

	if (err)
		return err;
	guard = kvmalloc(struct_size(guard, text, len + 1), GFP_KERNEL);
	if (!guard)
		return -ENOMEM;
	guard->len = len;
	memcpy(guard->text, text, len + 1);

	err = kmod_policy_change();
	if (err) {
		kvfree(guard);
		return err;
	}
	guard = rcu_replace_pointer(umh_guard, guard,
				    lockdep_is_held(&kmod_policy_mutex));
	kmod_policy_changed();
	kvfree_rcu(guard, rcu);
	return 0;
}

/**
 * umh_guard_mode_show - what becomes of helpers that are not on the list
 * @m: where to
 *
 * Context: process context.
 */
void umh_guard_mode_show(struct seq_file *m)
{
	seq_printf(m, "%s\n", umh_guard_modes[READ_ONCE(umh_guard_mode)]);
}

/**
 * umh_guard_mode_set - say what becomes of helpers that are not on the list
 * @text: off, log or enforce, and perhaps a newline; a NUL follows
 * @len: its length in bytes
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL; as kmod_policy_change().
 */
int umh_guard_mode_set(const char *text, size_t len)
{
	int mode = sysfs_match_string(umh_guard_modes, text);
	int err;

	if (mode < 0)
		return mode;
	err = kmod_policy_change();
	if (err)
		return err;
	WRITE_ONCE(umh_guard_mode, mode);
	kmod_policy_changed();
	return 0;
}

#ifdef CONFIG_UMH_KUNIT_TEST
#include "kmod/tests/umh_guard_kunit.c"
#endif
