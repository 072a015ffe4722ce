// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl policy load and lock. After an error, load restores the previous policy.
 */
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy_dropin.h"

struct loading {
	const struct options *options;
	struct policy *policy;
	struct bytes before[NR_SETTINGS];
	enum setting done[NR_SETTINGS];
	size_t nr_done;
};

static bool is_set(const struct loading *loading, enum setting setting)
{
	return loading->policy->values[setting].data;
}

/* Saves the current values. */
static bool remember(struct loading *loading)
{
	enum setting setting;

	for (setting = 0; setting < NR_SETTINGS; setting++)
		if (is_set(loading, setting) &&
		    !setting_read(loading->options, setting, &loading->before[setting]))
			return false;
	return true;
}

/* Returns the strictness of a value: 0 or off, then log, then 1 or enforce. */
static int strictness(const struct bytes *value)
{
	switch (value->length ? *value->data : '0') {
	case '0':
	case 'o':
		return 0;
	case 'l':
		return 1;
	default:
		return 2;
	}
}

/*
 * A setting that becomes weaker must be written before the list that it applies to. Otherwise
 * requests that both policies allow could be denied meanwhile. The mode must be written after
 * the rules: with the old rules, a weaker mode could allow names that both policies deny.
 */
static bool relaxes(const struct loading *loading, enum setting setting)
{
	return (setting == SET_ENFORCE || setting == SET_HELPERS_MODE) &&
	       strictness(&loading->policy->values[setting]) <
	       strictness(&loading->before[setting]);
}

static bool is_same(const struct bytes *a, const struct bytes *b)
{
	return a->length == b->length && !memcmp(a->data, b->data, a->length);
}

static bool set(struct loading *loading, enum setting setting)
{
	const struct bytes *value = &loading->policy->values[setting];

	/* Not needed, but avoids a write that changes nothing. */
	if (is_same(value, &loading->before[setting]))
		return true;
	if (!setting_write(loading->options, setting, value))
		return false;
	loading->done[loading->nr_done++] = setting;
	return true;
}

static bool set_all(struct loading *loading, bool relaxing)
{
	enum setting setting;

	for (setting = 0; setting < NR_SETTINGS; setting++)
		if (is_set(loading, setting) && relaxes(loading, setting) == relaxing &&
		    !set(loading, setting))
			return false;
	return true;
}

/* A file that was never written reads as empty, but rejects an empty write. */
static bool restore_one(struct loading *loading, enum setting setting)
{
	struct bytes *before = &loading->before[setting];

	if (!before->length)
		bytes_add(before, "\n", 1);
	return setting_write(loading->options, setting, before);
}

/* Restores the previous settings, starting with the latest change. */
static void restore(struct loading *loading)
{
	bool all = true;

	while (loading->nr_done)
		all &= restore_one(loading, loading->done[--loading->nr_done]);
	complain(all ? "the policy has not changed" :
		 "the previous policy is only partly restored; see: kmodctl policy show");
}

/* A signal, such as that of a closed pipe for messages, must not leave a part of a policy. */
static bool apply(struct loading *loading)
{
	sigset_t all, before;
	bool done;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	done = set_all(loading, true) && set_all(loading, false);
	if (!done)
		restore(loading);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return done;
}

static void replace_value(struct policy *policy, enum setting setting, const char *value)
{
	bytes_free(&policy->values[setting]);
	bytes_add(&policy->values[setting], value, strlen(value));
}

/* The boot parameter is the way out of a policy that denies too much. */
static void honour_boot(struct policy *policy)
{
	if (!boot_disables_policy())
		return;
	complain("kmod.enforce=0 is on the kernel command line: nothing is denied until reboot");
	if (policy->values[SET_ENFORCE].data)
		replace_value(policy, SET_ENFORCE, "0\n");
	if (policy->values[SET_HELPERS_MODE].data &&
	    strictness(&policy->values[SET_HELPERS_MODE]) == 2)
		replace_value(policy, SET_HELPERS_MODE, "log\n");
	bytes_free(&policy->values[SET_LOCK]);
}

/* The value after the load. */
static const struct bytes *value_after(const struct loading *loading, enum setting setting)
{
	return is_set(loading, setting) ? &loading->policy->values[setting] :
					  &loading->before[setting];
}

/* Reads the list and its mode, unless the files have them. */
static bool remember_helpers(struct loading *loading)
{
	enum setting setting;

	for (setting = SET_HELPERS; setting <= SET_HELPERS_MODE; setting++)
		if (!is_set(loading, setting) &&
		    !setting_read(loading->options, setting, &loading->before[setting]))
			return false;
	return true;
}

