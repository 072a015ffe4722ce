// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl policy check, load and lock: all of a policy comes into force, or nothing of it.
 */
#include "kmodctl.h"

struct loading {
	const struct options *options;
	const struct policy *policy;
	struct bytes before[NR_SETTINGS];
	enum setting made[NR_SETTINGS];
	size_t nr_made;
};

int policy_check(const struct options *options)
{
	struct policy policy;

	policy_parse(&policy, options->words + 1);
	policy_free(&policy);
	return policy.trouble ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool is_set(const struct loading *loading, enum setting setting)
{
	return loading->policy->values[setting].data;
}

/* What is in force so far, to be put back if need be. */
static bool remember(struct loading *loading)
{
	enum setting setting;

	for (setting = 0; setting < NR_SETTINGS; setting++)
		if (is_set(loading, setting) &&
		    !setting_read(loading->options, setting, &loading->before[setting]))
			return false;
	return true;
}

/* 0, off; log; 1, enforce */
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
 * Such a setting comes before what it is about, so that this denies nothing in between.
 * Not so the mode: with a weaker one, and the new rules not there yet, names could be open
 * that are so neither before nor after.
 */
static bool relaxes(const struct loading *loading, enum setting setting)
{
	return (setting == SET_ENFORCE || setting == SET_HELPERS_MODE) &&
	       strictness(&loading->policy->values[setting]) <
	       strictness(&loading->before[setting]);
}

static bool make(struct loading *loading, enum setting setting)
{
	if (!setting_write(loading->options, setting, &loading->policy->values[setting]))
		return false;
	loading->made[loading->nr_made++] = setting;
	return true;
}

static bool make_those(struct loading *loading, bool that_relax)
{
	enum setting setting;

	for (setting = 0; setting < NR_SETTINGS; setting++)
		if (is_set(loading, setting) && relaxes(loading, setting) == that_relax &&
		    !make(loading, setting))
			return false;
	return true;
}

/* What has never been written reads as nothing, which cannot be written. */
static bool put_back_one(struct loading *loading, enum setting setting)
{
	struct bytes *before = &loading->before[setting];

	if (!before->length)
		bytes_add(before, "\n", 1);
	return setting_write(loading->options, setting, before);
}

/* The last one first. */
static void put_back(struct loading *loading)
{
	bool all = true;

	while (loading->nr_made)
		all &= put_back_one(loading, loading->made[--loading->nr_made]);
	complain(all ? "nothing has changed" :
		 "and not all could be put back as it was; see: kmodctl policy show");
}

static bool apply(struct loading *loading)
{
	if (!remember(loading))
		return false;
	if (make_those(loading, true) && make_those(loading, false))
		return true;
	put_back(loading);
	return false;
}

int policy_load(const struct options *options)
{
	struct policy policy;
	struct loading loading = { .options = options, .policy = &policy };
	bool loaded;
	int i;

	policy_parse(&policy, options->words + 1);
	loaded = !policy.trouble && apply(&loading);
	for (i = 0; i < NR_SETTINGS; i++)
		bytes_free(&loading.before[i]);
	policy_free(&policy);
	return loaded ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* To lock what is locked is done already, though the kernel refuses it. */
int policy_lock(const struct options *options)
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
