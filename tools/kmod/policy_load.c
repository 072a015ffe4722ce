// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl policy check, load and lock. After an error, load restores the previous policy.
 */
#include "policy.h"

struct loading {
	const struct options *options;
	const struct policy *policy;
	struct bytes before[NR_SETTINGS];
	enum setting done[NR_SETTINGS];
	size_t nr_done;
};

int cmd_policy_check(const struct options *options)
{
	struct policy policy;

	policy_parse(&policy, options->files);
	policy_free(&policy);
	return policy.trouble ? EXIT_FAILURE : EXIT_SUCCESS;
}

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

static bool set(struct loading *loading, enum setting setting)
{
	if (!setting_write(loading->options, setting, &loading->policy->values[setting]))
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

static bool apply(struct loading *loading)
{
	if (!remember(loading))
		return false;
	if (set_all(loading, true) && set_all(loading, false))
		return true;
	restore(loading);
	return false;
}

int cmd_policy_load(const struct options *options)
{
	struct policy policy;
	struct loading loading = { .options = options, .policy = &policy };
	bool loaded;
	int i;

	policy_parse(&policy, options->files);
	loaded = !policy.trouble && apply(&loading);
	for (i = 0; i < NR_SETTINGS; i++)
		bytes_free(&loading.before[i]);
	policy_free(&policy);
	return loaded ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Succeeds if the policy is already locked: the kernel would reject another write. */
int cmd_policy_lock(const struct options *options)
{
	struct bytes lock;
	bool locked;

	if (!setting_read(options, SET_LOCK, &lock))
		return EXIT_FAILURE;
	locked = *lock.data == '1';
	bytes_free(&lock);
	bytes_add(&lock, "1\n", 2);
	locked = locked || setting_write(options, SET_LOCK, &lock);
	bytes_free(&lock);
	return locked ? EXIT_SUCCESS : EXIT_FAILURE;
}