static bool leaves_modprobe(struct loading *loading)
{
	if (loading->options->force ||
	    !(is_set(loading, SET_HELPERS) || is_set(loading, SET_HELPERS_MODE)))
		return true;
	return remember_helpers(loading) &&
	       helpers_allow_modprobe(loading->options, value_after(loading, SET_HELPERS_MODE),
				      value_after(loading, SET_HELPERS));
}

/* Returns a file descriptor, or -1. */
static int rendered(const struct bytes values[NR_SETTINGS])
{
	int fd = memfd_create("policy", 0);
	FILE *file = fd < 0 ? NULL : fdopen(dup(fd), "w");

	if (!file) {
		complain("cannot create a temporary file");
		return -1;
	}
	policy_print(values, file, true);
	fclose(file);
	return fd;
}

static bool run_diff(int before, int after)
{
	char *old = text("/dev/fd/%d", before), *new = text("/dev/fd/%d", after);
	char *const arguments[] = { "diff", "-U", "0", "--label", "in force", "--label", "new",
			      old, new, NULL };
	int status = -1;
	pid_t pid;

	flush();
	if (!posix_spawnp(&pid, *arguments, NULL, NULL, arguments, environ))
		waitpid(pid, &status, 0);
	free(old);
	free(new);
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 1)
		return true;
	complain("cannot run diff");
	return false;
}

/* Prints the difference to the policy in force. */
static bool show_difference(struct loading *loading)
{
	struct bytes after[NR_SETTINGS];
	enum setting setting;
	int old, new;

	for (setting = 0; setting < NR_SETTINGS; setting++) {
		if (!loading->before[setting].data &&
		    !setting_read(loading->options, setting, &loading->before[setting]))
			return false;
		after[setting] = *value_after(loading, setting);
	}
	old = rendered(loading->before);
	new = rendered(after);
	return old >= 0 && new >= 0 && run_diff(old, new);
}

/* Puts the policy in force, or with --dry-run shows the difference. Reports errors. */
bool policy_load(struct policy *policy, const struct options *options)
{
	struct loading loading = { .options = options, .policy = policy };
	bool loaded;
	int i;

	honour_boot(policy);
	loaded = remember(&loading) && leaves_modprobe(&loading) &&
		 (options->dry_run ? show_difference : apply)(&loading);
	for (i = 0; i < NR_SETTINGS; i++)
		bytes_free(&loading.before[i]);
	return loaded;
}

/*
 * The file precedes all others of the system, but is not loaded with files that are named. A mask
 * has no rules.
 */
static void warn_of_deny_file(const struct policy *policy)
{
	static const char file[] = POLICY_DIRECTORY "/" DENY_FILE;
	struct stat status;

	if (!stat(file, &status) && status.st_size &&
	    !strstr(policy->values[SET_RULES].data, "/" DENY_FILE "\n"))
		complain("warning: the rules in %s are not in force now", file);
}

/*
 * Holds the policy while it reads the files of the system, which other instances change. Does not
 * hold it while it reads arguments, since standard input or a FIFO may take any time.
 */
int cmd_policy_load(const struct options *options)
{
	bool named = options->files && *options->files;
	int lock = named || options->dry_run ? -1 : policy_hold(options);
	struct policy policy = { 0 };
	bool loaded;

	policy_parse(&policy, options->files, options->root);
	if (named && !options->dry_run)
		lock = policy_hold(options);
	loaded = !policy.trouble && policy_load(&policy, options);
	if (loaded && !options->dry_run)
		warn_of_deny_file(&policy);
	policy_free(&policy);
	if (lock >= 0)
		close(lock);
	return loaded ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A write to a policy that is locked already would change nothing. Reports errors. */
static bool set_lock(const struct options *options)
{
	struct bytes lock;
	bool locked;

	if (!setting_read(options, SET_LOCK, &lock))
		return false;
	locked = *lock.data == '1';
	bytes_free(&lock);
	bytes_add(&lock, "1\n", 2);
	locked = locked || setting_write(options, SET_LOCK, &lock);
	bytes_free(&lock);
	return locked;
}

/* Holds the policy: between two writes of another instance, a part of its policy is in force. */
int cmd_policy_lock(const struct options *options)
{
	int held = policy_hold(options);
	bool locked = set_lock(options);

	if (held >= 0)
		close(held);
	return locked ? EXIT_SUCCESS : EXIT_FAILURE;
}
