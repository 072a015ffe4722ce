// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sources under test, unmodified, and access to their static variables.
 */
#include "world.h"

#include "flight.c"
#include "inflight.c"
#include "lineage.c"
#undef pr_fmt
#include "modprobe.c"
#include "modules.c"
#include "readers.c"
#undef pr_fmt
#include "record.c"
#undef pr_fmt
#include "request.c"
#include "settle.c"
#include "slots.c"
#undef pr_fmt
#include "start.c"
#include "watch.c"
#undef pr_fmt
#include "../kmod.c"

/* The path in kernel.modprobe; NULL: autoloading is off. */
static const char *modprobe_path;

int kmod_path_copy(char *path)
{
	const char *from = READ_ONCE(modprobe_path);

	strscpy(path, from ?: "", KMOD_PATH_LEN);
	return *path ? 0 : -ENOENT;
}

bool kmod_path_is_empty(void)
{
	return !READ_ONCE(modprobe_path);
}

void pipeline_set_path(const char *path)
{
	WRITE_ONCE(modprobe_path, path);
}

void pipeline_set_limit(unsigned int limit)
{
	kmod_slots_sysctls[0].proc_handler(kmod_slots_sysctls, 1, &limit, NULL, NULL);
}

/* Must be called before a schedule, while there is no other task. */
void pipeline_reset(unsigned int limit)
{
	pipeline_set_path("/sbin/modprobe");
	kmod_last_id.n = 0;
	kmod_unloads = 0;
	kmod_lent_last = 0;
	kmod_served = 1;
	memset(kmod_queues, 0, sizeof(kmod_queues));
	kmod_limit = limit;
	kmod_slots_init();
}

/* Names an object that is left after a schedule. Returns NULL if there is none. */
const char *pipeline_leftover(void)
{
	int pool;

	if (!RB_EMPTY_ROOT(&kmod_all))
		return "kmod_all is not empty";
	if (!list_empty(&kmod_running))
		return "kmod_running is not empty";
	if (!hash_empty(kmod_by_name))
		return "kmod_by_name is not empty";
	if (!hash_empty(kmod_users))
		return "kmod_users is not empty";
	if (kmod_lent || kmod_lent_to_users)
		return "slots are lent";
	for (pool = 0; pool < KMOD_POOLS; pool++) {
		if (kmod_pools[pool].used)
			return "slots are in use";
		if (kmod_pool_first(pool))
			return "requests wait for slots";
	}
	return NULL;
}

unsigned int pipeline_pool(const struct kmod_modprobe *m)
{
	return m->slot.lent ? POOL_LENT : m->slot.queue->pool;
}

/* Returns whether a modprobe is being passed to the engine. */
__attribute__((no_sanitize("thread"))) bool pipeline_is_starting(void)
{
	const struct kmod_modprobe *m;

	list_for_each_entry(m, &kmod_running, all)
		if (m->starting && !m->pid)
			return true;
	return false;
}

bool pipeline_is_hung(struct kmod_modprobe *m)
{
	bool hung;

	spin_lock_irq(&kmod_inflight_lock);
	hung = m->hung;
	spin_unlock_irq(&kmod_inflight_lock);
	return hung;
}

/* Tells the pipeline about a module, as the module loader does. */
void pipeline_module(const char *name, enum module_state state, bool unloaded)
{
	struct module mod = { .refs = unloaded ? -1 : 0 };

	strscpy(mod.name, name, sizeof(mod.name));
	shim_module_nb->notifier_call(shim_module_nb, state, &mod);
}
