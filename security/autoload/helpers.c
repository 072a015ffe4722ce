// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allow-list of helpers: the paths of the programs that the kernel may run.
 */
#define pr_fmt(fmt) "autoload: " fmt

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/umh.h>

#include "autoload.h"

enum autoload_helpers_mode {
	AUTOLOAD_HELPERS_OFF,
	AUTOLOAD_HELPERS_LOG,
	AUTOLOAD_HELPERS_ENFORCE
};

static const char *const autoload_helpers_modes[] = {
	[AUTOLOAD_HELPERS_OFF] = "off",
	[AUTOLOAD_HELPERS_LOG] = "log",
	[AUTOLOAD_HELPERS_ENFORCE] = "enforce",
};

/*
 * struct autoload_helpers - the allow-list, constant after it is published
 * @rcu: for kvfree_rcu()
 * @len: length of @text, without the NUL
 * @text: the text that was written, and a NUL
 */
struct autoload_helpers {
	struct rcu_head rcu;
	size_t len;
	char text[];
};

/* M: written under autoload_mutex. The list is read under RCU, the mode locklessly. */
static struct autoload_helpers __rcu *autoload_helpers;		/* M */
static enum autoload_helpers_mode autoload_helpers_mode;	/* M */

/* A line is a path, or a prefix if it ends with '*'. "/../" must not lead out of a prefix. */
static bool autoload_helpers_line_has(const char *line, size_t len, const char *path)
{
	if (line[len - 1] != '*')
		return strlen(path) == len && !memcmp(path, line, len);
	return !strncmp(path, line, len - 1) && !strstr(path, "/../");
}

/* Without a list, no path is allowed. */
static bool autoload_helpers_has(const struct autoload_helpers *list, const char *path)
{
	const char *line, *end;

	if (!list)
		return false;
	for (line = list->text; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (*line == '/' && autoload_helpers_line_has(line, end - line, path))
			return true;
	}
	return false;
}

static void autoload_report_helper(const char *path, bool denied)
{
	static DEFINE_RATELIMIT_STATE(rs, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);
	char comm[TASK_COMM_LEN] = "";
	pid_t pid = 0;

	if (!__ratelimit(&rs))
		return;
	umh_requester(&pid, comm);
	pr_notice("helper %*pE requested by %*pE[%d] %s\n", (int)strlen(path), path,
		  (int)strlen(comm), comm, pid,
		  denied ? "denied: not on the allow-list" : "is not on the allow-list");
}

/**
 * autoload_permit_helper - decide whether the kernel may run a program
 * @path: path of the program
 *
 * Must be called in the helper's thread.
 *
 * Context: process context.
 * Return: 0 if the program is allowed, -EPERM if it is denied.
 */
int autoload_permit_helper(const char *path)
{
	enum autoload_helpers_mode mode = READ_ONCE(autoload_helpers_mode);
	bool found;

	if (mode == AUTOLOAD_HELPERS_OFF)
		return 0;
	rcu_read_lock();
	found = autoload_helpers_has(rcu_dereference(autoload_helpers), path);
	rcu_read_unlock();
	if (found)
		return 0;
	autoload_report_helper(path, mode == AUTOLOAD_HELPERS_ENFORCE);
	return mode == AUTOLOAD_HELPERS_ENFORCE ? -EPERM : 0;
}

static void autoload_helpers_show(struct seq_file *m)
{
	const struct autoload_helpers *list;

	rcu_read_lock();
	list = rcu_dereference(autoload_helpers);
	if (list)
		seq_write(m, list->text, list->len);
	rcu_read_unlock();
}

/* Each line must be an absolute path, a comment or empty. */
static int autoload_helpers_check(const char *text)
{
	unsigned int number = 1;
	const char *line = text;

	for (; *line; line = strchr(line, '\n') + 1, number++) {
		if (*line == '/' || *line == '#' || *line == '\n')
			continue;
		pr_err("helpers: line %u: not an absolute path\n", number);
		return -EINVAL;
	}
	return 0;
}

static int autoload_helpers_set(const char *text, size_t len)
{
	struct autoload_helpers *list;
	int err = autoload_helpers_check(text);

	if (err)
		return err;
	list = kvmalloc(struct_size(list, text, len + 1), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	list->len = len;
	memcpy(list->text, text, len + 1);

	list = rcu_replace_pointer(autoload_helpers, list,
				   lockdep_is_held(&autoload_mutex));
	kvfree_rcu(list, rcu);
	return 0;
}

static void autoload_helpers_mode_show(struct seq_file *m)
{
	seq_printf(m, "%s\n", autoload_helpers_modes[READ_ONCE(autoload_helpers_mode)]);
}

static int autoload_helpers_mode_set(const char *text, size_t len)
{
	int mode = sysfs_match_string(autoload_helpers_modes, text);

	if (mode < 0)
		return mode;
	WRITE_ONCE(autoload_helpers_mode, mode);
	return 0;
}

const struct autoload_file autoload_helpers_file = {
	"helpers", SZ_64K, autoload_helpers_show, autoload_helpers_set, true
};

const struct autoload_file autoload_helpers_mode_file = {
	"helpers_mode", AUTOLOAD_WORD_MAX, autoload_helpers_mode_show,
	autoload_helpers_mode_set, true
};

#ifdef CONFIG_SECURITY_AUTOLOAD_KUNIT_TEST
#include "tests/helpers_kunit.c"
#endif
