// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allow-list of helpers: the paths of the programs that the kernel may run.
 */
#define pr_fmt(fmt) "autoload: " fmt

#include <linux/array_size.h>
#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
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
 * struct autoload_helpers - the allow-list and its mode, constant after they are published
 * @rcu: for kvfree_rcu()
 * @mode: the decision on paths that are not on the list
 * @len: length of @text, without the NUL
 * @text: the text that was written, without the line that sets the mode, and a NUL
 */
struct autoload_helpers {
	struct rcu_head rcu;
	enum autoload_helpers_mode mode;
	size_t len;
	char text[];
};

/* Written under autoload_mutex, read under RCU. NULL: mode off, and no list */
static struct autoload_helpers __rcu *autoload_helpers;

/* A line is a path, or a prefix if it ends with '*'. "/../" must not lead out of a prefix. */
static bool autoload_helpers_line_has(const char *line, size_t len, const char *path)
{
	if (line[len - 1] != '*')
		return strlen(path) == len && !memcmp(path, line, len);
	return !strncmp(path, line, len - 1) && !strstr(path, "/../");
}

static bool autoload_helpers_has(const struct autoload_helpers *list, const char *path)
{
	const char *line, *end;

	for (line = list->text; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (*line == '/' && autoload_helpers_line_has(line, end - line, path))
			return true;
	}
	return false;
}

/* Returns the mode that applies to the path. */
static enum autoload_helpers_mode autoload_helpers_judge(const char *path)
{
	const struct autoload_helpers *list;

	guard(rcu)();
	list = rcu_dereference(autoload_helpers);
	if (!list || list->mode == AUTOLOAD_HELPERS_OFF || autoload_helpers_has(list, path))
		return AUTOLOAD_HELPERS_OFF;
	return list->mode;
}

/**
 * autoload_permit_helper - decide whether the kernel may run a program
 * @path: path of the program
 *
 * Must be called in the helper's thread.
 *
 * Context: process context, may sleep.
 * Return: 0 if the program is allowed, -EPERM if it is denied.
 */
int autoload_permit_helper(const char *path)
{
	enum autoload_helpers_mode mode = autoload_helpers_judge(path);
	struct autoload_requester by = { .uid = -1, .loginuid = -1 };
	struct autoload_denial denial = {
		.kind = AUTOLOAD_HELPER,
		.name = path,
		.rule = "helpers",
		.by = &by,
		.enforced = mode == AUTOLOAD_HELPERS_ENFORCE,
	};

	if (mode == AUTOLOAD_HELPERS_OFF)
		return 0;
	umh_requester(&by.pid, by.comm);
	autoload_report(&denial);
	return denial.enforced ? -EPERM : 0;
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

static struct autoload_helpers *autoload_helpers_current(void)
{
	return rcu_dereference_protected(autoload_helpers, lockdep_is_held(&autoload_mutex));
}

static enum autoload_helpers_mode autoload_helpers_current_mode(void)
{
	const struct autoload_helpers *list = autoload_helpers_current();

	return list ? list->mode : AUTOLOAD_HELPERS_OFF;
}

static struct autoload_helpers *autoload_helpers_alloc(size_t max)
{
	struct autoload_helpers *list;

	list = kvzalloc(struct_size(list, text, max + 1), GFP_KERNEL);
	if (list)
		list->mode = autoload_helpers_current_mode();
	return list;
}

/* Takes ownership of @list. Returns 0 or -EPERM. */
static int autoload_helpers_publish(struct autoload_helpers *list)
{
	struct autoload_helpers *old = autoload_helpers_current();
	bool same = old && old->mode == list->mode && old->len == list->len &&
		    !memcmp(old->text, list->text, list->len);

	if (same || autoload_is_locked()) {
		kvfree(list);
		return same ? 0 : -EPERM;
	}
	rcu_assign_pointer(autoload_helpers, list);
	kvfree_rcu(old, rcu);
	return 0;
}

/* Returns a mode, or -EINVAL. */
static int autoload_helpers_parse_mode(const char *line, size_t len)
{
	size_t prefix = str_has_prefix(line, "mode ");
	const char *name;
	int mode;

	for (mode = 0; prefix && mode < ARRAY_SIZE(autoload_helpers_modes); mode++) {
		name = autoload_helpers_modes[mode];
		if (strlen(name) == len - prefix && !memcmp(line + prefix, name, len - prefix))
			return mode;
	}
	return -EINVAL;
}

/* Returns an error message, or NULL. */
static const char *autoload_helpers_parse_line(struct autoload_helpers *list, const char *line,
					       size_t len, bool *has_mode)
{
	int mode;

	if (!len || *line == '/' || *line == '#') {
		memcpy(list->text + list->len, line, len + 1);
		list->len += len + 1;
		return NULL;
	}
	mode = autoload_helpers_parse_mode(line, len);
	if (mode < 0)
		return "expected an absolute path, a comment or 'mode off|log|enforce'";
	if (*has_mode)
		return "repeated mode";
	list->mode = mode;
	*has_mode = true;
	return NULL;
}

static int autoload_helpers_parse(struct autoload_helpers *list, const char *text)
{
	unsigned int number = 1;
	bool has_mode = false;
	const char *error;
	size_t len;

	for (; *text; text += len + 1, number++) {
		len = strcspn(text, "\n");
		error = autoload_helpers_parse_line(list, text, len, &has_mode);
		if (error) {
			pr_err("helpers: line %u: %s\n", number, error);
			return -EINVAL;
		}
	}
	return 0;
}

static int autoload_helpers_set(const char *text, size_t len)
{
	struct autoload_helpers *list = autoload_helpers_alloc(len);
	int err;

	if (!list)
		return -ENOMEM;
	err = autoload_helpers_parse(list, text);
	if (!err)
		return autoload_helpers_publish(list);
	kvfree(list);
	return err;
}

static void autoload_helpers_mode_show(struct seq_file *m)
{
	const struct autoload_helpers *list;

	guard(rcu)();
	list = rcu_dereference(autoload_helpers);
	seq_printf(m, "%s\n",
		   autoload_helpers_modes[list ? list->mode : AUTOLOAD_HELPERS_OFF]);
}

static int autoload_helpers_mode_set(const char *text, size_t len)
{
	const struct autoload_helpers *old = autoload_helpers_current();
	int mode = sysfs_match_string(autoload_helpers_modes, text);
	struct autoload_helpers *list;

	if (mode < 0)
		return mode;
	if (mode == autoload_helpers_current_mode())
		return 0;
	list = autoload_helpers_alloc(old ? old->len : 0);
	if (!list)
		return -ENOMEM;
	if (old) {
		list->len = old->len;
		memcpy(list->text, old->text, old->len);
	}
	list->mode = mode;
	return autoload_helpers_publish(list);
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
